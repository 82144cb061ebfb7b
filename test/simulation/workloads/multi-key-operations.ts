import type { SeededRandom } from "@quorate/platform/sim";
import {
  prefixEndOf,
  type KvAnswer,
  type KvCompare,
  type KvDelete,
  type KvOperation,
  type KvRange,
  type KvSort,
  type KvTxn,
} from "../history/kv-records.ts";
import type { KvBehaviour } from "./kv-clients.ts";
import { readAllOf, readOf } from "./register-operations.ts";

/** The keys of a workload: folders with keys in them. */
export interface MultiKeySpace {
  readonly folders: readonly string[];
  readonly keys: readonly string[];
}

/** Draws folders and keys. */
export function drawMultiKeySpace(prefix: string, random: SeededRandom): MultiKeySpace {
  const folderCount = random.between(1, 3);
  const keyCount = random.between(1, 4);
  const folders = Array.from({ length: folderCount }, (_, index) => `${prefix}${index}/`);
  const keys = folders.flatMap((folder) =>
    Array.from({ length: keyCount }, (_, index) => `${folder}${index}`),
  );
  return { folders, keys };
}

/** Transactions over several keys, nested ones too, ranges in all orders, deletions by prefix. */
export class MultiKeyBehaviour implements KvBehaviour {
  readonly #space: MultiKeySpace;
  readonly #name: string;
  readonly #random: SeededRandom;
  #revision = 1;
  #values = 0;

  /** @param name - Unique among all clients of the workload: values are made of it. */
  constructor(space: MultiKeySpace, name: string, random: SeededRandom) {
    this.#space = space;
    this.#name = name;
    this.#random = random;
  }

  next(): KvOperation {
    const random = this.#random;
    switch (random.nextInt(10)) {
      case 0:
        return this.#put(random.pick(this.#space.keys));
      case 1:
        return this.#delete(random.chance(0.5));
      case 2:
      case 3:
        return this.#range();
      case 4:
        return this.#readingTxn();
      default:
        return this.#txn(2);
    }
  }

  seen(_operation: KvOperation, answer: KvAnswer | undefined): void {
    if (answer !== undefined) this.#revision = Math.max(this.#revision, answer.revision);
  }

  #put(key: string): KvOperation {
    this.#values++;
    const value = `${this.#name}-${this.#values}`;
    return { kind: "put", key, value, previous: this.#random.chance(0.3) };
  }

  #delete(isFolder: boolean): KvDelete {
    const random = this.#random;
    const previous = random.chance(0.5);
    const key = random.pick(isFolder ? this.#space.folders : this.#space.keys);
    return { kind: "delete", key, rangeEnd: isFolder ? prefixEndOf(key) : "", previous };
  }

  #range(): KvRange {
    const random = this.#random;
    const range = random.chance(0.3)
      ? readOf(random.pick(this.#space.keys))
      : readAllOf(random.pick(this.#space.folders));
    const isOld = random.chance(0.2);
    return {
      ...range,
      revision: isOld ? Math.max(1, this.#revision - random.nextInt(30)) : 0,
      limit: random.pick([0, 0, 0, 1, 2]),
      isSerializable: random.chance(0.1),
      keysOnly: random.chance(0.1),
      countOnly: random.chance(0.1),
      sort: random.chance(0.3) ? this.#sort() : undefined,
    };
  }

  #sort(): KvSort {
    const by = ["key", "version", "create-revision", "mod-revision", "value"] as const;
    const order = ["ascending", "descending"] as const;
    return { by: this.#random.pick(by), order: this.#random.pick(order) };
  }

  #readingTxn(): KvTxn {
    const steps = Array.from({ length: this.#random.between(1, 3) }, () => ({
      ...this.#range(),
      isSerializable: false,
    }));
    return { kind: "txn", compares: this.#compares(), success: steps, failure: [] };
  }

  #txn(depth: number): KvTxn {
    return {
      kind: "txn",
      compares: this.#compares(),
      success: this.#branch(depth),
      failure: this.#branch(depth),
    };
  }

  /**
   * Steps that the server accepts: no key is written twice, nothing that is deleted is written.
   * Each branch with changes writes a value, by which the history knows whose it is.
   */
  #branch(depth: number): readonly KvOperation[] {
    const random = this.#random;
    const free = random.shuffle([...this.#space.keys]);
    const steps: KvOperation[] = [];
    const written = free.splice(0, random.between(0, Math.min(3, free.length)));
    for (const key of written) steps.push(this.#put(key));
    const [doomed] = free;
    if (steps.length > 0 && doomed !== undefined && random.chance(0.4)) {
      const previous = random.chance(0.5);
      steps.push({ kind: "delete", key: doomed, rangeEnd: "", previous });
      free.shift();
    }
    if (random.chance(0.6)) steps.push({ ...this.#range(), isSerializable: false });
    if (depth > 1 && random.chance(0.3)) steps.push(this.#nested(free));
    return random.shuffle(steps);
  }

  /** A transaction inside another; touches only keys that the outer one leaves alone. */
  #nested(free: readonly string[]): KvTxn {
    const [key] = free;
    const put = key === undefined ? [] : [this.#put(key)];
    return {
      kind: "txn",
      compares: this.#compares(),
      success: [...put, { ...this.#range(), isSerializable: false }],
      failure: [{ ...this.#range(), isSerializable: false }],
    };
  }

  #compares(): readonly KvCompare[] {
    const random = this.#random;
    return Array.from({ length: random.pick([0, 1, 1, 2]) }, () => this.#compare());
  }

  #compare(): KvCompare {
    const random = this.#random;
    const isFolder = random.chance(0.2);
    const key = random.pick(isFolder ? this.#space.folders : this.#space.keys);
    const range = { key, rangeEnd: isFolder ? prefixEndOf(key) : "" };
    const operator = random.pick(["==", "!=", "<", ">"] as const);
    switch (random.nextInt(4)) {
      case 0:
        return { ...range, target: "version", operator, operand: random.between(0, 3) };
      case 1:
        return { ...range, target: "create", operator, operand: this.#oldRevision() };
      case 2:
        return { ...range, target: "mod", operator, operand: this.#oldRevision() };
      default:
        return { ...range, target: "value", operator, operand: `${this.#name}-${this.#values}` };
    }
  }

  #oldRevision(): number {
    const random = this.#random;
    return random.chance(0.4) ? 0 : Math.max(1, this.#revision - random.nextInt(20));
  }
}
