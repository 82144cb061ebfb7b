import { Election, RecipeError, type Session } from "@quorate/recipes";
import type { SeededRandom } from "@quorate/platform/sim";

import { checkOwnerships } from "../checkers/ownership-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { Truth } from "../history/truth.ts";
import {
  newOwnershipHistory,
  Owner,
  quietly,
  timeLimit,
  type GrowingHistory,
} from "./mutex-owner.ts";
import { isTrouble, latin1, pause } from "./pacing.ts";
import type { SimClient, Workload, WorkloadWorld } from "./workload.ts";

const name = "elections/shard";

/** Elections whose leaders write under guard, judged by K1 to K4. */
export function createElectionWorkload(random: SeededRandom): Workload {
  return new ElectionWorkload(random);
}

class ElectionWorkload implements Workload {
  readonly name = "election";
  readonly #random: SeededRandom;
  readonly #history = newOwnershipHistory();
  #driftMax = 0;

  constructor(random: SeededRandom) {
    this.#random = random.split("election");
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const candidates = Array.from({ length: random.between(2, 4) }, (_, i) => {
      const label = `candidate ${i}`;
      const parts = { world, sim: world.connect(label), random: random.split(label) };
      return new Owner(label, name, this.#history, parts);
    });
    const observers = Array.from({ length: random.between(1, 2) }, (_, i) => {
      const label = `observer ${i}`;
      return observe(label, world.connect(label), random.split(label), this.#history, signal);
    });
    await Promise.all([...candidates.map((owner) => stand(owner, signal)), ...observers]);
    const [any] = candidates;
    // In a world where this clock is exact, all are.
    const gained = (any?.sim.monotonicMillis() ?? 0) - world.nowMillis();
    this.#driftMax = Math.abs(gained) < 0.001 ? 0 : 0.05;
  }

  judge(truth: Truth, coverage: Coverage): void {
    checkOwnerships(this.#history, truth, coverage, { driftMax: this.#driftMax });
  }
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
