/** One client with leases: grants, renews in many rhythms, attaches keys, revokes, walks away. */
import { LeaseLostError, type Lease } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

import type { CallWindow, LeaseCall } from "../history/lease-history.ts";
import { attempt, latin1, pause, type Attempt } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** Ids that several holders want; they meet leases of each other (L6). */
const commonIds: readonly bigint[] = [5n, -7n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n];
const ttls: readonly number[] = [1, 1, 2, 3, 3, 5, 10, 60, 2_592_000];

/** A call's body without its window. */
type Body<Call> = Call extends unknown ? Omit<Call, keyof CallWindow> : never;

/** See the head of the file. */
export class LeaseHolder {
  readonly #name: string;
  readonly #world: WorkloadWorld;
  readonly #sim: SimClient;
  readonly #random: SeededRandom;
  readonly #calls: LeaseCall[];
  #keys = 0;

  constructor(
    name: string,
    world: WorkloadWorld,
    sim: SimClient,
    random: SeededRandom,
    calls: LeaseCall[],
  ) {
    this.#name = name;
    this.#world = world;
    this.#sim = sim;
    this.#random = random;
    this.#calls = calls;
  }

  /** One lease after the other, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const random = this.#random;
    while (!signal.aborted) {
      const ttlSeconds = random.pick(ttls);
      if (random.chance(0.4)) await this.#hold(ttlSeconds, signal);
      else await this.#renewByHand(ttlSeconds, signal);
      await pause(this.#sim.timers, random.between(0, 500), signal);
    }
  }

  /** Lists all leases; false when the store gave no answer. */
  async list(): Promise<boolean> {
    const { client } = this.#sim;
    return await this.#record(
      () => client.lease.list(),
      (result) => (result.kind === "done" ? { kind: "list", leaseIds: result.answer } : undefined),
    );
  }

  async #renewByHand(ttlSeconds: number, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const leaseId = await this.#grant(ttlSeconds);
    if (leaseId === undefined) return;
    await this.#attach(leaseId);
    const livesMillis = random.between(500, 12_000);
    const endMillis = this.#world.nowMillis() + livesMillis;
    // From too often to too late.
    const rhythmMillis = (Math.min(ttlSeconds, 5) * 1_000 * random.between(2, 13)) / 10;
    while (!signal.aborted && this.#world.nowMillis() < endMillis) {
      await pause(this.#sim.timers, rhythmMillis, signal);
      if (!(await this.#renew(leaseId))) return;
      if (random.chance(0.3)) await this.#question(leaseId);
      if (random.chance(0.1)) await this.list();
      if (random.chance(0.1)) await this.#attach(leaseId);
    }
    if (random.chance(0.4)) await this.#revoke(leaseId);
    // What comes right after the end is where renewals go wrong (C46).
    if (random.chance(0.5)) await this.#renew(leaseId);
  }

  async #grant(ttlSeconds: number): Promise<bigint | undefined> {
    const random = this.#random;
    const wantedId = this.#drawId();
    const wanted = { kind: "grant", wantedId, wantedTtlSeconds: ttlSeconds } as const;
    let leaseId: bigint | undefined;
    await this.#record(
      () => this.#sim.client.lease.grant(ttlSeconds, { id: wantedId }),
      (result) => {
        if (result.kind === "done") {
          leaseId = result.answer.id;
          const { id, ttlSeconds: granted } = result.answer;
          return { ...wanted, outcome: { kind: "ok", leaseId: id, ttlSeconds: granted } };
        }
        if (result.error.code !== "lease-exists") return { ...wanted, outcome: unknown };
        // Somebody else's, or our own of unknown outcome: to be renewed by several.
        if (random.chance(0.5)) leaseId = wantedId;
        return { ...wanted, outcome: { kind: "exists" } };
      },
      ["lease-exists"],
    );
    return leaseId;
  }

  #drawId(): bigint {
    const random = this.#random;
    switch (random.nextInt(4)) {
      case 0:
        return random.pick(commonIds);
      case 1:
        return BigInt.asIntN(64, random.nextBigUint64());
      default:
        return 0n;
    }
  }

  /** False when the lease is known to be gone. */
  async #renew(leaseId: bigint): Promise<boolean> {
    let isThere = true;
    await this.#record(
      () => this.#sim.client.lease.keepAliveOnce(leaseId),
      (result) => {
        const call = { kind: "renewal", leaseId } as const;
        if (result.kind === "done") return { ...call, ttlSeconds: result.answer };
        isThere = !(result.error instanceof LeaseLostError);
        return { ...call, ttlSeconds: isThere ? undefined : 0 };
      },
      ["lease-lost"],
    );
    return isThere;
  }

  async #revoke(leaseId: bigint): Promise<void> {
    await this.#record(
      () => this.#sim.client.lease.revoke(leaseId),
      (result) => {
        return { kind: "revoke", leaseId, outcome: result.kind === "done" ? "gone" : "unknown" };
      },
    );
  }

  async #attach(leaseId: bigint): Promise<void> {
    for (let count = this.#random.nextInt(4); count > 0; count -= 1) {
      this.#keys += 1;
      // Now and then a key moves from an earlier lease.
      const number = this.#random.chance(0.2) ? this.#random.nextInt(5) : this.#keys;
      const key = `l/${this.#name}/${number}`;
      await this.#record(
        () => this.#sim.client.put(key, `${this.#keys}`, { lease: leaseId }),
        (result) => {
          const call = { kind: "put", leaseId, key } as const;
          if (result.kind === "done") {
            return { ...call, outcome: { kind: "ok", revision: result.answer.revision } };
          }
          const isGone = result.error.code === "lease-not-found";
          return { ...call, outcome: isGone ? { kind: "no-lease" } : unknown };
        },
        ["lease-not-found"],
      );
    }
  }

  async #question(leaseId: bigint): Promise<void> {
    const keys = this.#random.chance(0.6);
    await this.#record(
      () => this.#sim.client.lease.timeToLive(leaseId, { keys }),
      (result) => {
        if (result.kind === "failed") return undefined;
        const { ttlSeconds, grantedTtlSeconds } = result.answer;
        const names = keys ? result.answer.keys.map(latin1) : undefined;
        return { kind: "time-to-live", leaseId, ttlSeconds, grantedTtlSeconds, keys: names };
      },
    );
  }

  /** A lease that the client renews by itself; asks its clock all the time. */
  async #hold(ttlSeconds: number, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const { nowMillis } = this.#world;
    let held: Lease | undefined;
    await this.#record(
      () => this.#sim.client.lease.hold(ttlSeconds),
      (result) => {
        const wanted = { kind: "grant", wantedId: 0n, wantedTtlSeconds: ttlSeconds } as const;
        if (result.kind === "failed") return { ...wanted, outcome: unknown };
        held = result.answer;
        const { id: leaseId } = held;
        return { ...wanted, outcome: { kind: "ok", leaseId, ttlSeconds: held.ttlSeconds } };
      },
    );
    if (held === undefined) return;
    const sentMillis = nowMillis();
    const { id: leaseId } = held;
    await this.#attach(leaseId);
    const endMillis = sentMillis + random.between(500, 20_000);
    while (!signal.aborted && nowMillis() < endMillis && !held.lost.aborted) {
      await pause(this.#sim.timers, random.between(50, 1_500), signal);
      const atMillis = nowMillis();
      if (!held.isAlive()) break;
      const instant = { sentMillis: atMillis, answeredMillis: atMillis };
      this.#calls.push({ kind: "belief", leaseId, ...instant });
    }
    this.#world.coverage.sometimes("held lease was lost", held.lost.aborted);
    held.release();
    this.#calls.push({ kind: "hold", leaseId, sentMillis, answeredMillis: nowMillis() });
    if (random.chance(0.3)) await this.#revoke(leaseId);
  }

  /** Makes a call and notes it with its window; false when there was no answer. */
  async #record<Answer>(
    call: () => Promise<Answer>,
    note: (result: Attempt<Answer>) => Body<LeaseCall> | undefined,
    expected: readonly string[] = [],
  ): Promise<boolean> {
    const sentMillis = this.#world.nowMillis();
    const result = await attempt(call, expected);
    const body = note(result);
    const answeredMillis = this.#world.nowMillis();
    if (body !== undefined) this.#calls.push({ sentMillis, answeredMillis, ...body });
    return result.kind === "done";
  }
}

const unknown = { kind: "unknown" } as const;
