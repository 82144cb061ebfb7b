/** What a file in `questions/` provides, and what it gets. */
import type { LoadGenerator } from "./load/load-generator.ts";
import type { Latencies, LoadBound, LoadSpec } from "./load/load-spec.ts";
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
  readonly seconds: number;
  readonly latencies: Latencies | undefined;
  readonly failures: number;
  /** Share of one processor that the load generator itself took. */
  readonly generatorShare: number | undefined;
  readonly usage: Usage | undefined;
  readonly diskBytes?: number;
}

/** What a question gets to measure with. */
export interface Workbench {
  readonly generator: LoadGenerator;
  readonly scale: Scale;
  /** Bound of one measurement by the options. */
  readonly bound: LoadBound;
  /** Warms the peer up with a load and measures it under the same load. */
  measure(peer: Peer, row: string, unit: string, spec: LoadSpec): Promise<Sample>;
  /** The same with h2load as the client; undefined where it is not installed. */
  measureWithH2load(
    peer: Peer,
    row: string,
    unit: string,
    spec: LoadSpec,
  ): Promise<Sample | undefined>;
  /** Numbers found in this run that later measurements of the same question go by. */
  readonly memory: Map<string, number>;
}

/** One question to both peers. */
export interface Question {
  readonly name: string;
  readonly title: string;
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
