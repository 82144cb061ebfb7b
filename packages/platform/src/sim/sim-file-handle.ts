import { FileSystemError, type FileHandle } from "../file-system.ts";
import type { SimDeception } from "./sim-file-observer.ts";
import type { SimFile } from "./sim-inode.ts";
import type { SimFault, SimOperationKind } from "./sim-operation.ts";

/** What a handle needs of its file system, bound to the process that opened it. */
export interface SimFileHandleHost {
  readonly perform: <T>(
    kind: SimOperationKind,
    bytes: number,
    work: (fault: SimFault | undefined) => T,
  ) => Promise<T>;
  readonly performSync: <T>(
    kind: SimOperationKind,
    bytes: number,
    work: (fault: SimFault | undefined) => T,
  ) => T;
  /** @param bytes - The file system's own from now on. */
  readonly write: (bytes: Uint8Array, position: number) => void;
  readonly truncate: (sizeBytes: number) => void;
  readonly failSync: () => void;
  readonly tellSynced: () => void;
  readonly tellDeceived: (how: SimDeception) => void;
}

/** An open file of a `SimFileSystem`. */
export class SimFileHandle implements FileHandle {
  readonly #file: SimFile;
  readonly #path: string;
  readonly #isWritable: boolean;
  readonly #host: SimFileHandleHost;
  #isOpen = true;

  constructor(file: SimFile, path: string, isWritable: boolean, host: SimFileHandleHost) {
    this.#file = file;
    this.#path = path;
    this.#isWritable = isWritable;
    this.#host = host;
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    const bytes = concatenate(chunks);
    this.#host.performSync("write", bytes.length, (fault) => {
      this.#check("write", true);
      if (fault?.kind === "lost-write") {
        this.#host.tellDeceived("lost-write");
        return;
      }
      if (fault?.kind === "short-write") {
        this.#host.write(bytes.subarray(0, fault.bytes), position);
        throw new FileSystemError("write", this.#path, fault.errno);
      }
      if (fault?.kind === "misdirected-write") {
        this.#host.write(bytes, fault.position);
        this.#host.tellDeceived("misdirected-write");
      } else this.#host.write(bytes, position);
    });
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#host.perform("read", target.length, (fault) =>
      this.#read(target, position, fault),
    );
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#host.performSync("read", target.length, (fault) =>
      this.#read(target, position, fault),
    );
  }

  datasync(): Promise<void> {
    // What is written while the disk works is not covered by this call.
    const { mark } = this.#file;
    return this.#host.perform("datasync", 0, (fault) => {
      this.#check("datasync", false);
      if (fault?.kind === "error") {
        this.#host.failSync();
        throw new FileSystemError("datasync", this.#path, fault.errno);
      }
      if (fault?.kind === "lying-sync") this.#host.tellDeceived("lying-sync");
      else {
        this.#file.sync(mark);
        this.#host.tellSynced();
      }
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#host.perform("truncate", 0, () => {
      this.#check("truncate", true);
      this.#host.truncate(sizeBytes);
    });
  }

  sizeBytes(): Promise<number> {
    return this.#host.perform("size", 0, () => {
      this.#check("stat", false);
      return this.#file.current.sizeBytes;
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#host.perform("close", 0, () => {
      this.#isOpen = false;
    });
  }

  #read(target: Uint8Array, position: number, fault: SimFault | undefined): number {
    this.#check("read", false);
    const count = this.#file.current.read(target, position);
    if (fault?.kind === "bit-flip" && count > 0) {
      const at = (fault.bit >> 3) % count;
      target[at] = (target[at] ?? 0) ^ (1 << (fault.bit & 7));
      this.#host.tellDeceived("misread");
    }
    return count;
  }

  #check(operation: string, isWrite: boolean): void {
    if (!this.#isOpen || (isWrite && !this.#isWritable)) {
      throw new FileSystemError(operation, this.#path, "EBADF");
    }
  }
}

/** One copy of all chunks: callers may reuse theirs. */
function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
