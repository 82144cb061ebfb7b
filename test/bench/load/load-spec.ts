/**
 * What the load generator can be asked for. It runs in a process of its own, so all of this is
 * plain data.
 */

/** A request of which many are sent. */
export type Operation =
  /** Puts under the same `keyCount` keys again and again. */
  | {
      readonly kind: "put";
      readonly keyPrefix: string;
      readonly keyCount: number;
      readonly valueBytes: number;
    }
  /** Gets one of `keyCount` keys that were loaded before. */
  | {
      readonly kind: "range";
      readonly keyPrefix: string;
      readonly keyCount: number;
      readonly isSerializable: boolean;
    }
  /** Lists all keys of the prefix; each answer must have `keyCount` of them. */
  | { readonly kind: "list"; readonly keyPrefix: string; readonly keyCount: number }
  /** Compares a key's version, puts it, gets it. */
  | {
      readonly kind: "txn";
      readonly keyPrefix: string;
      readonly keyCount: number;
      readonly valueBytes: number;
    }
  /** Writes each of `keyCount` keys once, `keysPerTxn` in each transaction. */
  | {
      readonly kind: "fill";
      readonly keyPrefix: string;
      readonly keyCount: number;
      readonly keysPerTxn: number;
      readonly valueBytes: number;
    }
  /** Grants each of so many leases once, with ids that the caller chooses. */
  | { readonly kind: "grant"; readonly leaseIdFirst: number; readonly leaseCount: number };

/** When a load ends. Whatever comes first. */
export interface LoadBound {
  readonly seconds: number;
  /** @default no bound */
  readonly operations?: number;
}

interface CommonLoad {
  /** `host:port` of each member that is to be asked; connections are dealt out to them in turn. */
  readonly endpoints: readonly string[];
  readonly connections: number;
  readonly bound: LoadBound;
}

/** Callers that each wait for an answer before they ask again. */
export interface ClosedLoad extends CommonLoad {
  readonly kind: "closed";
  readonly callers: number;
  readonly operation: Operation;
}

/** Requests at a fixed rate, whatever the server does. Latency counts from the due time. */
export interface OpenLoad extends CommonLoad {
  readonly kind: "open";
  /** Requests in a second; they fall due on a grid of one millisecond. */
  readonly rate: number;
  readonly operation: Operation;
}

/** One writer, many watchers of its one key. An operation is one event at one watcher. */
export interface WatchLoad extends CommonLoad {
  readonly kind: "watch";
  readonly watchers: number;
  readonly streamsPerConnection: number;
  /** Puts whose events are not yet at every watcher; the writer waits beyond. */
  readonly putsInFlight: number;
  readonly valueBytes: number;
}

/** Leases granted before, renewed round robin: each stream goes round those dealt to it. */
export interface KeepAliveLoad extends CommonLoad {
  readonly kind: "keep-alive";
  readonly leaseIdFirst: number;
  readonly leases: number;
  readonly streamsPerConnection: number;
  /** Renewals of a stream that are on their way at one time. */
  readonly inFlightPerStream: number;
}

/**
 * Many connections, opened as fast as the server takes them, then held while each makes a Put now
 * and then. An operation is a connection; a latency is the time until the server's first answer.
 */
export interface ConnectionsLoad extends CommonLoad {
  readonly kind: "connections";
  /** Puts in a second, dealt out to the connections in turn, while they are held. */
  readonly rate: number;
  readonly valueBytes: number;
}

/** Reads all keys of a prefix from first to last, page by page, once. An operation is one key. */
export interface PagesLoad extends CommonLoad {
  readonly kind: "pages";
  readonly keyPrefix: string;
  readonly keyCount: number;
  /** Keys in a page; 0 asks for all in one answer. */
  readonly pageKeys: number;
}

/** Everything that the generator can be asked for. */
export type LoadSpec =
  ClosedLoad | OpenLoad | WatchLoad | KeepAliveLoad | ConnectionsLoad | PagesLoad;

/** Latencies in milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What a load measured. */
export interface LoadResult {
  /** Those that succeeded. */
  readonly operations: number;
  readonly seconds: number;
  readonly latencies: Latencies;
  readonly failures: number;
  /** Processor time of the generator itself, in seconds: near `seconds` it was the bottleneck. */
  readonly generatorCpuSeconds: number;
  /** What else there is to say, by names that hold the unit. */
  readonly details?: Readonly<Record<string, number>>;
}

/** Message to the process of the generator: a load, or that the open load is to end now. */
export type LoadRequest =
  { readonly id: number; readonly spec: LoadSpec } | { readonly stop: true };

/** Its answer. */
export type LoadAnswer =
  | { readonly id: number; readonly result: LoadResult }
  | { readonly id: number; readonly error: string };
