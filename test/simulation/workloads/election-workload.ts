import { Election, RecipeError, type Session } from "@quorate/recipes";
import type { SeededRandom } from "@quorate/platform/sim";

import { quietly, timeLimit, type GrowingHistory, type Owner } from "./mutex-owner.ts";
import { OwnershipWorkload } from "./ownership-workload.ts";
import { isTrouble, latin1, pause } from "./pacing.ts";
import type { SimClient, Workload, WorkloadWorld } from "./workload.ts";

const name = "elections/shard";

/** Elections whose leaders write under guard, judged by K1 to K4. */
export function createElectionWorkload(random: SeededRandom): Workload {
  return new OwnershipWorkload(random, {
    name: "election",
    names: [name],
    label: "candidate",
    ownersMax: 4,
    own: stand,
    beside: observeAll,
  });
}

async function stand(owner: Owner, signal: AbortSignal): Promise<void> {
  const { random, sim } = owner;
  while (!signal.aborted) {
    const session = await owner.openSession();
    if (session !== undefined) {
      await leadOnce(owner, session, signal);
      if (random.chance(0.5)) await quietly(() => session.close());
      else session.detach();
    }
    await pause(sim.timers, random.between(10, 800), signal);
  }
}

async function leadOnce(owner: Owner, session: Session, signal: AbortSignal): Promise<void> {
  const { random, sim, client } = owner;
  const election = new Election(client, name);
  const limit = timeLimit(sim, random.between(2_000, 20_000), signal);
  try {
    const leadership = await owner.acquire(session, () =>
      election.campaign(session, "first", { signal: limit.signal }),
    );
    if (leadership === undefined) return;
    for (let round = random.between(1, 3); round > 0 && !signal.aborted; round -= 1) {
      await owner.work(session, leadership, signal);
      if (random.chance(0.4)) await quietly(() => leadership.proclaim(`round ${round}`));
    }
    if (random.chance(0.6)) await quietly(() => leadership.resign());
  } finally {
    limit.dispose();
  }
}

async function observeAll(
  world: WorkloadWorld,
  random: SeededRandom,
  history: GrowingHistory,
  signal: AbortSignal,
): Promise<void> {
  const observers = Array.from({ length: random.between(1, 2) }, (_, i) => {
    const label = `observer ${i}`;
    return observe(label, world.connect(label), random.split(label), history, signal);
  });
  await Promise.all(observers);
}

/** Follows the leaders, and asks for the present one now and then. */
async function observe(
  observer: string,
  sim: SimClient,
  random: SeededRandom,
  { observed }: GrowingHistory,
  signal: AbortSignal,
): Promise<void> {
  const { client, timers } = sim;
  const election = new Election(client, name);
  let round = 0;
  while (!signal.aborted) {
    round += 1;
    const who = `${observer}.${round}`;
    const note = (leader: Awaited<ReturnType<typeof election.leader>>): void => {
      if (leader === undefined) return;
      const { key, token, value, revision } = leader;
      observed.push({ observer: who, name, key, token, value: latin1(value.value), revision });
    };
    try {
      if (random.chance(0.5)) note(await election.leader());
      const limit = timeLimit(sim, random.between(2_000, 9_000), signal);
      try {
        for await (const leader of election.observe({ signal: limit.signal })) note(leader);
      } finally {
        limit.dispose();
      }
    } catch (error) {
      if (!(error instanceof RecipeError) && !isTrouble(error)) throw error;
    }
    await pause(timers, random.between(50, 1_000), signal);
  }
}
