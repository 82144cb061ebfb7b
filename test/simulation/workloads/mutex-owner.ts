/** What holders of locks and leaders do alike: write under guard, and ask their own clock. */
import { setMaxListeners } from "node:events";

import { op, type Client, type Txn } from "@quorate/client";
import { openSession, RecipeError, type Session } from "@quorate/recipes";
import type { SeededRandom } from "@quorate/platform/sim";

import type {
  FencedWrite,
  ObservedLeader,
  Ownership,
  OwnershipBelief,
  OwnershipHistory,
} from "../history/ownership-history.ts";
import { attempt, isTrouble, latin1, pause } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** A lock or a leadership. */
export interface Owned {
  readonly key: string;
  readonly token: number;
  readonly lost: AbortSignal;
  isHeld(): boolean;
  txn(): Txn;
}

/** Grows while a workload runs. */
export interface GrowingHistory extends OwnershipHistory {
  readonly ownerships: Ownership[];
  readonly writes: FencedWrite[];
  readonly beliefs: OwnershipBelief[];
  readonly observed: ObservedLeader[];
}

/** Starts empty. */
export function newOwnershipHistory(): GrowingHistory {
  return { ownerships: [], writes: [], beliefs: [], observed: [] };
}

/** One contender for one name. */
export class Owner {
  readonly name: string;
  readonly world: WorkloadWorld;
  readonly sim: SimClient;
  readonly random: SeededRandom;
  readonly history: GrowingHistory;
  readonly #label: string;
  #writes = 0;

  constructor(
    label: string,
    name: string,
    history: GrowingHistory,
    parts: {
      readonly world: WorkloadWorld;
      readonly sim: SimClient;
      readonly random: SeededRandom;
    },
  ) {
    this.#label = label;
    this.name = name;
    this.history = history;
    ({ world: this.world, sim: this.sim, random: this.random } = parts);
  }

  get client(): Client {
    return this.sim.client;
  }

  /** A session of a few seconds; undefined when the store gave none. */
  async openSession(): Promise<Session | undefined> {
    const ttlSeconds = this.random.pick([1, 2, 2, 3, 5, 10]);
    const result = await attempt(() => openSession(this.client, { ttlSeconds }));
    return result.kind === "done" ? result.answer : undefined;
  }

  /**
   * Waits for an ownership and notes it.
   *
   * @param acquire - Undefined when somebody else has it.
   */
  async acquire<Kind extends Owned>(
    session: Session,
    acquire: () => Promise<Kind | undefined>,
  ): Promise<Kind | undefined> {
    const sentMillis = this.world.nowMillis();
    const owned = await quietly(acquire);
    if (owned === undefined) return undefined;
    this.history.ownerships.push({
      ...{ name: this.name, key: latin1(Buffer.from(owned.key)), token: owned.token },
      ...{ sentMillis, answeredMillis: this.world.nowMillis() },
      ttlSeconds: session.lease.ttlSeconds,
    });
    return owned;
  }

  /** Writes under guard a few times; believes, now and then, what its clock says. */
  async work(session: Session, owned: Owned, signal: AbortSignal): Promise<void> {
    const { random, world } = this;
    const { ttlSeconds } = session.lease;
    for (let left = random.between(1, 5); left > 0 && !signal.aborted; left -= 1) {
      if (owned.isHeld()) {
        const { key, token } = owned;
        this.history.beliefs.push({ key, token, ttlSeconds, atMillis: world.nowMillis() });
      }
      await this.#write(owned);
      await pause(this.sim.timers, random.between(0, 1_200), signal);
    }
    if (!random.chance(0.15)) return;
    // Lives on as if nothing was, its session long gone: only the guard stops it (C47).
    session.detach();
    await pause(this.sim.timers, ttlSeconds * 1_000 * random.pick([0.5, 1, 2]), signal);
    await this.#write(owned);
    await this.#write(owned);
    world.coverage.sometimes("write of an owner whose session was given up", true);
  }

  async #write(owned: Owned): Promise<void> {
    const { name } = this;
    this.#writes += 1;
    const resource = `${name}-resource`;
    const value = `${this.#label} ${this.#writes}`;
    const sentMillis = this.world.nowMillis();
    const result = await attempt(() => owned.txn().then(op.put(resource, value)).commit());
    const answeredMillis = this.world.nowMillis();
    const { key, token } = owned;
    const write = { name, key, token, resource, value, sentMillis, answeredMillis };
    this.history.writes.push({ ...write, outcome: outcomeOf(result) });
  }
}

function outcomeOf(result: {
  readonly kind: "done" | "failed";
  readonly answer?: { readonly succeeded: boolean; readonly revision: number };
  readonly error?: { readonly isOutcomeUnknown: boolean };
}): FencedWrite["outcome"] {
  const { answer, error } = result;
  if (answer?.succeeded === true) return { kind: "done", revision: answer.revision };
  return { kind: error?.isOutcomeUnknown === true ? "unknown" : "refused" };
}

/** Codes with which the store refuses what is bound to a lease that is gone. */
const goneCodes: readonly string[] = ["lease-not-found", "lease-lost"];

/** Runs what may fail as recipes fail. @returns Undefined for a failure. @throws all others */
export async function quietly<Result>(
  run: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  try {
    const result = await attempt(run, goneCodes);
    return result.kind === "done" ? result.answer : undefined;
  } catch (error) {
    if (error instanceof RecipeError || isTrouble(error)) return undefined;
    throw error;
  }
}

/** Aborts with a signal, or after a time. */
export function timeLimit(
  { timers }: SimClient,
  millis: number,
  signal: AbortSignal,
): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal, signal);
  const abort = (): void => controller.abort(new Error("long enough"));
  const timer = timers.setTimer(millis, abort);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  return {
    signal: controller.signal,
    dispose: () => {
      timer.cancel();
      signal.removeEventListener("abort", abort);
    },
  };
}
