/** An observer of a registry that writes down what it is told. */
import {
  RecipeError,
  Registry,
  type InstanceEvent,
  type RegisteredInstance,
} from "@quorate/recipes";
import type { SeededRandom } from "@quorate/platform/sim";

import type { RegistryEvent, RegistryObserver, SeenInstance } from "../history/registry-history.ts";
import { isTrouble, pause } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** A row that is written when all else has ended. */
export interface LastRow {
  readonly revision: number;
  readonly askedMillis: number;
}

/** A silent member is noticed by its connection after 15 s. */
const withinMillis = 35_000;

/** See the head of the file. */
export class RegistryFollower {
  readonly #label: string;
  readonly #root: string;
  readonly #service: string | undefined;
  readonly #lastKey: string;
  readonly #last: Promise<LastRow>;
  readonly #observers: RegistryObserver[];
  readonly #world: WorkloadWorld;
  readonly #sim: SimClient;
  readonly #random: SeededRandom;

  /** @param service - Undefined for all. */
  constructor(
    label: string,
    root: string,
    service: string | undefined,
    last: { readonly key: string; readonly written: Promise<LastRow> },
    observers: RegistryObserver[],
    parts: {
      readonly world: WorkloadWorld;
      readonly sim: SimClient;
      readonly random: SeededRandom;
    },
  ) {
    this.#label = label;
    this.#root = root;
    this.#service = service;
    this.#lastKey = last.key;
    this.#last = last.written;
    this.#observers = observers;
    ({ world: this.#world, sim: this.#sim, random: this.#random } = parts);
  }

  /** Follows, with new watches now and then; after the abort until the last row is there. */
  async run(signal: AbortSignal): Promise<void> {
    for (let round = 1; ; round += 1) {
      const isLast = signal.aborted;
      if (await this.#watch(`${this.#label}.${round}`, isLast, signal)) return;
      await pause(this.#sim.timers, this.#random.between(0, 500), signal);
    }
  }

  /** One watch; true when it saw the last row, or never will. */
  async #watch(name: string, isLast: boolean, signal: AbortSignal): Promise<boolean> {
    const random = this.#random;
    const { nowMillis } = this.#world;
    const { client, timers } = this.#sim;
    const registry = new Registry(client, { root: this.#root });
    const end = new AbortController();
    const limit = isLast ? undefined : this.#limit(random.between(3_000, 40_000), end, signal);
    let last: LastRow | undefined;
    void this.#last.then((row) => {
      last = row;
      // Not before the time is over: until then it may come yet.
      timers.setTimer(withinMillis + 1_000, () => end.abort());
    });
    const events: RegistryEvent[] = [];
    const isSlow = random.chance(0.3);
    let reachedMillis: number | undefined;
    try {
      for await (const event of registry.watch(this.#service, { signal: end.signal })) {
        if (event.kind === "foreign") continue;
        const instances = instancesOf(event).map(toSeenInstance);
        events.push({ kind: event.kind, revision: event.revision, instances });
        if (instances.some(({ key }) => key === this.#lastKey)) {
          reachedMillis = nowMillis();
          break;
        }
        if (isSlow) await pause(timers, random.between(0, 1_500), signal);
      }
    } catch (error) {
      if (!isTrouble(error) && !(error instanceof RecipeError)) throw error;
    } finally {
      limit?.cancel();
    }
    // The row may be seen before its writer has the answer.
    if (reachedMillis !== undefined) last = await this.#last;
    const isOver = last !== undefined && (reachedMillis !== undefined || end.signal.aborted);
    const settled = isOver ? withEnd(last, reachedMillis) : undefined;
    const prefix = registry.prefix(this.#service);
    this.#observers.push({ name, prefix, events, last: settled });
    return isOver;
  }

  /** Ends a watch after a while, unless the end of the run comes first. */
  #limit(millis: number, end: AbortController, signal: AbortSignal): { cancel(): void } {
    return this.#sim.timers.setTimer(millis, () => {
      if (!signal.aborted) end.abort();
    });
  }
}

function withEnd(
  row: LastRow | undefined,
  reachedMillis: number | undefined,
): RegistryObserver["last"] {
  return row === undefined ? undefined : { ...row, reachedMillis, withinMillis };
}

function instancesOf(event: Exclude<InstanceEvent, { readonly kind: "foreign" }>) {
  return event.kind === "snapshot" ? event.instances : [event.instance];
}

function toSeenInstance({ key, address, leaseId }: RegisteredInstance): SeenInstance {
  return { key, address, leaseId };
}
