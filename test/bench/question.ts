/** What a file in `questions/` provides, and what it gets. */
import type { LoadGenerator } from "./load/load-generator.ts";
import type { ClosedLoad, Latencies, LoadBound, LoadSpec } from "./load/load-spec.ts";
import type { Peer, Usage } from "./peer.ts";

/** Sizes that `--quick` makes small. */
export interface Scale {
  /** How long one measurement of a rate lasts, in seconds. */
  readonly seconds: number;
  /** Most operations of one measurement; undefined for no bound. */
  readonly operations: number | undefined;
  /** How long a peer is loaded before it is measured. */
  readonly warmupSeconds: number;
  /** Keys that reads choose from, or writes go to. */
  readonly keys: number;
  readonly listKeys: number;
  readonly watchers: number;
  readonly leases: number;
  readonly manyKeys: number;
  /** Of the rows of scale. */
  readonly manyWatchers: number;
  readonly manyLeases: number;
  readonly manyConnections: number;
  /** Puts in a second of the open loop; undefined for half of the best measured. */
  readonly rate: number | undefined;
}

/** One measurement of one peer. */
export interface Sample {
  /** Of the row in the table; a question may have several. */
  readonly row: string;
  /** What one operation is: "put", "event", "key". */
  readonly unit: string;
  /** Who made the load: "raw", "h2load", "-". */
  readonly client: string;
  readonly operations: number;
  /** With those that the client did not wait for. @default as many as `operations` */
  readonly servedOperations?: number;
  readonly seconds: number;
  readonly latencies: Latencies | undefined;
  readonly failures: number;
  /** Processor time of the load generator; undefined where there was none. */
  readonly generatorCpuSeconds: number | undefined;
  /** Processes of the load generator, of which each can use one processor. @default 1 */
  readonly generatorProcesses?: number;
  readonly usage: Usage | undefined;
  readonly diskBytes?: number;
  /** What else there is to say, by names that hold the unit. */
  readonly details?: Readonly<Record<string, number>>;
}

/** Which part of the catalogue a question belongs to: they can be run apart. */
export type QuestionGroup = "table" | "many-keys" | "scale";

/** Questions of scale take long, and their stalls are no matter of a percent. */
export const scaleRepetitionsMax = 3;

/** What a question gets to measure with. */
export interface Workbench {
  readonly generator: LoadGenerator;
  /** A second process, for a lone caller beside a load. */
  readonly canary: LoadGenerator;
  readonly scale: Scale;
  /** Bound of one measurement by the options. */
  readonly bound: LoadBound;
  /** Warms the peer up with a load and measures it under the same load. */
  measure(peer: Peer, row: string, unit: string, spec: LoadSpec): Promise<Sample>;
  /** The same with h2load as the client, and then with that of this folder. */
  measureWithBoth(
    peer: Peer,
    row: string,
    unit: string,
    spec: ClosedLoad,
  ): Promise<readonly Sample[]>;
  /** Numbers found in this run that later measurements of the same question go by. */
  readonly memory: Map<string, number>;
}

/** One question to both peers. */
export interface Question {
  readonly name: string;
  readonly title: string;
  readonly group: QuestionGroup;
  /** Sizes of the clusters that are asked. */
  readonly members: readonly number[];
  /** Whether each repetition needs peers without data. @default false */
  readonly needsEmptyPeer?: boolean;
  /** Repetitions are bounded by this, for questions that take minutes. */
  readonly repetitionsMax?: number;
  /** Loads what the question needs, once for each peer. */
  prepare?(workbench: Workbench, peer: Peer): Promise<void>;
  /** Measures once. */
  measure(workbench: Workbench, peer: Peer): Promise<readonly Sample[]>;
}
