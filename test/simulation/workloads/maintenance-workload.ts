import type { SeededRandom } from "@quorate/platform/sim";

import { check } from "../checkers/check-failure.ts";
import { checkMaintenance } from "../checkers/maintenance-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { MaintenanceCall } from "../history/maintenance-history.ts";
import type { Truth } from "../history/truth.ts";
import { MaintenanceOperator } from "./maintenance-operator.ts";
import { pause, servedMillis, untilDone } from "./pacing.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

/** Operators that compact, defragment, hash and move leaders, judged by P8, P9 and B17. */
export function createMaintenanceWorkload(random: SeededRandom): Workload {
  return new MaintenanceWorkload(random);
}

class MaintenanceWorkload implements Workload {
  readonly name = "maintenance";
  readonly #random: SeededRandom;
  readonly #calls: MaintenanceCall[] = [];

  constructor(random: SeededRandom) {
    this.#random = random.split("maintenance");
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const operators = Array.from({ length: random.between(1, 2) }, (_, i) => {
      const label = `operator ${i}`;
      const parts = { world, sim: world.connect(label), random: random.split(label) };
      return new MaintenanceOperator(label, this.#calls, parts);
    });
    const pauseMillis = random.pick([50, 300, 1_500]);
    await Promise.all(
      operators.map(async (operator) => {
        while (!signal.aborted) {
          await operator.act();
          await pause(operator.sim.timers, random.between(0, 2 * pauseMillis), signal);
        }
      }),
    );
    const [first] = operators;
    if (first !== undefined) await this.#writesResume(world, first);
  }

  judge(truth: Truth, coverage: Coverage): void {
    checkMaintenance(this.#calls, truth, coverage);
  }

  /** A transfer, to whomever, dead or alive, and a write after it (B17, C17). */
  async #writesResume(world: WorkloadWorld, operator: MaintenanceOperator): Promise<void> {
    const { nowMillis } = world;
    const { client, timers } = operator.sim;
    await operator.moveLeader();
    const millis = servedMillis(client);
    const put = (): Promise<unknown> => client.put("m/last", "written");
    const written = await untilDone(timers, put, nowMillis() + millis, nowMillis);
    check(written !== undefined, "B17", () => {
      return `no write within ${millis} ms after a transfer of leadership`;
    });
    world.coverage.checked("B17");
  }
}
