import type { SeededRandom } from "@quorate/platform/sim";
import {
  prefixEndOf,
  type KvAnswer,
  type KvCompare,
  type KvOperation,
  type KvPair,
  type KvRange,
  type KvTxn,
} from "../history/kv-records.ts";
import type { KvBehaviour } from "./kv-clients.ts";

/** A plain linearizable read of one key. */
export function readOf(key: string): KvRange {
  return {
    kind: "range",
    key,
    rangeEnd: "",
    revision: 0,
    limit: 0,
    isSerializable: false,
    keysOnly: false,
    countOnly: false,
    sort: undefined,
  };
}

/** A plain linearizable read of all keys with a prefix. */
export function readAllOf(prefix: string): KvRange {
  return { ...readOf(prefix), rangeEnd: prefixEndOf(prefix) };
}

/** Weights of what a client of registers does; drawn once for a run. */
export interface RegisterMix {
  readonly keys: readonly string[];
  readonly weights: Readonly<Record<RegisterAction, number>>;
}

type RegisterAction = "put" | "delete" | "get" | "serializable" | "old" | "set";

/** Draws a mix: one to ten keys, and how often each action is chosen. */
export function drawRegisterMix(prefix: string, random: SeededRandom): RegisterMix {
  const keyCount = random.pick([1, 1, 2, 3, 5, 10]);
  return {
    keys: Array.from({ length: keyCount }, (_, index) => `${prefix}${index}`),
    weights: {
      put: random.between(1, 4),
      delete: random.between(0, 2),
      get: random.between(1, 4),
      serializable: random.between(0, 2),
      old: random.between(0, 2),
      set: random.between(0, 4),
    },
  };
}

/** One client of registers: remembers what it saw last, to set and to look back by it. */
export class RegisterBehaviour implements KvBehaviour {
  readonly #mix: RegisterMix;
  readonly #name: string;
  readonly #random: SeededRandom;
  readonly #seen = new Map<string, KvPair | undefined>();
  #revision = 1;
  #values = 0;

  /** @param name - Unique among all clients of the workload: values are made of it. */
  constructor(mix: RegisterMix, name: string, random: SeededRandom) {
    this.#mix = mix;
    this.#name = name;
    this.#random = random;
  }

  next(): KvOperation {
    const random = this.#random;
    const key = random.pick(this.#mix.keys);
    switch (this.#drawAction()) {
      case "put":
        return { kind: "put", key, value: this.#value(), previous: random.chance(0.5) };
      case "delete":
        return { kind: "delete", key, rangeEnd: "", previous: random.chance(0.5) };
      case "get":
        return { ...readOf(key), keysOnly: random.chance(0.05), countOnly: random.chance(0.05) };
      case "serializable":
        return { ...readOf(key), isSerializable: true };
      case "old": {
        const back = random.pick([0, 1, 3, 10, 100]);
        const revision = Math.max(1, this.#revision - random.nextInt(back + 1));
        const ahead = random.chance(0.05) ? random.between(1, 50) : 0;
        return { ...readOf(key), revision: revision + ahead, isSerializable: random.chance(0.2) };
      }
      case "set":
        return this.#set(key);
    }
  }

  seen(operation: KvOperation, answer: KvAnswer | undefined): void {
    if (answer === undefined) return;
    this.#revision = Math.max(this.#revision, answer.revision);
    const read = answer.kind === "txn" ? answer.results[0] : answer;
    if (read?.kind !== "range") return;
    const range = operation.kind === "txn" ? operation.failure[0] : operation;
    if (range?.kind !== "range" || range.keysOnly || range.countOnly) return;
    this.#seen.set(range.key, read.pairs[0]);
  }

  /** Compare-and-set, or compare-and-delete: by what this client saw of the key last. */
  #set(key: string): KvTxn {
    const random = this.#random;
    const change: KvOperation = random.chance(0.85)
      ? { kind: "put", key, value: this.#value(), previous: random.chance(0.3) }
      : { kind: "delete", key, rangeEnd: "", previous: random.chance(0.3) };
    const compares = [this.#compare(key)];
    return { kind: "txn", compares, success: [change], failure: [readOf(key)] };
  }

  #compare(key: string): KvCompare {
    const pair = this.#seen.get(key);
    const range = { key, rangeEnd: "", operator: "==" } as const;
    if (pair === undefined) {
      const target = this.#random.pick(["create", "mod", "version"] as const);
      return { ...range, target, operand: 0 };
    }
    switch (this.#random.nextInt(5)) {
      case 0:
        return { ...range, target: "version", operand: pair.version };
      case 1:
        return { ...range, target: "value", operand: pair.value };
      case 2:
        return { ...range, target: "version", operator: ">", operand: pair.version };
      default:
        return { ...range, target: "mod", operand: pair.modRevision };
    }
  }

  #drawAction(): RegisterAction {
    const { weights } = this.#mix;
    const actions = ["put", "delete", "get", "serializable", "old", "set"] as const;
    const total = actions.reduce((sum, action) => sum + weights[action], 0);
    let draw = this.#random.nextInt(total);
    return actions.find((action) => (draw -= weights[action]) < 0) ?? "get";
  }

  #value(): string {
    this.#values++;
    return `${this.#name}-${this.#values}`;
  }
}
