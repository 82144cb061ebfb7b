import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { BackendForeignFileError } from "../errors.ts";

/** Magic number of an LMDB meta page and where it stands in a file of the version we use. */
const lmdbMagic = 0xbeefc0de;
const lmdbMagicOffset = 24;
/** Magic number of a bbolt meta page, the store of etcd itself. */
const bboltMagic = 0xed0cdaed;
const bboltMagicOffset = 16;
const headBytes = 64;

/**
 * Makes sure that a path holds nothing, or a database of ours.
 *
 * @throws {@link BackendForeignFileError} with a sentence that says what is there instead.
 */
export async function checkDatabaseFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory()) throw new BackendForeignFileError(path, "a directory");
  if (found.size === 0) return;
  const head = Buffer.alloc(headBytes);
  const file = await open(path, "r");
  const { bytesRead } = await file.read(head, 0, headBytes, 0).finally(() => file.close());
  if (head.readUInt32LE(lmdbMagicOffset) === lmdbMagic && bytesRead === headBytes) return;
  throw new BackendForeignFileError(path, describeForeign(head.subarray(0, bytesRead)));
}

/** Name of the lock file that LMDB keeps beside a database. */
function lockFileOf(path: string): string {
  return `${path}-lock`;
}

/** Makes a file's bytes durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  await file.datasync().finally(() => file.close());
}

/**
 * Puts a synced database file in the place of another one, durably: after a crash either the old or
 * the new is there. Processes and maps that have the old one open keep it.
 */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectoryOf(to);
  await rm(lockFileOf(from), { force: true });
  // The old environment keeps its own, now nameless, lock file; the new one must not share it.
  await rm(lockFileOf(to), { force: true });
}

/** Removes a database file and its lock file; missing ones are fine. */
export async function removeDatabase(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(lockFileOf(path), { force: true });
}

async function syncDirectoryOf(path: string): Promise<void> {
  const directory = await open(dirname(path), "r");
  await directory.sync().finally(() => directory.close());
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
