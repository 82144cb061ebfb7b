import type { FoundVersion } from "./key-index/key-history.ts";
import type { Key } from "./key.ts";
import type { RangeQuery, SortTarget } from "./range.ts";

/** A pair that a sorted or filtered range has come upon. */
export interface RangePair {
  readonly key: Key;
  readonly main: number;
  readonly sub: number;
  readonly create: number;
  readonly version: number;
  /** Stored bytes; only where the value decides the order. */
  readonly row: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
}

/** Below 0 if `left` comes before `right`. */
export type PairOrder = (left: RangePair, right: RangePair) => number;

/** The order of an answer, for pairs that come in key order; undefined if they stay in it. */
export function pairOrderOf(target: SortTarget, isDescending: boolean): PairOrder | undefined {
  const sign = isDescending ? -1 : 1;
  switch (target) {
    case "key":
      return isDescending ? (left, right) => (left.key < right.key ? 1 : -1) : undefined;
    case "version":
      return (left, right) => sign * (left.version - right.version);
    case "create":
      return (left, right) => sign * (left.create - right.create);
    case "mod":
      return (left, right) => sign * (left.main - right.main);
    case "value":
      return (left, right) =>
        left.value === undefined || right.value === undefined
          ? 0
          : sign * Buffer.compare(left.value, right.value);
  }
}

/** Whether a query drops pairs by their revisions. */
export function hasFilters(query: RangeQuery): boolean {
  return (
    (query.minModRevision ?? 0) !== 0 ||
    (query.maxModRevision ?? 0) !== 0 ||
    (query.minCreateRevision ?? 0) !== 0 ||
    (query.maxCreateRevision ?? 0) !== 0
  );
}

/** Whether a query's filters let a version pass. */
export function passesFilters(query: RangeQuery, version: FoundVersion): boolean {
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
