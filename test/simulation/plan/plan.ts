/**
 * Everything that a run does, as plain data: drawn from a seed, printed before the run, cut smaller
 * when it fails, and kept as JSON where it must be repeated.
 */
import type { AutoCompaction, MemberLimits, MemberTiming } from "@quorate/server/member";
import type { LinkFaults } from "../world/peer-network-faults.ts";
import type { FaultPlan } from "./fault-plan.ts";

/** See the head of the file. Times are virtual milliseconds. */
export interface Plan {
  /** What the streams of the run are drawn from, decimal. */
  readonly seed: string;
  /** Voters at the start, 1 to 7. */
  readonly members: number;
  readonly timing: MemberTiming & { readonly limits: MemberLimits };
  readonly machine: MachinePlan;
  /** How links between members are when nothing is cut. */
  readonly network: LinkFaults;
  /** Time between reads that every member is asked for beside all workloads; 0 for none. */
  readonly probeMillis: number;
  readonly workloads: readonly WorkloadPlan[];
  readonly faults: readonly FaultPlan[];
  /** How long the safety phase lasts. */
  readonly faultyMillis: number;
  /**
   * Whether only a majority is healed at the end, and everybody else stays as the faults left them
   * (D9).
   */
  readonly isCoreHealedAlone: boolean;
  /** How long clients go on after the healing before they are asked to end. @default 3,000 */
  readonly calmMillis?: number;
  /** Clients that stand still until they are asked to end, by name. @default none */
  readonly silentClients?: readonly string[];
}

/** Settings of all machines of the cluster. */
export interface MachinePlan {
  readonly segmentBytes: number;
  /** Time of a sync, drawn between both. */
  readonly syncMillis: readonly [number, number];
  /** Time between commits of the store. */
  readonly commitIntervalMillis: number;
  readonly compactionBatchLimit: number;
  readonly compactionPauseMillis: number;
  readonly watchBatchRevisionsMax: number;
  readonly watchSliceWatchersMax: number;
  readonly watchFanOutWatchersMax: number;
  /** Bytes that wait for a slow client before its watchers are parked. */
  readonly watchBufferBytes: number;
  /** The same of the transport, before it says that it has enough. */
  readonly writeBufferBytes: number;
  readonly autoCompaction: AutoCompaction;
  /** Most that a clock gains or loses, as a part of one. */
  readonly driftMax: number;
  /** Bytes of the quota; 0 for the default. */
  readonly quotaBytes: number;
}

/** One workload; its details are drawn from its own stream. */
export interface WorkloadPlan {
  readonly kind: string;
  /** Names its stream, so that leaving another out changes nothing here. */
  readonly name: string;
}
