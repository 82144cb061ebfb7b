import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@quorate/client";
import type { Logger } from "@quorate/platform";
import type { Instruments } from "../metric-registry.ts";
import type { exporterCatalogue } from "./exporter-catalogue.ts";

/** What the poller needs. */
export interface ClusterPollerDependencies {
  readonly client: Client;
  readonly instruments: Instruments<typeof exporterCatalogue>;
  readonly logger: Logger;
}

const deadlineMillisMax = 5_000;
/** Leases are listed, not counted, by the protocol: rarer than the rest. */
const leasePollsEvery = 6;

/** Asks each endpoint for its status, and the cluster for its members and leases, for ever. */
export class ClusterPoller {
  readonly #pollMillis: number;
  readonly #dependencies: ClusterPollerDependencies;
  readonly #abort = new AbortController();
  readonly #names = new Map<bigint, string>();
  #running: Promise<void> | undefined;

  constructor(pollMillis: number, dependencies: ClusterPollerDependencies) {
    this.#pollMillis = pollMillis;
    this.#dependencies = dependencies;
  }

  /** Begins to ask; idempotent. */
  start(): void {
    this.#running ??= this.#run(this.#abort.signal);
  }

  /** Stops; idempotent. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round += 1) {
      await this.#pollMembers(signal);
      const { endpoints } = this.#dependencies.client;
      await Promise.all(endpoints.map((endpoint) => this.#pollStatus(endpoint, signal)));
      if (round % leasePollsEvery === 0) await this.#pollLeases(signal);
      await sleep(this.#pollMillis, undefined, { signal }).catch(() => undefined);
    }
  }

  async #pollMembers(signal: AbortSignal): Promise<void> {
    const { client, instruments } = this.#dependencies;
    const isUp = await this.#ask("members", signal, async (options) => {
      const { members } = await client.cluster.memberList({ linearizable: true }, options);
      instruments.quorate_exporter_cluster_members.set(members.length);
      this.#names.clear();
      for (const member of members) this.#names.set(member.id, member.name);
    });
    instruments.quorate_exporter_cluster_up.set(isUp ? 1 : 0);
  }

  async #pollLeases(signal: AbortSignal): Promise<void> {
    const { client, instruments } = this.#dependencies;
    await this.#ask("leases", signal, async (options) => {
      const leases = await client.lease.list(options);
      instruments.quorate_exporter_leases.set(leases.length);
    });
  }

  async #pollStatus(endpoint: string, signal: AbortSignal): Promise<void> {
    const { client, instruments } = this.#dependencies;
    const perMember = [
      instruments.quorate_exporter_member_is_leader,
      instruments.quorate_exporter_member_is_learner,
      instruments.quorate_exporter_member_db_size_bytes,
      instruments.quorate_exporter_member_db_in_use_bytes,
      instruments.quorate_exporter_member_raft_term,
      instruments.quorate_exporter_member_raft_index,
      instruments.quorate_exporter_member_raft_applied_index,
    ];
    const isUp = await this.#ask("status", signal, async (options) => {
      const status = await client.maintenance.status({}, { ...options, endpoint });
      const memberId = status.header?.memberId ?? 0n;
      const values = [
        status.leader === memberId ? 1 : 0,
        status.isLearner ? 1 : 0,
        status.dbSize,
        status.dbSizeInUse,
        status.raftTerm,
        status.raftIndex,
        status.raftAppliedIndex,
      ];
      for (const [index, gauge] of perMember.entries()) {
        gauge.with({ endpoint }).set(values[index] ?? 0);
      }
      this.#tellWho(endpoint, memberId, status.version);
    });
    instruments.quorate_exporter_member_up.with({ endpoint }).set(isUp ? 1 : 0);
    // Numbers of a member that does not answer would look as if it stood still.
    if (!isUp) for (const gauge of perMember) gauge.remove({ endpoint });
  }

  readonly #told = new Map<string, Parameters<InfoGauge["with"]>[0]>();

  #tellWho(endpoint: string, memberId: bigint, version: string): void {
    const info = this.#dependencies.instruments.quorate_exporter_member_info;
    const before = this.#told.get(endpoint);
    const labels = {
      endpoint,
      member_id: memberId.toString(16),
      name: this.#names.get(memberId) ?? "",
      version,
    };
    if (before !== undefined) info.remove(before);
    info.with(labels).set(1);
    this.#told.set(endpoint, labels);
  }

  async #ask(
    subject: "status" | "members" | "leases",
    signal: AbortSignal,
    question: (options: { deadlineMillis: number; signal: AbortSignal }) => Promise<void>,
  ): Promise<boolean> {
    const { instruments, logger } = this.#dependencies;
    const deadlineMillis = Math.min(Math.max(this.#pollMillis, 1_000), deadlineMillisMax);
    const polls = instruments.quorate_exporter_polls_total;
    try {
      await question({ deadlineMillis, signal });
      polls.with({ subject, result: "success" }).add();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      polls.with({ subject, result: "failure" }).add();
      const text = error instanceof Error ? error.message : String(error);
      logger.debug("poll failed", { subject, error: text });
      return false;
    }
  }
}

type InfoGauge = Instruments<typeof exporterCatalogue>["quorate_exporter_member_info"];
