import type { Backend } from "./backend/backend.ts";
import { FoundVersion, type KeyHistory } from "./key-index/key-history.ts";
import type { KeyIndex } from "./key-index/key-index.ts";
import { encodeKeyOnly } from "./key-value.ts";
import { rangeEndNone, type Key } from "./key.ts";
import { SlicedRange } from "./range-job.ts";
import { hasFilters } from "./range-order.ts";
import type { RangeQuery, RangeResult } from "./range.ts";
import type { Revision } from "./revision.ts";

/** Revision that is at or above all others: reads the newest versions. */
export const newest: number = Number.MAX_SAFE_INTEGER;

/** Answers range queries from the index and the backend, with every quirk of etcd's `Range`. */
export class RangeReader {
  readonly #index: KeyIndex;
  readonly #backend: Backend;
  readonly #found = new FoundVersion();

  constructor(index: KeyIndex, backend: Backend) {
    this.#index = index;
    this.#backend = backend;
  }

  /** Stored bytes of a version that the index knows. */
  row(main: number, sub: number): Uint8Array {
    const row = this.#backend.getVersion(main, sub);
    return row ?? this.#backend.condemn(`version ${main}.${sub} has no row`);
  }

  /** Stored bytes of a key at a revision; undefined if it is not alive there. */
  rowAt(key: Key, revision: number): Uint8Array | undefined {
    const history = this.#index.find(key);
    if (history === undefined || !history.findAt(revision, this.#found)) return undefined;
    return this.row(this.#found.main, this.#found.sub);
  }

  /**
   * Reads a range.
   *
   * @param at - Revision to read, {@link newest} for the current state.
   * @param revision - For the result.
   */
  read(query: RangeQuery, at: number, revision: Revision): RangeResult {
    const rangeEnd = query.rangeEnd ?? rangeEndNone;
    if (query.countOnly === true) {
      return { revision, count: this.count(query.key, rangeEnd, at), more: false, kvs: [] };
    }
    const limit = Math.max(0, query.limit ?? 0);
    const hasFilter = hasFilters(query);
    const target = query.sortTarget ?? "key";
    const order = query.sortOrder ?? "none";
    if (!hasFilter && target === "key" && order !== "descend") {
      const kvs: Uint8Array[] = [];
      const keysOnly = query.keysOnly === true;
      this.collect(query.key, rangeEnd, at, limit, (key, version) => {
        kvs.push(this.#encode(key, version, keysOnly));
        return true;
      });
      const isCut = limit > 0 && kvs.length >= limit;
      const count = isCut ? this.count(query.key, rangeEnd, at) : kvs.length;
      return { revision, count, more: count > kvs.length, kvs };
    }
    return this.#readSorted(query, at, revision);
  }

  /** Keys alive in a range at a revision. */
  count(key: Key, rangeEnd: Key, at: number): number {
    if (at === newest) return this.#index.countLive(key, rangeEnd);
    return this.#index.countAt(key, rangeEnd, at, this.#found);
  }

  /**
   * Visits up to `limit` (0: all) versions alive at a revision in key order. The version object is
   * reused: take out of it what is needed.
   *
   * @param visit - Returns false to stop before the next.
   */
  collect(
    begin: Key,
    rangeEnd: Key,
    at: number,
    limit: number,
    visit: (key: Key, version: FoundVersion) => boolean,
  ): void {
    const found = this.#found;
    let rest = limit === 0 ? newest : limit;
    this.#index.visit(begin, rangeEnd, (key, history) => {
      if (!findIn(history, at, found)) return true;
      rest--;
      return visit(key, found) && rest > 0;
    });
  }

  /**
   * As `collect`, but looks at most at `maxKeys` keys, alive or not.
   *
   * @returns Where to go on, undefined at the end of the range.
   */
  collectSlice(
    begin: Key,
    rangeEnd: Key,
    at: number,
    maxKeys: number,
    visit: (key: Key, version: FoundVersion) => void,
  ): Key | undefined {
    const found = this.#found;
    let looked = 0;
    let rest: Key | undefined;
    this.#index.visit(begin, rangeEnd, (key, history) => {
      if (looked >= maxKeys) {
        rest = key;
        return false;
      }
      looked++;
      if (findIn(history, at, found)) visit(key, found);
      return true;
    });
    return rest;
  }

  /** Wire bytes of a version: the row itself, or for keys-only what the index knows. */
  #encode(key: Key, version: FoundVersion, keysOnly: boolean): Uint8Array {
    if (keysOnly) return encodeKeyOnly(key, version.create, version.main, version.version);
    return this.row(version.main, version.sub);
  }

  #readSorted(query: RangeQuery, at: number, revision: Revision): RangeResult {
    const source = { reader: this, checkReadable: () => undefined };
    const count =
      at === newest ? this.count(query.key, query.rangeEnd ?? rangeEndNone, at) : undefined;
    const job = new SlicedRange(source, query, at, revision, count);
    while (!job.step(Number.MAX_SAFE_INTEGER));
    const kvs = job.next(Number.MAX_SAFE_INTEGER);
    return { revision, count: job.count, more: job.more, kvs };
  }
}

function findIn(history: KeyHistory, at: number, found: FoundVersion): boolean {
  if (at !== newest) return history.findAt(at, found);
  if (history.isEnded) return false;
  found.set(history.main, history.sub, history.create, history.version);
  return true;
}
