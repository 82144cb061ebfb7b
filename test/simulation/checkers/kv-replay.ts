/**
 * What an operation must have answered and changed, given the store's history: the meaning of
 * etcd's KV calls once more, written without a look at the store's own code.
 */
import { firstIndex, TruthView } from "../history/truth-view.ts";
import type { Truth } from "../history/truth.ts";
import {
  holdsKey,
  type KvAnswer,
  type KvCompare,
  type KvKeys,
  type KvOperation,
  type KvPair,
  type KvRange,
  type KvSort,
  type KvTxn,
} from "../history/kv-records.ts";

/** One change that an operation makes. */
export type KvChange =
  | { readonly kind: "put"; readonly pair: KvPair }
  | { readonly kind: "delete"; readonly key: string };

/** What an operation does at its place in the history. */
export interface Replayed {
  readonly answer: KvAnswer;
  readonly changes: readonly KvChange[];
}

/** The store's history, for replays at any place in it. */
export class KvReplay {
  readonly view: TruthView;
  /** All keys that ever existed, in byte order. */
  readonly #keys: readonly string[];

  /** O(events log events). */
  constructor(truth: Truth) {
    this.view = new TruthView(truth);
    const keys = new Set<string>();
    for (const { events } of truth.revisions) for (const { key } of events) keys.add(key);
    this.#keys = [...keys].sort();
  }

  /**
   * Carries an operation out on the state of a revision.
   *
   * @param base - The last revision before it; its own changes get the next.
   */
  run(operation: KvOperation, base: number): Replayed {
    const state = new Overlay(this, base);
    return { answer: state.run(operation), changes: state.changes };
  }

  /** A pair as it was after a revision. */
  pairAt(key: string, revision: number): KvPair | undefined {
    const pair = this.view.pairAt(key, revision);
    return pair === undefined ? undefined : { key, ...pair };
  }

  /** Pairs of a range as they were after a revision, in key order. O(keys of the range). */
  pairsAt(range: KvKeys, revision: number): KvPair[] {
    const pairs: KvPair[] = [];
    if (range.rangeEnd === "") {
      const pair = this.pairAt(range.key, revision);
      return pair === undefined ? [] : [pair];
    }
    const keys = this.#keys;
    for (
      let at = firstIndex(keys.length, (index) => (keys[index] ?? "") >= range.key);
      at < keys.length && holdsKey(range, keys[at] ?? "");
      at++
    ) {
      const pair = this.pairAt(keys[at] ?? "", revision);
      if (pair !== undefined) pairs.push(pair);
    }
    return pairs;
  }
}

/** The state of a revision with the changes of one operation on top. */
class Overlay {
  readonly changes: KvChange[] = [];
  readonly #replay: KvReplay;
  readonly #base: number;
  /** Undefined for what was deleted. */
  readonly #own = new Map<string, KvPair | undefined>();

  constructor(replay: KvReplay, base: number) {
    this.#replay = replay;
    this.#base = base;
  }

  run(operation: KvOperation): KvAnswer {
    const answer = this.#step(operation, new Map());
    if (operation.kind !== "txn" || answer.kind !== "txn") return answer;
    return { ...answer, revision: this.#revision() };
  }

  /** @param branches - Of nested transactions, chosen before anything was changed. */
  #step(operation: KvOperation, branches: Map<KvTxn, boolean>): KvAnswer {
    switch (operation.kind) {
      case "put":
        return this.#put(operation.key, operation.value, operation.previous);
      case "delete": {
        const removed = this.#pairs(operation);
        for (const { key } of removed) {
          this.#own.set(key, undefined);
          this.changes.push({ kind: "delete", key });
        }
        const previous = operation.previous ? removed : [];
        return { kind: "delete", revision: this.#revision(), deleted: removed.length, previous };
      }
      case "range": {
        const pairs =
          operation.revision === 0
            ? this.#pairs(operation)
            : this.#replay.pairsAt(operation, operation.revision);
        return { kind: "range", revision: this.#revision(), ...selected(operation, pairs) };
      }
      case "txn": {
        if (branches.size === 0) this.#choose(operation, branches);
        const succeeded = branches.get(operation) ?? false;
        const steps = succeeded ? operation.success : operation.failure;
        const results = steps.map((step) => this.#step(step, branches));
        return { kind: "txn", revision: 0, succeeded, results };
      }
    }
  }

  #revision(): number {
    return this.changes.length > 0 ? this.#base + 1 : this.#base;
  }

  #put(key: string, value: string, isPreviousAsked: boolean): KvAnswer {
    const before = this.#pair(key);
    const revision = this.#base + 1;
    const pair: KvPair = {
      key,
      value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
      lease: 0n,
    };
    this.#own.set(key, pair);
    this.changes.push({ kind: "put", pair });
    return { kind: "put", revision, previous: isPreviousAsked ? before : undefined };
  }

  #pair(key: string): KvPair | undefined {
    return this.#own.has(key) ? this.#own.get(key) : this.#replay.pairAt(key, this.#base);
  }

  #pairs(range: KvKeys): KvPair[] {
    const found = this.#replay.pairsAt(range, this.#base);
    if (this.#own.size === 0) return found;
    const pairs = new Map(found.map((pair) => [pair.key, pair]));
    for (const [key, pair] of this.#own) {
      if (!holdsKey(range, key)) continue;
      if (pair === undefined) pairs.delete(key);
      else pairs.set(key, pair);
    }
    return [...pairs.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  /** Compares see the state before the whole transaction, nested ones too. */
  #choose(txn: KvTxn, branches: Map<KvTxn, boolean>): void {
    const succeeded = txn.compares.every((compare) => this.#holds(compare));
    branches.set(txn, succeeded);
    for (const step of succeeded ? txn.success : txn.failure) {
      if (step.kind === "txn") this.#choose(step, branches);
    }
  }

  #holds(compare: KvCompare): boolean {
    const pairs = this.#replay.pairsAt(compare, this.#base);
    if (pairs.length > 0) return pairs.every((pair) => isTrue(compare, pair));
    return compare.target !== "value" && isOrder(compare.operator, 0, compare.operand);
  }
}

function isTrue(compare: KvCompare, pair: KvPair): boolean {
  switch (compare.target) {
    case "value":
      return isOrder(compare.operator, pair.value, compare.operand);
    case "version":
      return isOrder(compare.operator, pair.version, compare.operand);
    case "create":
      return isOrder(compare.operator, pair.createRevision, compare.operand);
    case "mod":
      return isOrder(compare.operator, pair.modRevision, compare.operand);
  }
}

function isOrder<T extends string | number>(
  operator: KvCompare["operator"],
  found: T,
  given: T,
): boolean {
  switch (operator) {
    case "==":
      return found === given;
    case "!=":
      return found !== given;
    case "<":
      return found < given;
    case ">":
      return found > given;
  }
}

interface Selected {
  readonly pairs: readonly KvPair[];
  readonly count: number;
  readonly more: boolean;
}

function selected(operation: KvRange, found: readonly KvPair[]): Selected {
  const count = found.length;
  if (operation.countOnly) return { pairs: [], count, more: false };
  const sorted = operation.sort === undefined ? found : sortedBy(found, operation.sort);
  const isCut = operation.limit > 0 && sorted.length > operation.limit;
  const kept = isCut ? sorted.slice(0, operation.limit) : sorted;
  const pairs = operation.keysOnly ? kept.map((pair) => ({ ...pair, value: "" })) : kept;
  return { pairs, count, more: isCut };
}

/** Equal ones stay in key order. */
function sortedBy(pairs: readonly KvPair[], { by, order }: KvSort): readonly KvPair[] {
  const sign = order === "descending" ? -1 : 1;
  const fieldOf = (pair: KvPair): string | number => {
    switch (by) {
      case "key":
        return pair.key;
      case "value":
        return pair.value;
      case "version":
        return pair.version;
      case "create-revision":
        return pair.createRevision;
      case "mod-revision":
        return pair.modRevision;
    }
  };
  return [...pairs].sort((one, other) => {
    const [left, right] = [fieldOf(one), fieldOf(other)];
    return left === right ? 0 : left < right ? -sign : sign;
  });
}
