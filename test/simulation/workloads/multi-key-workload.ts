import type { SeededRandom } from "@quorate/platform/sim";
import { checkKvHistory } from "../checkers/kv-history.ts";
import { checkKvLinearizability } from "../checkers/kv-linearizability.ts";
import type { Coverage } from "../coverage.ts";
import { KvRecorder } from "../history/kv-recorder.ts";
import type { Truth } from "../history/truth.ts";
import { drawKvLoad, runKvClients } from "./kv-clients.ts";
import { drawMultiKeySpace, MultiKeyBehaviour } from "./multi-key-operations.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

const prefix = "multi/";

/** Transactions over several keys, judged step by step at their revision (P1, P5, C28). */
export class MultiKeyWorkload implements Workload {
  readonly name = "multi-key";
  readonly #random: SeededRandom;
  #recorder: KvRecorder | undefined;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const load = drawKvLoad(this.#random.split("load"));
    const space = drawMultiKeySpace(prefix, this.#random.split("keys"));
    const recorder = new KvRecorder(() => world.nowMillis());
    this.#recorder = recorder;
    const behave = (name: string, random: SeededRandom): MultiKeyBehaviour =>
      new MultiKeyBehaviour(space, name, random);
    await runKvClients({ world, signal, load, recorder, behave });
  }

  judge(truth: Truth, coverage: Coverage): void {
    const records = this.#recorder?.records ?? [];
    checkKvHistory(records, truth, coverage, { isOwned: (key) => key.startsWith(prefix) });
    checkKvLinearizability(records, coverage);
  }
}
