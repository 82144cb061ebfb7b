import type { SeededRandom } from "@quorate/platform/sim";

import { checkLeases } from "../checkers/lease-checker.ts";
import { checkLeaseKeys } from "../checkers/lease-keys-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { LeaseCall } from "../history/lease-history.ts";
import type { Truth } from "../history/truth.ts";
import { LeaseHolder } from "./lease-holder.ts";
import { pause, untilServed } from "./pacing.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

/** Long enough for leases of up to 4 s to be due. */
const watchedMillis = 12_500;

/** Holders of leases, judged by L1 to L7. */
export function createLeaseWorkload(random: SeededRandom): Workload {
  return new LeaseWorkload(random);
}

class LeaseWorkload implements Workload {
  readonly name = "lease";
  readonly #random: SeededRandom;
  readonly #calls: LeaseCall[] = [];
  #healedMillis: number | undefined;
  #endMillis = 0;
  #driftMax = 0;
  #electionTimeoutMillis = 0;

  constructor(random: SeededRandom) {
    this.#random = random.split("lease");
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const { nowMillis, timers } = world;
    this.#electionTimeoutMillis = world.electionMillis;
    const holders = Array.from({ length: random.between(2, 5) }, (_, i) => {
      const name = `holder ${i}`;
      return new LeaseHolder(name, world, world.connect(name), random.split(name), this.#calls);
    });
    const observer = world.connect("lister");
    const lister = new LeaseHolder("lister", world, observer, random.split("lister"), this.#calls);
    await Promise.all(holders.map((holder) => holder.run(signal)));

    const never = new AbortController().signal;
    await untilServed("read", observer, () => observer.client.range("l/"), nowMillis);
    this.#healedMillis = nowMillis();
    await pause(timers, watchedMillis, never);
    await lister.list();
    this.#endMillis = nowMillis();
    // In a world where this clock is exact, all are.
    this.#driftMax = Math.abs(observer.monotonicMillis() - nowMillis()) < 0.001 ? 0 : 0.05;
  }

  judge(truth: Truth, coverage: Coverage): void {
    const calls = this.#calls;
    const history = { calls, healedMillis: this.#healedMillis, endMillis: this.#endMillis };
    const electionTimeoutMillis = this.#electionTimeoutMillis;
    const bounds = { driftMax: this.#driftMax, electionTimeoutMillis };
    checkLeases(history, truth, coverage, bounds);
    checkLeaseKeys(truth, coverage);
  }
}
