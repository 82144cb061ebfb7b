/** What one package is for and what it may know of the others. */
export interface PackageRule {
  /** One line, as `packages/README.md` shows it. */
  readonly purpose: string;
  /** Packages its sources may import. */
  readonly imports: readonly string[];
  /** True where neither Node nor any clock is at hand: compiled with `types: []`. */
  readonly isPure?: boolean;
}

/**
 * The packages and the direction of imports, lowest first. Everything else follows from this table:
 * each package.json and tsconfig.json, each import, and the graph in `packages/README.md` are
 * compared with it.
 */
export const packageTable: Readonly<Record<string, PackageRule>> = {
  api: {
    purpose: "etcd v3 wire messages: protocol files, generated codecs, table of wire errors",
    imports: [],
    isPure: true,
  },
  raft: {
    purpose: "consensus without input or output: log, quorum, progress, membership, reads",
    imports: [],
    isPure: true,
  },
  linearizability: {
    purpose: "judges histories of concurrent operations: is there an order that explains them",
    imports: [],
    isPure: true,
  },
  platform: {
    purpose:
      "seams to the world: clock, timers, randomness, files, log, meters; real and simulated",
    imports: [],
  },
  grpc: {
    purpose: "gRPC server transport, without knowledge of etcd",
    imports: ["platform"],
  },
  wal: {
    purpose: "write-ahead log: segments, records, checksums, repair",
    imports: ["platform", "raft"],
  },
  mvcc: {
    purpose: "revisions, key index, ranges, watch, compaction, storage backends",
    imports: ["platform"],
  },
  client: {
    purpose: "client for this store and any etcd v3 cluster",
    imports: ["api", "platform"],
  },
  "state-machine": {
    purpose: "meaning of each log entry: keys, leases, alarms, members",
    imports: ["api", "mvcc", "platform"],
  },
  exporter: {
    purpose: "catalogue of metrics, /metrics, Prometheus http_sd; also a program of its own",
    imports: ["client", "platform"],
  },
  recipes: {
    purpose: "session, election, mutex, service registry",
    imports: ["client", "platform"],
  },
  gateway: {
    purpose: "the HTTP door of a member: health, version, metrics",
    imports: ["api", "exporter", "platform"],
  },
  server: {
    purpose: "one member: Ready loop, peers, gRPC services, command line",
    imports: [
      "api",
      "raft",
      "wal",
      "mvcc",
      "state-machine",
      "grpc",
      "gateway",
      "exporter",
      "platform",
    ],
  },
};

/** Packages that test code of any package may import beside what its sources may. */
export const testImports: readonly string[] = ["platform"];
