/** What clients do while the world is disturbed, and how that is judged. */
import type { Client } from "@quorate/client";
import type { Timers } from "@quorate/platform";
import type { SeededRandom } from "@quorate/platform/sim";
import type { Coverage } from "../coverage.ts";
import type { Truth } from "../history/truth.ts";
import type { RawChannel } from "./watch-channel.ts";

/** What a workload may use. */
export interface WorkloadWorld {
  /** This workload's own stream. */
  readonly random: SeededRandom;
  /** Timers of a machine outside the cluster that never fails. */
  readonly timers: Timers;
  /** The election time-out of the members. */
  readonly electionMillis: number;
  /** Virtual milliseconds since the start; the time that histories are written in. */
  nowMillis(): number;
  /**
   * A new real client on a machine of its own: its clock may drift, its links may be cut, it may be
   * paused. Closed with the world.
   *
   * @param name - Unique; names its random stream and its machine.
   */
  connect(name: string): SimClient;
  readonly coverage: Coverage;
}

/** A client and the machine it runs on. */
export interface SimClient {
  readonly client: Client;
  /** The machine's timers and clock, for recipes and for waiting. */
  readonly timers: Timers;
  /** Milliseconds of the machine's monotonic clock: drifts against `nowMillis`. */
  monotonicMillis(): number;
  /**
   * A connection of this machine to one of `client.endpoints`, beside the client's own: for streams
   * that are read as they come.
   */
  openChannel(endpoint: string): RawChannel;
}

/** A workload of a run. One object a run. */
export interface Workload {
  readonly name: string;
  /**
   * Begins; ends by itself soon after `signal` aborts: nothing new is begun, what is under way may
   * fail. Resolves when all has ended; must resolve within 30 virtual seconds of a healed cluster.
   *
   * @throws what a client must never see: a wrong answer, an error of an unknown kind.
   */
  run(world: WorkloadWorld, signal: AbortSignal): Promise<void>;
  /** Judges what was recorded against what the store really did. @throws CheckFailure */
  judge(truth: Truth, coverage: Coverage): void;
}
