import type { SeededRandom } from "@quorate/platform/sim";

import { checkOwnerships } from "../checkers/ownership-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { OwnershipHistory } from "../history/ownership-history.ts";
import type { Truth } from "../history/truth.ts";
import { newOwnershipHistory, Owner, type GrowingHistory } from "./mutex-owner.ts";
import { evictOwners, type Eviction } from "./owner-evictor.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

/** What tells locks and elections apart. */
export interface OwnershipWork {
  readonly name: string;
  /** Names that are owned; a run has one of them or more. */
  readonly names: readonly string[];
  /** What one who wants to own is called. */
  readonly label: string;
  readonly ownersMax: number;
  /** Owns and gives back, until the signal aborts. */
  readonly own: (owner: Owner, signal: AbortSignal) => Promise<void>;
  /** What others do meanwhile, until the signal aborts. @default nothing */
  readonly beside?: (
    world: WorkloadWorld,
    random: SeededRandom,
    history: GrowingHistory,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** Owners of names who write under guard, judged by K1 to K4. */
export class OwnershipWorkload implements Workload {
  readonly name: string;
  readonly #random: SeededRandom;
  readonly #work: OwnershipWork;
  readonly #history = newOwnershipHistory();
  readonly #evictions: Eviction[] = [];
  #driftMax = 0;

  constructor(random: SeededRandom, work: OwnershipWork) {
    this.name = work.name;
    this.#random = random.split(work.name);
    this.#work = work;
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const { label, ownersMax, own, beside } = this.#work;
    const names = this.#work.names.slice(0, random.between(1, this.#work.names.length));
    const owners = Array.from({ length: random.between(2, ownersMax) }, (_, i) => {
      const name = `${label} ${i}`;
      const parts = { world, sim: world.connect(name), random: random.split(name) };
      return new Owner(name, names[i % names.length] ?? "", this.#history, parts);
    });
    await Promise.all([
      ...owners.map((owner) => own(owner, signal)),
      beside?.(world, random, this.#history, signal),
      ...names.map((name) => this.#evict(world, name, signal)),
    ]);
    const [any] = owners;
    // In a world where this clock is exact, all are.
    const gained = (any?.sim.monotonicMillis() ?? 0) - world.nowMillis();
    this.#driftMax = Math.abs(gained) < 0.001 ? 0 : 0.05;
  }

  judge(truth: Truth, coverage: Coverage): void {
    const history = withoutEvicted(this.#history, this.#evictions);
    checkOwnerships(history, truth, coverage, { driftMax: this.#driftMax });
  }

  /** In half of the runs ownerships end also before their leases do. */
  async #evict(world: WorkloadWorld, name: string, signal: AbortSignal): Promise<void> {
    const random = this.#random.split(`evictor of ${name}`);
    if (random.chance(0.5)) return;
    const sim = world.connect(`evictor of ${name}`);
    await evictOwners({ world, sim, random, name, evictions: this.#evictions }, signal);
  }
}

/** An owner's clock tells when its lease ends, not that somebody takes the key away. */
function withoutEvicted(
  history: OwnershipHistory,
  evictions: readonly Eviction[],
): OwnershipHistory {
  const evictedAt = new Map<string, number>();
  for (const { key, sentMillis } of evictions) {
    if (!evictedAt.has(key)) evictedAt.set(key, sentMillis);
  }
  const beliefs = history.beliefs.filter(
    ({ key, atMillis }) => atMillis < (evictedAt.get(key) ?? Infinity),
  );
  return { ...history, beliefs };
}
