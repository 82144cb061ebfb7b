import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { GrpcConnection } from "./load/grpc-connection.ts";
import { callOnce } from "./load/call-once.ts";
import {
  encodeRangeRequest,
  encodeStatusRequest,
  decodeStatusResponse,
  services,
} from "@quorate/api";
import { within } from "../support/deadline.ts";
import { startEtcdCluster, type EtcdCluster } from "../support/etcd-process.ts";
import type { StoreKind } from "../support/store.ts";
import { beginProbes, endProbes, probeArguments, type LoopUsage } from "./member-probe.ts";
import {
  cpuSeconds,
  diskBytes,
  forgetPeaks,
  mainThreadWaits,
  memoryOf,
  type Memory,
} from "./process-usage.ts";
import { writeProfileSummary } from "./profile/cpu-profile.ts";

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
  /** Of the worst member; undefined of etcd. */
  readonly loop: LoopUsage | undefined;
  /**
   * Share of the time in which the thread of the worst member's event loop waited for a processor:
   * part of its stalls are the machine's. Undefined of etcd, which has many threads.
   */
  readonly waitShare: number | undefined;
}

/** A running store: the members of one cluster. */
export class Peer {
  readonly kind: StoreKind;
  readonly cluster: EtcdCluster;
  readonly #probeFolder: string;
  readonly #profileFolder: string | undefined;
  #profiles = 0;

  private constructor(
    kind: StoreKind,
    cluster: EtcdCluster,
    folders: { readonly probe: string; readonly profile: string | undefined },
  ) {
    this.kind = kind;
    this.cluster = cluster;
    this.#probeFolder = folders.probe;
    this.#profileFolder = kind === "quorate" ? folders.profile : undefined;
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
    const probe = await mkdtemp(join(tmpdir(), "quorate-probe-"));
    const command = kind === "quorate" ? { command: probedCommand(probe) } : {};
    const starting = startEtcdCluster(size, { flags: commonFlags, ...command });
    const cluster = await within(startMillis, `${kind} to start`, starting);
    const peer = new Peer(kind, cluster, { probe, profile: profileFolder });
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

  /**
   * Measures what `work` costs the members.
   *
   * @param name - Of CPU profiles, where they are wanted.
   */
  async measure<T>(
    name: string,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly usage: Usage }> {
    const { pids } = this;
    const profilePaths = this.#profilePaths(name);
    await forgetPeaks(pids);
    const isProbed = this.kind === "quorate";
    if (isProbed) await beginProbes(this.#probeFolder, pids, profilePaths);
    const waitsBefore = await mainThreadWaits(pids);
    const begin = performance.now();
    const before = await cpuSeconds(pids);
    const result = await work();
    const after = await cpuSeconds(pids);
    const seconds = (performance.now() - begin) / 1_000;
    const waits = await mainThreadWaits(pids);
    const waited = Math.max(...waits.map((wait, index) => wait - (waitsBefore[index] ?? 0)));
    const memory = await memoryOf(pids);
    const loop = isProbed ? await endProbes(this.#probeFolder, pids) : undefined;
    for (const path of profilePaths) await writeProfileSummary(path);
    const waitShare = isProbed ? waited / seconds : undefined;
    return { result, usage: { ...memory, cpuSeconds: after - before, loop, waitShare } };
  }

  /** What the members have used since their processes began. */
  async usageSinceStart(): Promise<Usage> {
    const { pids } = this;
    const [cpu, memory] = await Promise.all([cpuSeconds(pids), memoryOf(pids)]);
    return { ...memory, cpuSeconds: cpu, loop: undefined, waitShare: undefined };
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
  async close(): Promise<void> {
    await this.cluster.close();
    await rm(this.#probeFolder, { recursive: true, force: true });
  }

  #profilePaths(name: string): readonly string[] {
    const folder = this.#profileFolder;
    if (folder === undefined) return [];
    this.#profiles += 1;
    const begin = `${folder}/${name}-${this.#profiles}`;
    return this.cluster.members.map((member) =>
      this.cluster.members.length === 1
        ? `${begin}.cpuprofile`
        : `${begin}-${member.name}.cpuprofile`,
    );
  }
}

function probedCommand(probeFolder: string): readonly [string, ...string[]] {
  const program = new URL("../../node_modules/.bin/quorate", import.meta.url);
  return [process.execPath, ...probeArguments(probeFolder), fileURLToPath(program)];
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
