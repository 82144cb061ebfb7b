import { Mutex, type Session } from "@quorate/recipes";
import type { SeededRandom } from "@quorate/platform/sim";

import { checkOwnerships } from "../checkers/ownership-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { Truth } from "../history/truth.ts";
import { newOwnershipHistory, Owner, quietly, timeLimit } from "./mutex-owner.ts";
import { pause } from "./pacing.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

const names = ["locks/a", "locks/b"] as const;

/** Locks with guarded writes, judged by K1 to K3. */
export function createMutexWorkload(random: SeededRandom): Workload {
  return new MutexWorkload(random);
}

class MutexWorkload implements Workload {
  readonly name = "mutex";
  readonly #random: SeededRandom;
  readonly #history = newOwnershipHistory();
  #driftMax = 0;

  constructor(random: SeededRandom) {
    this.#random = random.split("mutex");
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const count = random.between(1, 2);
    const owners = Array.from({ length: random.between(2, 5) }, (_, i) => {
      const label = `contender ${i}`;
      const own = random.split(label);
      const parts = { world, sim: world.connect(label), random: own };
      return new Owner(label, names[i % count] ?? names[0], this.#history, parts);
    });
    await Promise.all(owners.map((owner) => contend(owner, signal)));
    const [any] = owners;
    // In a world where this clock is exact, all are.
    const gained = (any?.sim.monotonicMillis() ?? 0) - world.nowMillis();
    this.#driftMax = Math.abs(gained) < 0.001 ? 0 : 0.05;
  }

  judge(truth: Truth, coverage: Coverage): void {
    checkOwnerships(this.#history, truth, coverage, { driftMax: this.#driftMax });
  }
}

async function contend(owner: Owner, signal: AbortSignal): Promise<void> {
  const { random, sim } = owner;
  while (!signal.aborted) {
    const session = await owner.openSession();
    if (session !== undefined) {
      for (let left = random.between(1, 3); left > 0 && session.isAlive(); left -= 1) {
        await holdOnce(owner, session, signal);
      }
      if (random.chance(0.6)) await quietly(() => session.close());
      else session.detach();
    }
    await pause(sim.timers, random.between(10, 800), signal);
  }
}

async function holdOnce(owner: Owner, session: Session, signal: AbortSignal): Promise<void> {
  const { random, sim, name } = owner;
  const mutex = new Mutex(name);
  const limit = timeLimit(sim, random.between(500, 15_000), signal);
  try {
    const options = { signal: limit.signal };
    const lock = await owner.acquire(session, () =>
      random.chance(0.25) ? mutex.tryLock(session, options) : mutex.lock(session, options),
    );
    if (lock === undefined) return;
    await owner.work(session, lock, signal);
    if (random.chance(0.8)) await quietly(() => lock.unlock());
    else session.detach();
  } finally {
    limit.dispose();
  }
}
