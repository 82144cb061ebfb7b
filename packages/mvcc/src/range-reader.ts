import type { Backend } from "./backend/backend.ts";
import { StoreCorruptError } from "./errors.ts";
import { FoundVersion, type KeyHistory } from "./key-index/key-history.ts";
import type { KeyIndex } from "./key-index/key-index.ts";
import { decodeStored, encodeKeyOnly, withoutValue } from "./key-value.ts";
import { rangeEndNone, type Key } from "./key.ts";
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
    if (row === undefined) throw new StoreCorruptError(`version ${main}.${sub} has no row`);
    return row;
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

  /** Wire bytes of a version: the row itself, or for keys-only what the index knows. */
  #encode(key: Key, version: FoundVersion, keysOnly: boolean): Uint8Array {
    if (keysOnly) return encodeKeyOnly(key, version.create, version.main, version.version);
    return this.row(version.main, version.sub);
  }

  #readSorted(query: RangeQuery, at: number, revision: Revision): RangeResult {
    const rangeEnd = query.rangeEnd ?? rangeEndNone;
    const limit = Math.max(0, query.limit ?? 0);
    const order = query.sortOrder ?? "none";
    const target = query.sortTarget ?? "key";
    const hasFilter = hasFilters(query);
    const needsValue = target === "value";
    const pairs: Pair[] = [];
    let count = 0;
    // The quirk of order "none": cut in key order first, sort what is left.
    const isCutFirst = order === "none" && !hasFilter && limit > 0;
    this.collect(query.key, rangeEnd, at, isCutFirst ? limit + 1 : 0, (key, found) => {
      count++;
      if (!passes(query, found)) return true;
      const row = needsValue ? this.row(found.main, found.sub) : undefined;
      const value = row === undefined ? undefined : decodeStored(row).value;
      const { main, sub, create, version } = found;
      pairs.push({ key, main, sub, create, version, row, value });
      return true;
    });
    if (isCutFirst) count = this.count(query.key, rangeEnd, at);
    sortPairs(pairs, target, order === "descend");
    const more = limit > 0 && pairs.length > limit;
    const kvs = (more ? pairs.slice(0, limit) : pairs).map((pair) =>
      this.#encodePair(pair, query.keysOnly === true),
    );
    return { revision, count, more, kvs };
  }

  #encodePair(pair: Pair, keysOnly: boolean): Uint8Array {
    const { key, row } = pair;
    if (!keysOnly) return row ?? this.row(pair.main, pair.sub);
    if (row !== undefined) return withoutValue(row, key);
    return encodeKeyOnly(key, pair.create, pair.main, pair.version);
  }
}

interface Pair {
  readonly key: Key;
  readonly main: number;
  readonly sub: number;
  readonly create: number;
  readonly version: number;
  readonly row: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
}

function findIn(history: KeyHistory, at: number, found: FoundVersion): boolean {
  if (at !== newest) return history.findAt(at, found);
  if (history.isEnded) return false;
  found.set(history.main, history.sub, history.create, history.version);
  return true;
}

function hasFilters(query: RangeQuery): boolean {
  return (
    (query.minModRevision ?? 0) !== 0 ||
    (query.maxModRevision ?? 0) !== 0 ||
    (query.minCreateRevision ?? 0) !== 0 ||
    (query.maxCreateRevision ?? 0) !== 0
  );
}

function passes(query: RangeQuery, version: FoundVersion): boolean {
  const minMod = query.minModRevision ?? 0;
  const maxMod = query.maxModRevision ?? 0;
  const minCreate = query.minCreateRevision ?? 0;
  const maxCreate = query.maxCreateRevision ?? 0;
  return (
    (minMod === 0 || version.main >= minMod) &&
    (maxMod === 0 || version.main <= maxMod) &&
    (minCreate === 0 || version.create >= minCreate) &&
    (maxCreate === 0 || version.create <= maxCreate)
  );
}

function sortPairs(
  pairs: Pair[],
  target: NonNullable<RangeQuery["sortTarget"]>,
  isDescending: boolean,
): void {
  const sign = isDescending ? -1 : 1;
  switch (target) {
    case "key":
      // Pairs come in key order.
      if (isDescending) pairs.reverse();
      return;
    case "version":
      pairs.sort((left, right) => sign * (left.version - right.version));
      return;
    case "create":
      pairs.sort((left, right) => sign * (left.create - right.create));
      return;
    case "mod":
      pairs.sort((left, right) => sign * (left.main - right.main));
      return;
    case "value":
      pairs.sort((left, right) =>
        left.value === undefined || right.value === undefined
          ? 0
          : sign * Buffer.compare(left.value, right.value),
      );
      return;
  }
}
