import { Mutex, type Session } from "@quorate/recipes";
import type { SeededRandom } from "@quorate/platform/sim";

import { quietly, timeLimit, type Owner } from "./mutex-owner.ts";
import { OwnershipWorkload } from "./ownership-workload.ts";
import { pause } from "./pacing.ts";
import type { Workload } from "./workload.ts";

/** Locks with guarded writes, judged by K1 to K3. */
export function createMutexWorkload(random: SeededRandom): Workload {
  return new OwnershipWorkload(random, {
    name: "mutex",
    names: ["locks/a", "locks/b"],
    label: "contender",
    ownersMax: 5,
    own: contend,
  });
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
