/** Random requests about a handful of keys and leases: the same ones for the same seed. */
import {
  type CompareInit,
  type DeleteRangeRequestInit,
  type PutRequestInit,
  type RangeRequestInit,
  type RequestOpInit,
  services,
  type TxnRequestInit,
} from "@quorate/api";
import type { Random } from "@quorate/platform";
import { SeededRandom } from "@quorate/platform/sim";
import { allOperators, bytes, compare, del, put, range } from "./requests.ts";
import type { Scenario } from "./scenario.ts";

const { kv, lease } = services;

/** What requests are about. */
export interface RequestWorld {
  /** A key by its number, below {@link keyCount}; `keyCount` is the end of all. */
  key(index: number): string;
  /** The revision so far from the first. */
  at(distance: number): number;
}

/** Few, so that requests meet: and below the number up to which etcd's sort keeps equal keys. */
export const keyCount = 9;
/** Leases that requests name; the last one is never granted. */
export const leaseIds: readonly bigint[] = [8_900_001n, -8_900_002n, 8_900_003n, 8_900_099n];

/** Which operations of a transaction may be refused. */
type Faulty = "put" | "range";

/** Draws requests; every draw is one of its seed's sequence. */
export class RandomRequests {
  readonly #random: Random;
  readonly #world: RequestWorld;

  constructor(random: Random, world: RequestWorld) {
    this.#random = random;
    this.#world = world;
  }

  /** Requests about the keys of a scenario. */
  static of(s: Scenario, seed: number): RandomRequests {
    return new RandomRequests(new SeededRandom(BigInt(seed)), {
      key: (index) => s.key(String(index)),
      at: (distance) => s.at(distance),
    });
  }

  /** True once in `of` draws. */
  once(of: number): boolean {
    return this.#random.nextInt(of) === 0;
  }

  below(bound: number): number {
    return this.#random.nextInt(bound);
  }

  pick<const T>(values: readonly [T, ...T[]]): T {
    return values[this.#random.nextInt(values.length)] ?? values[0];
  }

  lease(): bigint {
    return leaseIds[this.below(leaseIds.length)] ?? 0n;
  }

  /** A revision around those there are: some compacted, some in the future. */
  revision(newest: number): number {
    if (this.once(30)) return -1;
    return this.#world.at(Math.max(1, newest + 2 - this.below(12)));
  }

  /**
   * Sends one random request.
   *
   * @param newest - The newest revision known, as distance from the scenario's first.
   * @returns The newest revision known then.
   */
  async send(s: Scenario, newest: number): Promise<number> {
    const send = async (): Promise<number | undefined> => {
      switch (this.below(12)) {
        case 0:
        case 1:
        case 2:
          return (await s.call(kv.put, this.put())).response?.header?.revision;
        case 3:
          return (await s.call(kv.deleteRange, this.delete())).response?.header?.revision;
        case 4:
        case 5:
        case 6:
          return (await s.call(kv.range, this.range(newest))).response?.header?.revision;
        case 7:
        case 8:
        case 9:
          return (await s.call(kv.txn, this.txn(newest))).response?.header?.revision;
        case 10:
          return await this.#sendLease(s);
        default: {
          const revision = this.once(2) ? this.revision(newest) : 1;
          const request = { revision, physical: this.once(2) };
          return (await s.call(kv.compact, request)).response?.header?.revision;
        }
      }
    };
    const revision = await send();
    return revision === undefined ? newest : Math.max(newest, revision - s.base);
  }

  async #sendLease(s: Scenario): Promise<number | undefined> {
    const id = this.lease();
    switch (this.below(3)) {
      case 0:
        if (id === leaseIds.at(-1)) return undefined;
        await s.call(lease.leaseGrant, { id, ttl: 600 });
        return undefined;
      case 1:
        return (await s.call(lease.leaseRevoke, { id })).response?.header?.revision;
      default: {
        const { code, response } = await s.quietly(
          async () => await s.call(lease.leaseTimeToLive, { id, keys: true }),
        );
        const keys = response?.keys.map((key) => Buffer.from(key).toString("latin1")).sort();
        s.note("LeaseTimeToLive", { code, keys, grantedTtl: response?.grantedTtl });
        return undefined;
      }
    }
  }

  put(): PutRequestInit {
    const ignoreValue = this.once(8);
    const ignoreLease = this.once(8);
    return put(this.#key(), ignoreValue && !this.once(6) ? "" : this.#value(), {
      ignoreValue,
      ignoreLease,
      lease: this.once(3) && (!ignoreLease || this.once(6)) ? this.lease() : 0n,
      prevKv: this.once(2),
    });
  }

  delete(): DeleteRangeRequestInit {
    const end = this.once(2) ? { end: this.#key() } : {};
    return del(this.#key(), { ...end, prevKv: this.once(2) });
  }

  range(newest: number): RangeRequestInit {
    const bound = (): number => (this.once(6) ? this.revision(newest) : 0);
    return range(this.#key(), {
      ...(this.once(4) ? {} : { end: this.#world.key(this.below(keyCount + 1)) }),
      limit: this.once(2) ? this.below(6) : 0,
      revision: this.once(3) ? this.revision(newest) : 0,
      sortOrder: this.below(3),
      sortTarget: this.below(5),
      serializable: this.once(4),
      countOnly: this.once(8),
      minModRevision: bound(),
      maxModRevision: bound(),
      minCreateRevision: bound(),
      maxCreateRevision: bound(),
    });
  }

  /**
   * A transaction in which either puts may be refused or ranges, not both: etcd 3.4 looks at all
   * puts first, later releases at one operation after another.
   */
  txn(newest: number, depth = 0, faulty = this.pick(["put", "range"])): TxnRequestInit {
    const list = <T>(bound: number, make: () => T): T[] =>
      Array.from({ length: this.below(bound) }, make);
    const operation = (): RequestOpInit => this.#operation(newest, depth, faulty);
    return {
      compare: list(3, () => this.#compare(newest)),
      success: list(4, operation),
      failure: list(4, operation),
    };
  }

  #operation(newest: number, depth: number, faulty: Faulty): RequestOpInit {
    const kind = this.below(depth < 2 ? 8 : 7);
    if (kind < 3) {
      const drawn = this.put();
      const flags = { lease: 0n, ignoreValue: false, ignoreLease: false };
      const value = faulty === "put" ? drawn : { ...drawn, ...flags };
      return { request: { case: "requestPut", value } };
    }
    if (kind < 5) {
      const drawn = this.range(newest);
      const value = faulty === "range" ? drawn : { ...drawn, revision: 0 };
      return { request: { case: "requestRange", value } };
    }
    if (kind < 7) return { request: { case: "requestDeleteRange", value: this.delete() } };
    return { request: { case: "requestTxn", value: this.txn(newest, depth + 1, faulty) } };
  }

  #compare(newest: number): CompareInit {
    const operator = allOperators[this.below(allOperators.length)] ?? "=";
    const end = this.once(3) ? this.#key() : "";
    switch (this.below(5)) {
      case 0:
        return compare.value(this.#key(), operator, this.#value(), end);
      case 1:
        return compare.lease(this.#key(), operator, this.once(2) ? 0n : this.lease(), end);
      case 2:
        return compare.number("version", this.#key(), operator, this.below(4), end);
      case 3: {
        const revision = this.once(2) ? 0 : this.revision(newest);
        return compare.number("createRevision", this.#key(), operator, revision, end);
      }
      default: {
        const revision = this.once(2) ? 0 : this.revision(newest);
        return compare.number("modRevision", this.#key(), operator, revision, end);
      }
    }
  }

  #key(): string {
    return this.#world.key(this.below(keyCount));
  }

  #value(): Uint8Array {
    return bytes(this.pick(["", "a", "b", "ab", "\xff", "\0"]));
  }
}
