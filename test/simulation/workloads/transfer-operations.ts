import type { SeededRandom } from "@quorate/platform/sim";
import type { KvAnswer, KvOperation, KvPair, KvTxn } from "../history/kv-records.ts";
import type { KvBehaviour } from "./kv-clients.ts";
import { readAllOf, readOf } from "./register-operations.ts";

/** The accounts of a workload. */
export interface Bank {
  readonly prefix: string;
  readonly accounts: readonly string[];
  /** What each holds at first. */
  readonly openingBalance: number;
}

/** The balance in a value `BALANCE NAME`; the name makes the value unique. */
export function balanceOf(value: string): number {
  return Number(value.split(" ")[0]);
}

/** Creates all accounts, unless somebody has. */
function openingOf(bank: Bank, token: string): KvTxn {
  const [first = ""] = bank.accounts;
  return {
    kind: "txn",
    compares: [{ key: first, rangeEnd: "", target: "create", operator: "==", operand: 0 }],
    success: bank.accounts.map((key) => ({
      kind: "put",
      key,
      value: `${bank.openingBalance} ${token}`,
      previous: false,
    })),
    failure: [readAllOf(bank.prefix)],
  };
}

/** Reads all accounts, then moves money between two of them if both are as they were read. */
export class TransferBehaviour implements KvBehaviour {
  readonly #bank: Bank;
  readonly #name: string;
  readonly #random: SeededRandom;
  /** As read last; empty before the accounts exist. */
  #accounts: readonly KvPair[] = [];
  #isFresh = false;
  #revision = 1;
  #tokens = 0;

  /** @param name - Unique among all clients of the workload: values are made of it. */
  constructor(bank: Bank, name: string, random: SeededRandom) {
    this.#bank = bank;
    this.#name = name;
    this.#random = random;
  }

  next(): KvOperation {
    const random = this.#random;
    if (this.#accounts.length === 0) {
      return random.chance(0.7) ? openingOf(this.#bank, this.#token()) : this.#read();
    }
    // Now and then by what was read long ago: the compares must refuse.
    if (this.#isFresh ? random.chance(0.85) : random.chance(0.1)) return this.#transfer();
    return this.#read();
  }

  seen(operation: KvOperation, answer: KvAnswer | undefined): void {
    this.#isFresh = false;
    if (answer === undefined) return;
    this.#revision = Math.max(this.#revision, answer.revision);
    const read = answer.kind === "txn" ? answer.results[0] : answer;
    if (read?.kind !== "range" || read.pairs.length < this.#bank.accounts.length) return;
    this.#accounts = read.pairs;
    this.#isFresh = operation.kind !== "range" || operation.revision === 0;
  }

  #read(): KvOperation {
    const random = this.#random;
    const all = readAllOf(this.#bank.prefix);
    switch (random.nextInt(8)) {
      case 0:
        return { ...all, isSerializable: true };
      case 1:
        return { ...all, revision: Math.max(1, this.#revision - random.nextInt(20)) };
      case 2:
        return readOf(random.pick(this.#bank.accounts));
      default:
        return all;
    }
  }

  #transfer(): KvTxn {
    const random = this.#random;
    const [from, to] = random.shuffle([...this.#accounts]);
    if (from === undefined || to === undefined) throw new Error("Cannot move money: no accounts");
    const amount = random.between(1, 30);
    const token = this.#token();
    const put = (pair: KvPair, change: number): KvOperation => ({
      kind: "put",
      key: pair.key,
      value: `${balanceOf(pair.value) + change} ${token}`,
      previous: random.chance(0.2),
    });
    return {
      kind: "txn",
      compares: [from, to].map(({ key, modRevision }) => {
        return { key, rangeEnd: "", target: "mod", operator: "==", operand: modRevision };
      }),
      success: [put(from, -amount), put(to, amount)],
      failure: random.chance(0.7) ? [readAllOf(this.#bank.prefix)] : [],
    };
  }

  #token(): string {
    this.#tokens++;
    return `${this.#name}-${this.#tokens}`;
  }
}
