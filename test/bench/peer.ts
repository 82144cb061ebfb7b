import { fileURLToPath } from "node:url";

import { GrpcConnection } from "./load/grpc-connection.ts";
import { callOnce } from "./load/keep-alive-load.ts";
import {
  encodeRangeRequest,
  encodeStatusRequest,
  decodeStatusResponse,
  services,
} from "@quorate/api";
import { within } from "../support/deadline.ts";
import { startEtcdCluster, type EtcdCluster } from "../support/etcd-process.ts";
import { startStore, type StoreKind } from "../support/store.ts";
import { cpuSeconds, diskBytes, forgetPeaks, memoryOf, type Memory } from "./process-usage.ts";

/** Flags that both stores get beyond addresses and names; all else is at its default. */
const commonFlags = [
  // etcd 3.4 and Quorate have different defaults here, and a snapshot costs time.
  ...["--snapshot-count", "10000"],
  ...["--quota-backend-bytes", String(8 * 1024 ** 3)],
] as const;

const startMillis = 120_000;

/** What the machine spent on a store between two moments. */
export interface Usage extends Memory {
  readonly cpuSeconds: number;
  /** Delay of the event loop at the 99th percentile in seconds, the worst of the members. */
  readonly loopDelaySeconds: number | undefined;
}

/** A running store: the members of one cluster. */
export class Peer {
  readonly kind: StoreKind;
  readonly cluster: EtcdCluster;
  readonly #profileFolder: string | undefined;

  private constructor(kind: StoreKind, cluster: EtcdCluster, profileFolder: string | undefined) {
    this.kind = kind;
    this.cluster = cluster;
    this.#profileFolder = profileFolder;
  }

  /**
   * Starts a cluster and waits until every member answers a linearizable read.
   *
   * @param profileFolder - Where CPU profiles of Quorate's members go; undefined for none.
   */
  static async start(
    kind: StoreKind,
    size: number,
    profileFolder: string | undefined,
  ): Promise<Peer> {
    const profiled = kind === "quorate" ? profileFolder : undefined;
    const options = { flags: commonFlags };
    const starting =
      profiled === undefined
        ? startStore(kind, size, options)
        : startEtcdCluster(size, { ...options, command: profiledCommand(profiled) });
    const cluster = await within(startMillis, `${kind} to start`, starting);
    const peer = new Peer(kind, cluster, profiled);
    await peer.untilReady();
    return peer;
  }

  /** `host:port` of every member, the leader first: one connection goes to the leader. */
  async endpoints(): Promise<readonly string[]> {
    if (this.cluster.members.length === 1) return this.cluster.endpoints;
    const leads = await Promise.all(this.cluster.endpoints.map(isLeader));
    const leader = Math.max(0, leads.indexOf(true));
    const { endpoints } = this.cluster;
    return [...endpoints.slice(leader), ...endpoints.slice(0, leader)];
  }

  /** Resolves when every member has answered a linearizable read. */
  async untilReady(): Promise<void> {
    await Promise.all(this.cluster.endpoints.map(untilServing));
  }

  /** Measures what `work` costs the members. */
  async measure<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly usage: Usage }> {
    const { pids } = this;
    await forgetPeaks(pids);
    await this.#loopDelaySeconds();
    this.#toggleProfile();
    const before = await cpuSeconds(pids);
    const result = await work();
    const after = await cpuSeconds(pids);
    this.#toggleProfile();
    const memory = await memoryOf(pids);
    return {
      result,
      usage: {
        ...memory,
        cpuSeconds: after - before,
        loopDelaySeconds: await this.#loopDelaySeconds(),
      },
    };
  }

  /** What the members have used since their processes began. */
  async usageSinceStart(): Promise<Usage> {
    const { pids } = this;
    const [cpu, memory] = await Promise.all([cpuSeconds(pids), memoryOf(pids)]);
    return { ...memory, cpuSeconds: cpu, loopDelaySeconds: undefined };
  }

  /** Process ids of the members that run. */
  get pids(): readonly number[] {
    return this.cluster.members.flatMap(({ pid }) => pid ?? []);
  }

  /** What all members' data take on the disk. */
  diskBytes(): Promise<number> {
    return diskBytes(this.cluster.directory);
  }

  /** Ends the members and removes their data. */
  close(): Promise<void> {
    return this.cluster.close();
  }

  #toggleProfile(): void {
    if (this.#profileFolder === undefined) return;
    for (const pid of this.pids) process.kill(pid, "SIGUSR2");
  }

  /** Asking starts a new interval at each member, too. */
  async #loopDelaySeconds(): Promise<number | undefined> {
    if (this.kind !== "quorate") return undefined;
    const texts = await Promise.all(
      this.cluster.endpoints.map(async (endpoint) =>
        (await fetch(`http://${endpoint}/metrics`)).text(),
      ),
    );
    const values = texts.map((text) =>
      Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1] ?? Number.NaN),
    );
    const worst = Math.max(...values);
    return Number.isNaN(worst) ? undefined : worst;
  }
}

function profiledCommand(folder: string): readonly [string, ...string[]] {
  const preload = new URL("./profile-member.mjs", import.meta.url);
  preload.searchParams.set("folder", folder);
  const program = new URL("../../node_modules/.bin/quorate", import.meta.url);
  return [process.execPath, "--import", preload.href, fileURLToPath(program)];
}

async function isLeader(endpoint: string): Promise<boolean> {
  const connection = await GrpcConnection.connect(endpoint);
  try {
    const path = services.maintenance.status.path;
    const answer = await callOnce(connection, path, encodeStatusRequest({}));
    const { leader, header } = decodeStatusResponse(answer);
    return leader === header?.memberId;
  } finally {
    connection.close();
  }
}

/** Asks until a linearizable read is answered; a member that starts refuses or breaks the call. */
async function untilServing(endpoint: string): Promise<void> {
  const end = performance.now() + startMillis;
  for (;;) {
    try {
      const connection = await GrpcConnection.connect(endpoint);
      const request = encodeRangeRequest({ key: Buffer.from("ready?") });
      await callOnce(connection, services.kv.range.path, request).finally(() => connection.close());
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
