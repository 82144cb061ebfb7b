import { dirname } from "node:path";
import type { FileSystem } from "@quorate/platform";
import { BackendFailedError, BackendForeignFileError } from "../errors.ts";
import type { DatabaseEngine } from "./database.ts";

/** Magic number of a bbolt meta page, the store of etcd itself. */
const bboltMagic = 0xed0cdaed;
const bboltMagicOffset = 16;

/**
 * Makes sure that a path holds nothing, or a database of ours; returns whether one is there.
 *
 * @throws {@link BackendForeignFileError} with a sentence that says what is there instead;
 *   {@link BackendFailedError} for one of ours that is damaged.
 */
export async function checkDatabaseFile(
  files: FileSystem,
  engine: DatabaseEngine,
  path: string,
): Promise<boolean> {
  const found = await files.stat(path);
  if (found === undefined) return false;
  if (found.kind === "directory") throw new BackendForeignFileError(path, "a directory");
  if (found.sizeBytes === 0) return false;
  const head = Buffer.alloc(engine.headBytes);
  const file = await files.open(path, "read");
  const bytesRead = await file.read(head, 0).finally(() => file.close());
  const read = head.subarray(0, bytesRead);
  if (!engine.isOwn(read)) throw new BackendForeignFileError(path, describeForeign(read));
  const damage = engine.damageOf(read, found.sizeBytes);
  if (damage === undefined) return true;
  throw new BackendFailedError(`open database "${path}"`, new Error(damage));
}

/** Name of the lock file that LMDB keeps beside a database. */
export function lockFileOf(path: string): string {
  return `${path}-lock`;
}

/** Makes a file's bytes durable. */
export async function syncFile(files: FileSystem, path: string): Promise<void> {
  const file = await files.open(path, "write");
  await file.datasync().finally(() => file.close());
}

/**
 * Puts a synced database file in the place of another one, durably: after a crash either the old or
 * the new is there. Processes and maps that have the old one open keep it.
 */
export async function moveIntoPlace(files: FileSystem, from: string, to: string): Promise<void> {
  await files.rename(from, to);
  await syncDirectoryOf(files, to);
  await files.remove(lockFileOf(from));
  // The old environment keeps its own, now nameless, lock file; the new one must not share it.
  await files.remove(lockFileOf(to));
}

/** Removes a database file and its lock file; missing ones are fine. */
export async function removeDatabase(files: FileSystem, path: string): Promise<void> {
  await files.remove(path);
  await files.remove(lockFileOf(path));
}

/** Makes the name of a file durable. */
export async function syncDirectoryOf(files: FileSystem, path: string): Promise<void> {
  await files.syncDirectory(dirname(path));
}

function describeForeign(head: Buffer): string {
  if (head.length >= bboltMagicOffset + 4 && head.readUInt32LE(bboltMagicOffset) === bboltMagic) {
    return "a bbolt database, as etcd writes it (restore it from an etcd snapshot instead)";
  }
  if (head.toString("latin1", 0, 15) === "SQLite format 3") return "an SQLite database";
  if (head.every((byte) => byte === 9 || byte === 10 || byte === 13 || byte >= 32)) return "text";
  if (head.every((byte) => byte === 0)) return "zeros";
  return "unknown data";
}
