import type { Truth, TruthEvent, TruthPair } from "./truth.ts";

/** One change of a key, in the order of revisions. */
interface KeyState {
  readonly revision: number;
  /** Undefined once deleted. */
  readonly pair: TruthPair | undefined;
}

/** Questions about a {@link Truth}, answered without walking all of it each time. */
export class TruthView {
  readonly truth: Truth;
  readonly #states = new Map<string, KeyState[]>();

  /** O(events). */
  constructor(truth: Truth) {
    this.truth = truth;
    for (const { events, revision } of truth.revisions) {
      for (const event of events) {
        const states = this.#states.get(event.key) ?? [];
        if (states.length === 0) this.#states.set(event.key, states);
        states.push({ revision, pair: pairAfter(event) });
      }
    }
  }

  /** The last revision of the run; 1 for a store that nobody wrote to. */
  get lastRevision(): number {
    return this.truth.revisions.at(-1)?.revision ?? 1;
  }

  /** The newest revision that any process had applied by then. O(log revisions) */
  revisionAt(millis: number): number {
    const { revisions } = this.truth;
    const next = firstIndex(revisions.length, (at) => (revisions[at]?.atMillis ?? 0) > millis);
    return next === 0 ? 1 : (revisions[next - 1]?.revision ?? 1);
  }

  /** When a revision was first applied anywhere; undefined for one that never was. */
  timeOf(revision: number): number | undefined {
    if (revision === 1) return 0;
    const first = this.truth.revisions[0]?.revision ?? 2;
    return this.truth.revisions[revision - first]?.atMillis;
  }

  /** The highest revision that had been compacted at by then; 0 for none. */
  compactedBy(millis: number): number {
    let highest = 0;
    for (const { revision, atMillis } of this.truth.compactions) {
      if (atMillis <= millis && revision > highest) highest = revision;
    }
    return highest;
  }

  /** A key as it was after a revision; undefined when it did not exist. O(log changes) */
  pairAt(key: string, revision: number): TruthPair | undefined {
    const states = this.#states.get(key) ?? [];
    const next = firstIndex(states.length, (at) => (states[at]?.revision ?? 0) > revision);
    return states[next - 1]?.pair;
  }

  /** Revisions that changed a key, ascending. */
  changesOf(key: string): readonly number[] {
    return (this.#states.get(key) ?? []).map(({ revision }) => revision);
  }

  /** Keys that ever existed and have the prefix, in order. */
  keysWith(prefix: string): readonly string[] {
    return [...this.#states.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  /** Pairs with the prefix as they were after a revision, in order of key. */
  pairsAt(prefix: string, revision: number): ReadonlyMap<string, TruthPair> {
    const pairs = new Map<string, TruthPair>();
    for (const key of this.keysWith(prefix)) {
      const pair = this.pairAt(key, revision);
      if (pair !== undefined) pairs.set(key, pair);
    }
    return pairs;
  }
}

/** The pair that an event leaves behind; undefined for a deletion. */
function pairAfter(event: TruthEvent): TruthPair | undefined {
  if (event.kind === "delete") return undefined;
  const { value, createRevision, modRevision, version, lease } = event;
  return { value, createRevision, modRevision, version, lease };
}

/** The first of `[0, length)` for which an ascending condition holds; `length` for none. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
