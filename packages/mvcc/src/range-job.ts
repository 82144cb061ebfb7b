import type { FoundVersion } from "./key-index/key-history.ts";
import { decodeStored, encodeKeyOnly, withoutValue } from "./key-value.ts";
import { rangeEndNone, type Key } from "./key.ts";
import type { CursorSource } from "./range-cursor.ts";
import { hasFilters, pairOrderOf, passesFilters, type RangePair } from "./range-order.ts";
import type { RangeJob, RangeQuery, SortTarget } from "./range.ts";
import type { Revision } from "./revision.ts";
import { SortedRuns } from "./sorted-runs.ts";

/** See {@link RangeJob}. */
export class SlicedRange implements RangeJob {
  readonly revision: Revision;
  readonly #source: CursorSource;
  readonly #query: RangeQuery;
  readonly #at: number;
  readonly #target: SortTarget;
  /** Most pairs of the answer. */
  readonly #limit: number;
  /**
   * So many pairs are taken in key order, no more. It is the limit and one where they stay in that
   * order, and by a quirk of order `none`, which then sorts only these.
   */
  readonly #pairsMax: number;
  readonly #pairs: SortedRuns;
  readonly #hasFilters: boolean;
  /** First key not looked at yet; undefined when all were. */
  #begin: Key | undefined;
  #count = 0;
  readonly #isCountKnown: boolean;
  #taken = 0;

  /**
   * @param at - The revision to read, `newest` only if the job ends in this turn.
   * @param count - Keys in the range at that revision if they are known: saves a walk over them.
   */
  constructor(
    source: CursorSource,
    query: RangeQuery,
    at: number,
    revision: Revision,
    count: number | undefined,
  ) {
    const limit = Math.max(0, query.limit ?? 0);
    const order = query.sortOrder ?? "none";
    this.revision = revision;
    this.#source = source;
    this.#query = query;
    this.#at = at;
    this.#target = query.sortTarget ?? "key";
    this.#limit = limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
    this.#hasFilters = hasFilters(query);
    const pairOrder = pairOrderOf(this.#target, order === "descend");
    const isCutFirst = pairOrder === undefined || (order === "none" && !this.#hasFilters);
    this.#pairsMax = isCutFirst && limit > 0 ? limit + 1 : Number.MAX_SAFE_INTEGER;
    if (query.countOnly === true) this.#pairsMax = 0;
    this.#pairs = new SortedRuns(pairOrder, this.#limit);
    this.#isCountKnown = count !== undefined;
    this.#count = count ?? 0;
    this.#begin = query.key;
    this.#endIfKnown();
  }

  get isReady(): boolean {
    return this.#begin === undefined;
  }

  get count(): number {
    return this.#count;
  }

  get more(): boolean {
    return this.#query.countOnly !== true && this.#pairs.size > this.#limit;
  }

  get isDone(): boolean {
    return this.isReady && this.#rest === 0;
  }

  step(maxKeys: number): boolean {
    if (this.#begin === undefined) return true;
    this.#source.checkReadable(this.#at);
    const rangeEnd = this.#query.rangeEnd ?? rangeEndNone;
    const { reader } = this.#source;
    const left = this.#isCountKnown ? this.#pairsMax - this.#pairs.size : maxKeys;
    const keys = Math.min(maxKeys, left);
    this.#begin = reader.collectSlice(this.#begin, rangeEnd, this.#at, keys, (key, found) => {
      this.#look(key, found);
    });
    this.#endIfKnown();
    if (this.#begin !== undefined) return false;
    this.#pairs.seal();
    return true;
  }

  next(maxKeys: number, maxBytes?: number): readonly Uint8Array[] {
    const kvs: Uint8Array[] = [];
    let rest = this.isReady ? this.#rest : 0;
    if (rest === 0) return kvs;
    this.#source.checkReadable(this.#at);
    let bytesLeft = maxBytes ?? Number.MAX_SAFE_INTEGER;
    for (; rest > 0 && kvs.length < maxKeys && bytesLeft > 0; rest--) {
      const pair = this.#pairs.take();
      if (pair === undefined) break;
      this.#taken++;
      const kv = this.#encode(pair);
      kvs.push(kv);
      bytesLeft -= kv.length;
    }
    return kvs;
  }

  /** Pairs that were found and not handed out. */
  get #rest(): number {
    return Math.min(this.#pairs.size, this.#limit) - this.#taken;
  }

  /** Looks no further than it must. */
  #endIfKnown(): void {
    if (this.#isCountKnown && this.#pairs.size >= this.#pairsMax) this.#begin = undefined;
  }

  #look(key: Key, found: FoundVersion): void {
    if (!this.#isCountKnown) this.#count++;
    if (this.#pairs.size >= this.#pairsMax) return;
    if (this.#hasFilters && !passesFilters(this.#query, found)) return;
    const { main, sub, create, version } = found;
    const row = this.#target === "value" ? this.#source.reader.row(main, sub) : undefined;
    const value = row === undefined ? undefined : decodeStored(row).value;
    this.#pairs.add({ key, main, sub, create, version, row, value });
  }

  #encode(pair: RangePair): Uint8Array {
    const { key, row } = pair;
    if (this.#query.keysOnly !== true) return row ?? this.#source.reader.row(pair.main, pair.sub);
    if (row !== undefined) return withoutValue(row, key);
    return encodeKeyOnly(key, pair.create, pair.main, pair.version);
  }
}
