/**
 * A store of one copy and no faults, for the tests of checkers: performs operations on plain maps,
 * one whole copy for each revision, and writes the truth down.
 */
import type {
  KvAnswer,
  KvCompare,
  KvKeys,
  KvOperation,
  KvPair,
  KvSort,
  KvTxn,
} from "../history/kv-records.ts";
import { holdsKey } from "../history/kv-records.ts";
import type { Change } from "./truth-script.ts";
import { TruthScript } from "./truth-script.ts";
import type { Truth } from "../history/truth.ts";

type Pairs = ReadonlyMap<string, KvPair>;

/** See the head of the file. */
export class KvStore {
  readonly #script = new TruthScript();
  /** By revision; 0 and 1 are the empty store. */
  readonly #states: Pairs[] = [new Map(), new Map()];
  #changes: Change[] = [];
  #pairs = new Map<string, KvPair>();

  get revision(): number {
    return this.#states.length - 1;
  }

  get truth(): Truth {
    return this.#script.truth();
  }

  /** Performs an operation at a time. */
  run(atMillis: number, operation: KvOperation): KvAnswer {
    this.#pairs = new Map(this.#stateAt(this.revision));
    this.#changes = [];
    const answer = this.#step(operation);
    if (this.#changes.length > 0) {
      this.#script.at(atMillis, ...this.#changes);
      this.#states.push(this.#pairs);
    }
    return operation.kind === "txn" ? { ...answer, revision: this.revision } : answer;
  }

  /** Answers a read from the state of an older revision, as a member that lags behind. */
  runStale(operation: KvOperation, behind: number): KvAnswer {
    const at = Math.max(1, this.revision - behind);
    const newer = this.#states.splice(at + 1);
    try {
      return this.run(0, operation);
    } finally {
      this.#states.push(...newer);
    }
  }

  compact(atMillis: number, revision: number): void {
    this.#script.compact(atMillis, revision);
  }

  #stateAt(revision: number): Pairs {
    const state = this.#states[revision];
    if (state === undefined) throw new Error(`Cannot read revision ${revision}`);
    return state;
  }

  get #answerRevision(): number {
    return this.#changes.length > 0 ? this.revision + 1 : this.revision;
  }

  #step(operation: KvOperation): KvAnswer {
    switch (operation.kind) {
      case "put": {
        const before = this.#pairs.get(operation.key);
        const { key, value } = operation;
        const revision = this.revision + 1;
        this.#changes.push(["put", key, value]);
        this.#pairs.set(key, {
          key,
          value,
          createRevision: before?.createRevision ?? revision,
          modRevision: revision,
          version: (before?.version ?? 0) + 1,
          lease: 0n,
        });
        return { kind: "put", revision, previous: operation.previous ? before : undefined };
      }
      case "delete": {
        const removed = pairsIn(this.#pairs, operation);
        for (const { key } of removed) {
          this.#changes.push(["delete", key]);
          this.#pairs.delete(key);
        }
        const previous = operation.previous ? removed : [];
        return {
          kind: "delete",
          revision: this.#answerRevision,
          deleted: removed.length,
          previous,
        };
      }
      case "range": {
        const { revision: asked } = operation;
        const found = pairsIn(asked === 0 ? this.#pairs : this.#stateAt(asked), operation);
        const rest = { revision: this.#answerRevision, count: found.length };
        if (operation.countOnly) return { kind: "range", ...rest, pairs: [], more: false };
        const pairs = sortPairs(found, operation.sort)
          .slice(0, operation.limit === 0 ? undefined : operation.limit)
          .map((pair) => (operation.keysOnly ? { ...pair, value: "" } : pair));
        return { kind: "range", ...rest, pairs, more: pairs.length < found.length };
      }
      case "txn":
        return this.#txn(operation, this.#stateAt(this.revision));
    }
  }

  #txn({ compares, success, failure }: KvTxn, before: Pairs): KvAnswer {
    const succeeded = compares.every((compare) => holds(before, compare));
    const results = (succeeded ? success : failure).map((step) =>
      step.kind === "txn" ? this.#txn(step, before) : this.#step(step),
    );
    return { kind: "txn", revision: 0, succeeded, results };
  }
}

function pairsIn(state: Pairs, range: KvKeys): KvPair[] {
  return [...state.values()]
    .filter(({ key }) => holdsKey(range, key))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
}

function sortPairs(pairs: readonly KvPair[], sort: KvSort | undefined): readonly KvPair[] {
  if (sort === undefined) return pairs;
  const fields = {
    key: "key",
    version: "version",
    "create-revision": "createRevision",
    "mod-revision": "modRevision",
    value: "value",
  } as const;
  const field = fields[sort.by];
  const sign = sort.order === "ascending" ? 1 : -1;
  const order = (one: KvPair, other: KvPair): number =>
    one[field] < other[field] ? -1 : one[field] > other[field] ? 1 : 0;
  return [...pairs].sort((one, other) => sign * order(one, other));
}

function holds(state: Pairs, compare: KvCompare): boolean {
  const pairs = pairsIn(state, compare);
  if (compare.target === "value") {
    const { operand, operator } = compare;
    return pairs.length > 0 && pairs.every(({ value }) => isTrue(operator, value, operand));
  }
  const field = ({ version: "version", create: "createRevision", mod: "modRevision" } as const)[
    compare.target
  ];
  const { operand, operator } = compare;
  const found = pairs.length === 0 ? [0] : pairs.map((pair) => pair[field]);
  return found.every((value) => isTrue(operator, value, operand));
}

function isTrue<T extends string | number>(
  operator: KvCompare["operator"],
  found: T,
  operand: T,
): boolean {
  if (operator === "==") return found === operand;
  if (operator === "!=") return found !== operand;
  return operator === "<" ? found < operand : found > operand;
}
