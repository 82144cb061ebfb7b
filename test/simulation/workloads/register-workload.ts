import type { SeededRandom } from "@quorate/platform/sim";
import { checkKvHistory } from "../checkers/kv-history.ts";
import { checkKvLinearizability } from "../checkers/kv-linearizability.ts";
import type { Coverage } from "../coverage.ts";
import { KvRecorder } from "../history/kv-recorder.ts";
import type { Truth } from "../history/truth.ts";
import { drawKvLoad, runKvClients } from "./kv-clients.ts";
import { drawRegisterMix, RegisterBehaviour } from "./register-operations.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

const prefix = "register/";

/**
 * Several clients on few keys: writes, deletions, compare-and-set, reads of all kinds. Judged by
 * revision and, without any belief in revisions, by a search for an order (P1 to P9).
 */
export class RegisterWorkload implements Workload {
  readonly name = "register";
  readonly #random: SeededRandom;
  #recorder: KvRecorder | undefined;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const load = drawKvLoad(this.#random.split("load"));
    const mix = drawRegisterMix(prefix, this.#random.split("mix"));
    const recorder = new KvRecorder(() => world.nowMillis());
    this.#recorder = recorder;
    const behave = (name: string, random: SeededRandom): RegisterBehaviour =>
      new RegisterBehaviour(mix, name, random);
    await runKvClients({ world, signal, load, recorder, behave });
  }

  judge(truth: Truth, coverage: Coverage): void {
    const records = this.#recorder?.records ?? [];
    checkKvHistory(records, truth, coverage, { isOwned: (key) => key.startsWith(prefix) });
    checkKvLinearizability(records, coverage);
  }
}
