import type { FileHandle, FileLock, FileStat, FileSystem, OpenMode } from "@quorate/platform";
import { SimCrashedError } from "@quorate/platform/sim";

/** A disk as one process sees it: once that has died, what it still asks for reaches nothing. */
export class ProcessFiles implements FileSystem {
  readonly #files: FileSystem;
  #isAlive = true;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** The process is no more. */
  die(): void {
    this.#isAlive = false;
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.#alive(() => this.#files.open(path, mode));
  }

  list(path: string): Promise<readonly string[]> {
    return this.#alive(() => this.#files.list(path));
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#alive(() => this.#files.stat(path));
  }

  freeBytes(path: string): Promise<number> {
    return this.#alive(() => this.#files.freeBytes(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#alive(() => this.#files.makeDirectory(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#alive(() => this.#files.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#alive(() => this.#files.remove(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.#alive(() => this.#files.removeDirectory(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#alive(() => this.#files.syncDirectory(path));
  }

  lock(path: string): Promise<FileLock | undefined> {
    return this.#alive(() => this.#files.lock(path));
  }

  #alive<Result>(ask: () => Promise<Result>): Promise<Result> {
    return this.#isAlive ? ask() : Promise.reject(new SimCrashedError());
  }
}
