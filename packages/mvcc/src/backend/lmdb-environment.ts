import { open, type Database, type RootDatabase } from "lmdb";
import { BackendFailedError, StoreCorruptError } from "../errors.ts";
import { keyFromPart, type Key } from "../key.ts";
import { writeRevisionKey } from "../revision-key.ts";
import { bucketNames, metaKeys, type BucketName } from "./backend.ts";
import { isDamage, reasonOf, type DatabaseEnvironment, type StoredRow } from "./database.ts";
import type { Slab } from "./slab.ts";

/**
 * One open LMDB file with a database for each bucket.
 *
 * `overlappingSync` is off: a commit's promise resolves when the data is flushed, not before (C37).
 * `eventTurnBatching` is off: what is in one transaction is decided by `batch` alone (C25).
 */
export class LmdbEnvironment implements DatabaseEnvironment {
  readonly path: string;
  readonly #root: RootDatabase<Uint8Array, Key>;
  readonly #buckets: Readonly<Record<BucketName, Database<Uint8Array, Key>>>;
  /** Bucket `key` once more, by numbers in place of row keys. */
  readonly #versions: VersionDatabase;
  /** Key of the one call under way: main, sub, 1 for a tombstone. */
  readonly #version: [number, number, number] = [0, 0, 0];
  /** What the last write returned, which many share. */
  #heard: unknown = undefined;

  constructor(path: string) {
    this.path = path;
    try {
      this.#root = open<Uint8Array, Key>({
        path,
        noSubdir: true,
        maxDbs: bucketNames.length + 4,
        overlappingSync: false,
        eventTurnBatching: false,
        encoding: "binary",
        keyEncoder: latin1Keys,
      });
      checkBucketNames(this.#root);
      this.#buckets = openBuckets(this.#root);
      this.#versions = toVersionDatabase(this.#buckets.key);
    } catch (error) {
      if (isDamage(error)) throw new StoreCorruptError(error.message, { path, cause: error });
      throw new BackendFailedError(`open database "${path}"`, error);
    }
  }

  get(bucket: BucketName, key: Key): Uint8Array | undefined {
    return this.#buckets[bucket].getBinaryFast(key);
  }

  /** As `get`, for the row of a version that is no tombstone. */
  getVersion(main: number, sub: number): Uint8Array | undefined {
    return this.#versions.getBinaryFast(this.#versionKey(main, sub, false));
  }

  rows(bucket: BucketName, begin: Key, end: Key | undefined): Iterator<StoredRow> {
    const range = end === undefined ? { start: begin } : { start: begin, end };
    return this.#buckets[bucket].getRange(range)[Symbol.iterator]();
  }

  /** Hot: lmdb-js sets the length of the buffer that it uses for all values; a view costs more. */
  shorten(lent: Uint8Array, length: number): Uint8Array {
    const reused: ReusedBuffer = lent;
    if (reused.maxLength === undefined) return lent.subarray(0, length);
    reused.length = length;
    return lent;
  }

  rowCount(bucket: BucketName): number {
    return numberIn(this.#buckets[bucket].getStats(), "entryCount");
  }

  /**
   * Stages writes that end up in one transaction, together with batches before and behind if LMDB's
   * writer gets to them in time.
   *
   * @returns Resolves when the transaction is flushed to disk.
   */
  batch(writes: () => void): Promise<unknown> {
    let failure: { readonly error: unknown } | undefined;
    const flushed = this.#root.batch(() => {
      try {
        writes();
      } catch (error) {
        // Thrown from here, lmdb-js would not hand out the promise of what was written before.
        failure = { error };
      }
    });
    this.#hear(flushed);
    if (failure !== undefined) throw failure.error;
    return flushed;
  }

  put(bucket: BucketName, key: Key, value: Uint8Array): void {
    this.#hear(this.#buckets[bucket].put(key, value));
  }

  /** Writes a version whose bytes lie in a slab from `start` to `end`; they must not change. */
  putVersion(main: number, sub: number, isTombstone: boolean, slab: Slab): void {
    this.#hear(this.#versions.put(this.#versionKey(main, sub, isTombstone), slab));
  }

  remove(bucket: BucketName, key: Key): void {
    this.#hear(this.#buckets[bucket].remove(key));
  }

  /**
   * Makes a compact copy safe to write to; other files are left alone.
   *
   * LMDB takes free pages from records, one for each transaction that freed some, and walks them
   * back from the transaction it opened at. A compact copy has the transaction id of its source and
   * no record. If the first commit frees so many pages that its record needs pages of its own, LMDB
   * walks the tree of records while its root is still empty, and aborts the process. A first commit
   * of one row leaves a small record, and from then on the tree is never empty.
   */
  async startFreeList(): Promise<void> {
    const row = metaKeys.freeListStart;
    if (numberIn(fieldOf(this.#root.getStats(), "free"), "entryCount") === 0) {
      await this.batch(() => {
        this.put("meta", row, Uint8Array.of(1));
      });
      this.refresh();
    }
    // It is there as well if a crash came between.
    if (this.get("meta", row) === undefined) return;
    await this.batch(() => {
      this.remove("meta", row);
    });
    this.refresh();
  }

  /** Writes a compact copy, off the event loop; writers must wait meanwhile. */
  copyTo(path: string): Promise<void> {
    return this.#root.backup(path, true);
  }

  /** Makes reads see everything committed. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /** Size of the file and the part of it that holds data, as of the last commit. */
  sizes(): { readonly sizeBytes: number; readonly sizeInUseBytes: number } {
    const root = this.#root.getStats();
    const pageSize = numberIn(root, "pageSize");
    let pages = metaPages + pagesOf(fieldOf(root, "root")) + pagesOf(fieldOf(root, "free"));
    for (const name of bucketNames) pages += pagesOf(this.#buckets[name].getStats());
    const sizeBytes = (numberIn(root, "lastPageNumber") + 1) * pageSize;
    return { sizeBytes, sizeInUseBytes: Math.min(sizeBytes, pages * pageSize) };
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  /**
   * Rejections reach the caller by what `batch` returns; no other promise may end unheard, that of
   * the reason included.
   */
  #hear(promise: Promise<unknown>): void {
    if (promise === this.#heard) return;
    this.#heard = promise;
    promise.catch((error: unknown) => {
      void reasonOf(error)?.catch(() => undefined);
    });
  }

  /** Hot: lmdb-js encodes a key before it returns, so one array serves all calls. */
  #versionKey(main: number, sub: number, isTombstone: boolean): number[] {
    this.#version[0] = main;
    this.#version[1] = sub;
    this.#version[2] = isTombstone ? 1 : 0;
    return this.#version;
  }
}

const metaPages = 2;

/** What lmdb-js makes of the buffers that it reads into: their length is that of the last value. */
interface ReusedBuffer {
  readonly maxLength?: number;
  length: number;
}

/** Bucket `key` by main revision, sub revision and tombstone mark, with slabs for values. */
type VersionDatabase = Database<Slab, number[]>;

/** Keys as they are, one character one byte; those of versions may come as numbers. */
const latin1Keys = {
  writeKey(key: Key | readonly number[], target: Uint8Array, position: number): number {
    if (typeof key !== "string") {
      return writeRevisionKey(target, position, key[0] ?? 0, key[1] ?? 0, key[2] === 1);
    }
    const { length } = key;
    for (let at = 0; at < length; at++) target[position + at] = key.charCodeAt(at);
    return position + length;
  },
  readKey(source: Uint8Array, begin: number, end: number): Key {
    return keyFromPart(source, begin, end);
  },
};

function toVersionDatabase(bucket: Database<Uint8Array, Key>): VersionDatabase {
  return bucket as unknown as VersionDatabase;
}

/**
 * Version of the file's format, in the name of each bucket's database: 1, the first whose rows have
 * checksums.
 */
const formatVersion = 1;

function databaseName(bucket: BucketName): string {
  return `${bucket}.${formatVersion}`;
}

/**
 * Makes sure that a file has no database yet, or all of this format: one that is missing would be
 * made anew, empty.
 */
function checkBucketNames(root: RootDatabase<Uint8Array, Key>): void {
  const found = new Set(root.getKeys());
  if (found.size === 0) return;
  // lmdb-js ends names with a zero.
  const missing = bucketNames.filter((name) => !found.has(`${databaseName(name)}\0`));
  if (missing.length === 0 && found.size === bucketNames.length) return;
  const what = missing.length === 0 ? "too many" : `no "${missing.join('", "')}"`;
  throw new Error(
    `of the buckets of format ${formatVersion} there are ${what}: it is damaged, ` +
      "or another version of this program wrote it",
  );
}

function openBuckets(
  root: RootDatabase<Uint8Array, Key>,
): Readonly<Record<BucketName, Database<Uint8Array, Key>>> {
  const openBucket = (name: BucketName): Database<Uint8Array, Key> =>
    root.openDB<Uint8Array, Key>(databaseName(name), bucketOptions);
  return {
    key: openBucket("key"),
    lease: openBucket("lease"),
    auth: openBucket("auth"),
    authUsers: openBucket("authUsers"),
    authRoles: openBucket("authRoles"),
    members: openBucket("members"),
    alarm: openBucket("alarm"),
    meta: openBucket("meta"),
  };
}

/**
 * Typed by lmdb for the root only, yet each database takes them. The decoder lends its input: lmdb
 * would copy it into a buffer of its own otherwise.
 */
const bucketOptions: BucketOptions = {
  encoding: "binary",
  keyEncoder: latin1Keys,
  encoder: { encode: (value) => value, decode: (lent) => lent },
};

interface BucketOptions {
  readonly encoding: "binary";
  readonly keyEncoder: typeof latin1Keys;
  readonly encoder: {
    readonly encode: (value: Uint8Array) => Uint8Array;
    readonly decode: (lent: Uint8Array) => Uint8Array;
  };
}

function pagesOf(stats: unknown): number {
  return (
    numberIn(stats, "treeBranchPageCount") +
    numberIn(stats, "treeLeafPageCount") +
    numberIn(stats, "overflowPages")
  );
}

function fieldOf(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}

function numberIn(from: unknown, name: string): number {
  const value = fieldOf(from, name);
  return typeof value === "number" ? value : 0;
}
