import type { RangeQuery } from "@quorate/mvcc";

/** One version in the slow model. */
interface SlowVersion {
  readonly key: string;
  readonly main: number;
  readonly isTombstone: boolean;
  readonly value: string;
  readonly lease: bigint;
  readonly create: number;
  readonly version: number;
}

/** The store as a list of everything that ever happened: slow, and plain enough to trust. */
export class SlowStore {
  revision = 1;
  compacted = -1;
  readonly log: SlowVersion[] = [];

  /** Runs changes in one revision; returns whether there were any. */
  write(changes: readonly SlowChange[]): boolean {
    const main = this.revision + 1;
    const before = this.log.length;
    for (const change of changes) {
      if (change.kind === "put") this.#put(main, change.key, change.value, change.lease);
      else {
        for (const pair of this.#alive(main, change.key, change.rangeEnd)) {
          this.log.push({ ...pair, main, isTombstone: true, value: "", lease: 0n, version: 0 });
        }
      }
    }
    if (this.log.length > before) this.revision = main;
    return this.log.length > before;
  }

  /** Same text as the real store's answer. */
  range(query: RangeQuery): string {
    const wanted = query.revision ?? 0;
    if (wanted > this.revision) return "future-revision";
    if (wanted > 0 && wanted < this.compacted) return "compacted";
    const at = wanted <= 0 ? this.revision : wanted;
    const all = this.#alive(at, query.key, query.rangeEnd ?? "");
    if (query.countOnly === true) return this.#answer(all.length, false, []);
    const limit = Math.max(0, query.limit ?? 0);
    const target = query.sortTarget ?? "key";
    const order = query.sortOrder ?? "none";
    const isFiltered = [
      query.minModRevision,
      query.maxModRevision,
      query.minCreateRevision,
      query.maxCreateRevision,
    ].some((bound) => (bound ?? 0) !== 0);
    let pairs = all;
    if (limit > 0 && order === "none" && !isFiltered) pairs = pairs.slice(0, limit + 1);
    pairs = pairs.filter(
      (pair) =>
        pair.main >= (query.minModRevision ?? 0) &&
        pair.main <= (query.maxModRevision || Infinity) &&
        pair.create >= (query.minCreateRevision ?? 0) &&
        pair.create <= (query.maxCreateRevision || Infinity),
    );
    const sign = order === "descend" ? -1 : 1;
    pairs = [...pairs].sort((a, b) => {
      const [left, right] = [sortKey(a, target), sortKey(b, target)];
      return left < right ? -sign : left > right ? sign : 0;
    });
    const more = limit > 0 && pairs.length > limit;
    if (more) pairs = pairs.slice(0, limit);
    const isStripped = query.keysOnly === true;
    const lines = pairs.map((pair) => {
      const lease = isStripped && target !== "value" ? 0n : pair.lease;
      const value = isStripped ? "" : pair.value;
      return describeVersion({ ...pair, value, lease });
    });
    return this.#answer(all.length, more, lines);
  }

  /** Events of a watch in order, from a revision on. */
  events(key: string, rangeEnd: string, from: number): readonly SlowVersion[] {
    return this.log.filter(
      (version) => version.main >= from && matches(version.key, key, rangeEnd),
    );
  }

  /** The pair just before a revision. */
  before(key: string, main: number): string | undefined {
    const [pair] = this.#alive(main - 1, key, "");
    return pair === undefined ? undefined : describeVersion(pair);
  }

  #put(main: number, key: string, value: string, lease: bigint): void {
    const [old] = this.#alive(main, key, "");
    const create = old?.create ?? main;
    const version = (old?.version ?? 0) + 1;
    this.log.push({ key, main, isTombstone: false, value, lease, create, version });
  }

  #alive(at: number, key: string, rangeEnd: string): readonly SlowVersion[] {
    const newest = new Map<string, SlowVersion>();
    for (const version of this.log) if (version.main <= at) newest.set(version.key, version);
    return [...newest.values()]
      .filter((version) => !version.isTombstone && matches(version.key, key, rangeEnd))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #answer(count: number, more: boolean, lines: readonly string[]): string {
    return [`revision=${this.revision} count=${count} more=${more}`, ...lines].join("\n");
  }
}

/** One change of a transaction. */
export type SlowChange =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: string;
      readonly lease: bigint;
    }
  | { readonly kind: "delete"; readonly key: string; readonly rangeEnd: string };

export function describeVersion(version: SlowVersion): string {
  const lease = version.lease === 0n ? "" : ` lease=${version.lease}`;
  return (
    `${version.key}=${version.value} create=${version.create} mod=${version.main} ` +
    `version=${version.version}${lease}`
  );
}

function matches(candidate: string, key: string, rangeEnd: string): boolean {
  if (rangeEnd === "") return candidate === key;
  return candidate >= key && (rangeEnd === "\0" || candidate < rangeEnd);
}

/** Ties are broken by key, as the sort of the store is stable over key order. */
function sortKey(
  version: SlowVersion,
  target: NonNullable<RangeQuery["sortTarget"]>,
): string | number {
  switch (target) {
    case "key":
      return version.key;
    case "version":
      return version.version;
    case "create":
      return version.create;
    case "mod":
      return version.main;
    case "value":
      return version.value;
  }
}
