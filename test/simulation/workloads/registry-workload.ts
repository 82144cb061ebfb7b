import { InstanceConflictError, RecipeError, Registry, type Registration } from "@quorate/recipes";
import { formatInstance } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

import { checkRegistries } from "../checkers/registry-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { RegistryObserver } from "../history/registry-history.ts";
import type { Truth } from "../history/truth.ts";
import { attempt, isTrouble, pause, untilServed } from "./pacing.ts";
import { RegistryFollower, type LastRow } from "./registry-follower.ts";
import type { SimClient, Workload, WorkloadWorld } from "./workload.ts";

const root = "/sim/registry/";
/** In order: the last row of all is one of the last service. */
const services = ["api", "web"] as const;
/** Fewer than there are registrars: some displace others. */
const ids = ["host-1", "host-2", "host-3"] as const;
/** Comes behind every other row of its service. */
const lastId = "zz";
const crashesMax = 5;

/** Services that come and go, and observers of them, judged by R1 and W11. */
export function createRegistryWorkload(random: SeededRandom): Workload {
  return new RegistryWorkload(random);
}

class RegistryWorkload implements Workload {
  readonly name = "registry";
  readonly #random: SeededRandom;
  readonly #observers: RegistryObserver[] = [];

  constructor(random: SeededRandom) {
    this.#random = random.split("registry");
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const lastRow = new Map<string, Promise<LastRow>>();
    const settle = new Map<string, (row: LastRow) => void>();
    for (const service of services) {
      lastRow.set(service, new Promise((resolve) => settle.set(service, resolve)));
    }
    const followers = Array.from({ length: random.between(2, 3) }, (_, i) => {
      const label = `observer ${i}`;
      const service = random.pick([undefined, ...services]);
      const key = lastKeyOf(service ?? "web");
      const written = lastRow.get(service ?? "web") ?? Promise.reject(new Error("no such service"));
      const parts = { world, sim: world.connect(label), random: random.split(label) };
      return new RegistryFollower(
        label,
        root,
        service,
        { key, written },
        this.#observers,
        parts,
      ).run(signal);
    });
    const operator = world.connect("operator");
    const disturbing = disturb(operator, random.split("operator"), signal);
    const registrars = Array.from({ length: random.between(2, 4) }, (_, i) => {
      const label = `registrar ${i}`;
      return churn(label, world, random.split(label), signal);
    });
    await Promise.all([...registrars, disturbing]);
    for (const service of services) {
      settle.get(service)?.(await writeLastRow(world, operator, service));
    }
    await Promise.all(followers);
  }

  judge(truth: Truth, coverage: Coverage): void {
    checkRegistries(this.#observers, root, truth, coverage);
  }
}

/** Registers, changes, deregisters or dies, again and again. */
async function churn(
  label: string,
  world: WorkloadWorld,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  let sim = world.connect(label);
  for (let crashes = 0; !signal.aborted;) {
    const registration = await register(sim, random);
    if (registration !== undefined) {
      await live(registration, sim, random, signal);
      const isCrash = crashes < crashesMax && random.chance(0.3);
      world.coverage.sometimes("registered service died", isCrash);
      if (isCrash) {
        // Dies with its connections; the row is left to its TTL.
        sim.client.close();
        crashes += 1;
        sim = world.connect(`${label} again ${crashes}`);
      } else {
        await registration.close();
      }
    }
    await pause(sim.timers, random.between(10, 1_500), signal);
  }
}

async function register(
  { client }: SimClient,
  random: SeededRandom,
): Promise<Registration | undefined> {
  const registry = new Registry(client, { root });
  const instance = {
    ...{ service: random.pick(services), id: random.pick(ids) },
    address: `10.0.0.${random.between(1, 200)}:80`,
  };
  const onConflict = random.chance(0.7) ? "replace" : "fail";
  try {
    const ttlSeconds = random.pick([2, 2, 3, 5]);
    return await registry.register(instance, { ttlSeconds, onConflict });
  } catch (error) {
    if (isTrouble(error) || error instanceof RecipeError || isLeaseGone(error)) return undefined;
    throw error;
  }
}

async function live(
  registration: Registration,
  { timers }: SimClient,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  for (let left = random.between(1, 6); left > 0 && !signal.aborted; left -= 1) {
    await pause(timers, random.between(50, 2_000), signal);
    if (registration.lost.aborted) return;
    if (!random.chance(0.4)) continue;
    try {
      await registration.update({ address: `10.0.1.${random.between(1, 200)}:80` });
    } catch (error) {
      if (error instanceof InstanceConflictError) return;
      if (!isTrouble(error) && !(error instanceof RecipeError) && !isLeaseGone(error)) throw error;
    }
  }
}

/** Foreign rows, rows by hand, removed rows, compactions that overtake slow observers (C44). */
async function disturb(
  { client, timers }: SimClient,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(timers, random.between(100, 3_000), signal);
    const key = `${root}${random.pick(services)}/${random.pick([...ids, "by-hand"])}`;
    await attempt(async () => {
      switch (random.nextInt(4)) {
        case 0:
          await client.put(key, "this is no row");
          return;
        case 1:
          await client.put(key, row(`10.0.2.${random.between(1, 200)}:80`));
          return;
        case 2:
          await client.delete(key);
          return;
        default: {
          const { revision } = await client.range(key);
          await client.compact(revision);
        }
      }
    }, ["compacted"]);
  }
}

async function writeLastRow(
  world: WorkloadWorld,
  sim: SimClient,
  service: string,
): Promise<LastRow> {
  const { nowMillis } = world;
  const put = (): Promise<{ readonly revision: number }> => {
    return sim.client.put(lastKeyOf(service), row("10.9.9.9:9"));
  };
  const { revision } = await untilServed("write", sim, put, nowMillis);
  return { revision, askedMillis: nowMillis() };
}

function lastKeyOf(service: string): string {
  return `${root}${service}/${lastId}`;
}

function row(address: string): string {
  return formatInstance({ service: "", id: "", address, metadata: {}, tags: [] });
}

function isLeaseGone(error: unknown): boolean {
  const codes = ["lease-not-found", "lease-lost", "client-closed"];
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
