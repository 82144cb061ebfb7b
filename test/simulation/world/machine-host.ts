import type { Logger } from "@quorate/platform";
import type { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import type { InitialCluster } from "@quorate/state-machine";
import type { Coverage } from "../coverage.ts";
import type { Plan } from "../plan/plan.ts";
import type { ClientNetwork } from "./client-network.ts";
import type { Effects } from "./effects.ts";
import type { Machine } from "./machine.ts";
import type { MemberProcess } from "./member-process.ts";
import type { EndKind, WorldObserver } from "./observer.ts";
import type { PeerNetwork } from "./peer-network.ts";
import type { Story } from "./story.ts";

/** What a machine stands in. */
export interface MachineHost {
  readonly plan: Plan;
  readonly scheduler: SimScheduler;
  readonly cluster: InitialCluster;
  readonly peers: PeerNetwork;
  readonly clients: ClientNetwork;
  readonly coverage: Coverage;
  readonly effects: Effects;
  /** The world's own stream; split it. */
  readonly random: SeededRandom;
  /** Tells all observers; what one of them throws ends the run. */
  readonly observer: Required<WorldObserver>;
  /** The newest entry that any process has applied. */
  appliedIndex(): number;
  readonly story: Story;
  /** Whether the story gets its details. */
  readonly isDetailed: boolean;
  /** A line of the run's story. */
  trace(line: string): void;
  /** A logger whose lines join the story. */
  logger(machine: Machine): Logger;
  /** A process has ended by itself. */
  processEnded(machine: Machine, process: MemberProcess, how: EndKind, error: unknown): void;
  /** Something is wrong that no fault explains: the run ends. */
  fail(error: unknown): void;
}
