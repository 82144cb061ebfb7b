/** A small file system in memory that can be full; only root may make one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unlessRequired } from "./fault-means.ts";

const mounted = new Set<string>();
process.once("exit", () => {
  for (const path of mounted) unmount(path);
});

/** False when a file system can be mounted here, else the reason to pass as `skip`. */
export const tmpfsMissing: string | false = unlessRequired(missing());

/** One mounted file system. */
export class Tmpfs implements Disposable {
  readonly path: string;

  /** @param sizeBytes - What all files may take. */
  constructor(sizeBytes: number) {
    this.path = mkdtempSync(join(tmpdir(), "quorate-tmpfs-"));
    mount(this.path, sizeBytes);
    mounted.add(this.path);
  }

  /** Takes all space that is left. */
  async fill(): Promise<void> {
    const ballast = join(this.path, "ballast");
    for (const chunkBytes of [65_536, 4_096]) {
      try {
        for (;;) await writeFile(ballast, Buffer.alloc(chunkBytes), { flag: "a" });
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    }
  }

  /** Gives back what {@link Tmpfs.fill} took. */
  free(): void {
    rmSync(join(this.path, "ballast"), { force: true });
  }

  /** Changes what all files may take. */
  resize(sizeBytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${sizeBytes}`, this.path], { stdio: "pipe" });
  }

  [Symbol.dispose](): void {
    mounted.delete(this.path);
    unmount(this.path);
  }
}

function mount(path: string, sizeBytes: number): void {
  const options = ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path];
  execFileSync("mount", options, { stdio: "pipe" });
}

function unmount(path: string): void {
  // Lazily: a process that was killed may not have let go of its files yet.
  execFileSync("umount", ["-l", path], { stdio: "pipe" });
  rmdirSync(path);
}

function missing(): string | false {
  const path = mkdtempSync(join(tmpdir(), "quorate-tmpfs-"));
  try {
    mount(path, 65_536);
  } catch (error) {
    rmdirSync(path);
    return `no file system can be mounted: ${error instanceof Error ? error.message : "unknown"}`;
  }
  unmount(path);
  return false;
}
