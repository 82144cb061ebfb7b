import type { Timers } from "@quorate/platform";
import type { Key } from "../key.ts";
import { copyLent } from "../lent.ts";
import { isTombstoneKey, isVersionKey, mainOf, subOf } from "../revision-key.ts";
import { bucketNames, type BucketName } from "./backend.ts";
import type { DatabaseEnvironment, StoredRow } from "./database.ts";
import { rowKeyBytesMax } from "./memory-rows.ts";
import type { StoredScan } from "./merge-scan.ts";
import { checksumBytes, rowSeed, versionSeed, xxh32 } from "./row-checksum.ts";

/** Told what is damaged; does not return. */
export type DamageHandler = (what: string, cause?: unknown) => never;

/**
 * The rows of a database, each compared with its checksum before anybody sees it (B7).
 *
 * A row that does not match, and a page that the database itself finds broken, go to the damage
 * handler, never to the reader. What cannot be seen here is a row that is not found any more:
 * whoever knows which rows there must be asks {@link CheckedDatabase.rowCount} or misses it.
 */
export class CheckedDatabase {
  readonly #environment: DatabaseEnvironment;
  readonly #condemn: DamageHandler;
  /** The buffer that was looked at last, which an engine may use for all that it lends. */
  #lent: Uint8Array = noBytes;
  #view: DataView = new DataView(noBytes.buffer);

  constructor(environment: DatabaseEnvironment, condemn: DamageHandler) {
    this.#environment = environment;
    this.#condemn = condemn;
  }

  /** A row's value without its checksum; it stays valid. */
  get(bucket: BucketName, key: Key): Uint8Array | undefined {
    let lent: Uint8Array | undefined;
    try {
      lent = this.#environment.get(bucket, key);
    } catch (error) {
      if (key.length === 0 || key.length > rowKeyBytesMax) throw error;
      this.#handle(error, nameOf(bucket, key));
    }
    if (lent === undefined) return undefined;
    return copyLent(lent, this.valueBytes(bucket, key, lent));
  }

  /** As `get`, for the row of a version that is no tombstone. Hot. */
  getVersion(main: number, sub: number): Uint8Array | undefined {
    let lent: Uint8Array | undefined;
    try {
      lent = this.#environment.getVersion(main, sub);
    } catch (error) {
      this.#handle(error, `version ${main}.${sub}`);
    }
    if (lent === undefined) return undefined;
    const length = this.#matchingBytes(lent, versionSeed(main, sub, false));
    if (length < 0) this.#condemn(`version ${main}.${sub} does not match its checksum`);
    return copyLent(lent, length);
  }

  /** Rows from `begin` up to `end`; the caller reads it to its end or closes it. */
  scan(bucket: BucketName, begin: Key, end: Key | undefined): CheckedScan {
    return new CheckedScan(this, bucket, this.#environment.rows(bucket, begin, end));
  }

  /** Number of rows of a bucket, as the database itself counts them. */
  rowCount(bucket: BucketName): number {
    return this.#environment.rowCount(bucket);
  }

  /** Reads all rows of some buckets, in slices, and compares their number with what is counted. */
  async verify(buckets: readonly BucketName[], timers: Timers): Promise<void> {
    for (const bucket of buckets) {
      let rows = 0;
      let begin: Key | undefined = "\0";
      while (begin !== undefined) {
        const scan = this.scan(bucket, begin, undefined);
        const last = rows + sliceRows;
        for (; scan.key !== undefined && rows < last; scan.advance()) {
          scan.check();
          rows++;
        }
        begin = scan.key;
        scan.close();
        if (begin !== undefined) await nextTurn(timers);
      }
      const counted = this.rowCount(bucket);
      if (rows === counted) continue;
      this.#condemn(`bucket "${bucket}" has ${rows} rows that can be found, wanted ${counted}`);
    }
  }

  /** Length of a lent value without its checksum, which matches. */
  valueBytes(bucket: BucketName, key: Key, lent: Uint8Array): number {
    const length = this.#matchingBytes(lent, rowSeed(bucket, key));
    if (length < 0) this.#condemn(`${nameOf(bucket, key)} does not match its checksum`);
    return length;
  }

  /** The first bytes of a lent value, lent as well. */
  shorten(lent: Uint8Array, length: number): Uint8Array {
    return this.#environment.shorten(lent, length);
  }

  /** The next of some rows; undefined behind the last. */
  step(bucket: BucketName, rows: Iterator<StoredRow>): StoredRow | undefined {
    try {
      const row = rows.next();
      return row.done === true ? undefined : row.value;
    } catch (error) {
      return this.#handle(error, `bucket "${bucket}"`);
    }
  }

  /** A walk came upon a row that is not above the one before: pages that lead in a circle. */
  refuseOrder(bucket: BucketName, key: Key): never {
    return this.#condemn(`${nameOf(bucket, key)} is out of order`);
  }

  #matchingBytes(lent: Uint8Array, seed: number): number {
    const length = lent.length - checksumBytes;
    if (length < 0) return -1;
    if (this.#lent !== lent) {
      this.#lent = lent;
      this.#view = new DataView(lent.buffer, lent.byteOffset, lent.byteLength);
    }
    const view = this.#view;
    return view.getInt32(length, true) === xxh32(view, 0, length, seed) ? length : -1;
  }

  /**
   * What a database throws at a right question, and lmdb-js at what the database then says, comes
   * of its pages.
   */
  #handle(error: unknown, place: string): never {
    const problem = error instanceof Error ? error.message : String(error);
    return this.#condemn(`${place} cannot be read: ${problem}`, error);
  }
}

/** A walk over stored rows, one at a time. */
export class CheckedScan implements StoredScan {
  readonly #database: CheckedDatabase;
  readonly #bucket: BucketName;
  readonly #rows: Iterator<StoredRow>;
  #row: StoredRow | undefined;

  constructor(database: CheckedDatabase, bucket: BucketName, rows: Iterator<StoredRow>) {
    this.#database = database;
    this.#bucket = bucket;
    this.#rows = rows;
    this.#row = database.step(bucket, rows);
  }

  get key(): Key | undefined {
    return this.#row?.key;
  }

  advance(): void {
    const before = this.#row?.key;
    const row = this.#database.step(this.#bucket, this.#rows);
    this.#row = row;
    if (row === undefined || before === undefined || row.key > before) return;
    this.#database.refuseOrder(this.#bucket, row.key);
  }

  value(isLent: boolean): Uint8Array {
    const row = this.#row;
    if (row === undefined) throw new RangeError("Cannot read a row: the scan is at its end");
    const length = this.#database.valueBytes(this.#bucket, row.key, row.value);
    return isLent ? this.#database.shorten(row.value, length) : copyLent(row.value, length);
  }

  /** Compares the row with its checksum. */
  check(): void {
    const row = this.#row;
    if (row !== undefined) this.#database.valueBytes(this.#bucket, row.key, row.value);
  }

  close(): void {
    if (this.#row !== undefined) this.#rows.return?.();
  }
}

/** Rows verified in one turn of the event loop: some milliseconds. */
const sliceRows = 5_000;

const noBytes = new Uint8Array(0);

/** All buckets but `key`, which a store reads as a whole when it opens. */
export const smallBuckets: readonly BucketName[] = bucketNames.filter((name) => name !== "key");

/** Names a row without its value: a version, or the place of another row (S8). */
function nameOf(bucket: BucketName, key: Key): string {
  if (bucket !== "key" || !isVersionKey(key)) return `a row of bucket "${bucket}"`;
  const kind = isTombstoneKey(key) ? "tombstone" : "version";
  return `${kind} ${mainOf(key)}.${subOf(key)}`;
}

function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.setImmediate(resolve);
  });
}
