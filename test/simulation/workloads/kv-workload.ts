import type { SeededRandom } from "@quorate/platform/sim";
import { checkKvHistory } from "../checkers/kv-history.ts";
import { checkKvLinearizability } from "../checkers/kv-linearizability.ts";
import type { Coverage } from "../coverage.ts";
import { KvRecorder } from "../history/kv-recorder.ts";
import type { KvRecord } from "../history/kv-records.ts";
import type { Truth } from "../history/truth.ts";
import { drawKvLoad, runKvClients, type KvClientsContext } from "./kv-clients.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

/** What tells workloads of keys apart. */
export interface KvWork {
  readonly name: string;
  /** Begins all keys of the workload; nobody else writes there. */
  readonly prefix: string;
  /** Draws what its clients do. @param random - The workload's own stream. */
  readonly draw: (random: SeededRandom) => KvClientsContext["behave"];
  /** Judges what must hold besides. @throws CheckFailure @default nothing */
  readonly judge?: (records: readonly KvRecord[], truth: Truth, coverage: Coverage) => void;
}

/**
 * Clients that read and write keys. Judged by revision and, without any belief in revisions, by a
 * search for an order (P1 to P9).
 */
export class KvWorkload implements Workload {
  readonly name: string;
  readonly #random: SeededRandom;
  readonly #work: KvWork;
  #recorder: KvRecorder | undefined;

  constructor(random: SeededRandom, work: KvWork) {
    this.name = work.name;
    this.#random = random;
    this.#work = work;
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const load = drawKvLoad(this.#random.split("load"));
    const recorder = new KvRecorder(() => world.nowMillis());
    this.#recorder = recorder;
    const behave = this.#work.draw(this.#random);
    await runKvClients({ world, signal, load, recorder, behave });
  }

  judge(truth: Truth, coverage: Coverage): void {
    const { prefix, judge } = this.#work;
    const records = this.#recorder?.records ?? [];
    judge?.(records, truth, coverage);
    checkKvHistory(records, truth, coverage, { isOwned: (key) => key.startsWith(prefix) });
    checkKvLinearizability(records, coverage);
  }
}
