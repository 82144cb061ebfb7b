/** One operator: does one thing after the other and notes what it is told. */
import { AlarmRequestAlarmAction } from "@quorate/api";
import { op } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

import type { CallWindow } from "../history/lease-history.ts";
import type { MaintenanceCall } from "../history/maintenance-history.ts";
import type { TruthPair } from "../history/truth.ts";
import { attempt, latin1, type Attempt } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

type Body<Call> = Call extends unknown ? Omit<Call, keyof CallWindow> : never;

const prefix = "m/";
/** The client's list of endpoints may change while somebody goes through it. */
const noEndpoint = "invalid-argument";
/** Codes of calls about one member that say that it is not the one, or cannot now. */
const transferCodes: readonly string[] = [
  "not-leader",
  "bad-leader-transferee",
  "timeout-leader-transfer",
  noEndpoint,
];

/** See the head of the file. */
export class MaintenanceOperator {
  readonly sim: SimClient;
  readonly #label: string;
  readonly #calls: MaintenanceCall[];
  readonly #world: WorkloadWorld;
  readonly #random: SeededRandom;
  #newest = 1;
  #writes = 0;

  constructor(
    label: string,
    calls: MaintenanceCall[],
    parts: {
      readonly world: WorkloadWorld;
      readonly sim: SimClient;
      readonly random: SeededRandom;
    },
  ) {
    this.#label = label;
    this.#calls = calls;
    ({ world: this.#world, sim: this.sim, random: this.#random } = parts);
  }

  /** One thing that operators do. */
  async act(): Promise<void> {
    switch (this.#random.nextInt(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        await this.#write();
        return;
      case 4:
        await this.#compact();
        return;
      case 5:
      case 6:
      case 7:
        await this.#readOld();
        return;
      case 8:
        await this.#hashAll();
        return;
      case 9:
        await this.#defragment();
        return;
      case 10:
        await this.#look();
        return;
      default:
        await this.moveLeader();
    }
  }

  /** Finds the leader and hands its leadership to somebody else. */
  async moveLeader(): Promise<void> {
    const { client } = this.sim;
    for (const endpoint of client.endpoints) {
      const status = await this.#status(endpoint);
      if (status === undefined || status.memberId !== status.leader) continue;
      const list = await attempt(() => client.cluster.memberList({ linearizable: false }));
      if (list.kind === "failed") return;
      const others = list.answer.members.map(({ id }) => id).filter((id) => id !== status.leader);
      if (others.length === 0) return;
      const targetId = this.#random.pick(others);
      const moved = await attempt(
        () => client.maintenance.moveLeader({ targetId }, { endpoint }),
        transferCodes,
      );
      this.#world.coverage.sometimes("leadership moved by an operator", moved.kind === "done");
      const code = moved.kind === "failed" ? moved.error.code : "";
      const isAborted = code === "timeout-leader-transfer";
      this.#world.coverage.sometimes("transfer of leadership aborted (C17)", isAborted);
      return;
    }
  }

  async #write(): Promise<void> {
    const random = this.#random;
    const { client } = this.sim;
    this.#writes += 1;
    const value = `${this.#label} ${this.#writes}`;
    const key = `${prefix}${random.nextInt(5)}`;
    const written = await attempt(async () => {
      if (random.chance(0.2)) return await client.delete(key);
      if (random.chance(0.3)) {
        return await client
          .txn()
          .then(op.put(key, value), op.put(`${prefix}both`, value))
          .commit();
      }
      return await client.put(key, value);
    });
    if (written.kind === "done") this.#newest = Math.max(this.#newest, written.answer.revision);
  }

  async #compact(): Promise<void> {
    const revision = Math.max(1, this.#newest + this.#random.pick([0, 0, -1, -5, -30, 1, 1_000]));
    const physical = this.#random.chance(0.3);
    await this.#record(
      () => this.sim.client.compact(revision, { physical }),
      (result) => {
        const call = { kind: "compact", revision } as const;
        if (result.kind === "done") return { ...call, outcome: "done" };
        const { code } = result.error;
        if (code !== "compacted" && code !== "future-revision") {
          return { ...call, outcome: "unknown" };
        }
        return { ...call, outcome: code };
      },
      ["compacted", "future-revision"],
    );
  }

  async #readOld(): Promise<void> {
    const random = this.#random;
    const revision = Math.max(1, this.#newest - random.pick([0, 1, 3, 10, 40, -1]));
    const isSerializable = random.chance(0.3);
    await this.#record(
      () => {
        const options = { revision, serializable: isSerializable };
        return this.sim.client.range({ prefix }, options);
      },
      (result) => {
        const call = { kind: "read", prefix, revision, isSerializable } as const;
        if (result.kind === "failed") {
          const { code } = result.error;
          if (code !== "compacted" && code !== "future-revision") return undefined;
          return { ...call, outcome: { kind: code } };
        }
        const pairs = new Map<string, TruthPair>();
        for (const kv of result.answer.kvs) {
          const { createRevision, modRevision, version, lease } = kv;
          const fields = { createRevision, modRevision, version, lease };
          pairs.set(latin1(kv.key), { value: latin1(kv.value), ...fields });
        }
        return { ...call, outcome: { kind: "done", pairs } };
      },
      ["compacted", "future-revision"],
    );
  }

  /** The hash of every member at one revision. */
  async #hashAll(): Promise<void> {
    const { client } = this.sim;
    const revision = Math.max(1, this.#newest - this.#random.pick([0, 0, 2, 10]));
    for (const endpoint of client.endpoints) {
      await this.#record(
        () => client.maintenance.hashKv({ revision }, { endpoint, deadlineMillis: 1_000 }),
        (result) => {
          if (result.kind === "failed") return undefined;
          const { hash, hashRevision, compactRevision, header } = result.answer;
          const memberId = header?.memberId ?? 0n;
          return { kind: "hash", memberId, hash, hashRevision, compactRevision };
        },
        ["compacted", "future-revision", noEndpoint],
      );
    }
  }

  async #defragment(): Promise<void> {
    const { client } = this.sim;
    const endpoint = this.#random.pick(client.endpoints);
    const done = await attempt(
      () => client.maintenance.defragment({}, { endpoint }),
      // A copy of the store does not fit on a full disk.
      [noEndpoint, "unknown-server-error"],
    );
    this.#world.coverage.sometimes("defragment under load (C26)", done.kind === "done");
  }

  async #look(): Promise<void> {
    const { client } = this.sim;
    await this.#status(this.#random.pick(client.endpoints));
    const list = await attempt(() => client.cluster.memberList({ linearizable: true }));
    if (list.kind === "done") {
      const ids = new Set(list.answer.members.map(({ id }) => id));
      const isSound = ids.size === list.answer.members.length && ids.size > 0;
      if (!isSound) throw new Error(`members listed: ${[...ids].join(", ")}`);
    }
    await attempt(() =>
      client.maintenance.alarm({ action: AlarmRequestAlarmAction.GET, memberId: 0n, alarm: 0 }),
    );
  }

  async #status(
    endpoint: string,
  ): Promise<{ readonly memberId: bigint; readonly leader: bigint } | undefined> {
    let status: { readonly memberId: bigint; readonly leader: bigint } | undefined;
    await this.#record(
      () => this.sim.client.maintenance.status({}, { endpoint, deadlineMillis: 1_000 }),
      (result) => {
        if (result.kind === "failed") return undefined;
        const { header, leader, raftTerm: term } = result.answer;
        const memberId = header?.memberId ?? 0n;
        status = { memberId, leader };
        return { kind: "status", memberId, leader, term };
      },
      [noEndpoint],
    );
    return status;
  }

  async #record<Answer>(
    call: () => Promise<Answer>,
    note: (result: Attempt<Answer>) => Body<MaintenanceCall> | undefined,
    expected: readonly string[] = [],
  ): Promise<void> {
    const sentMillis = this.#world.nowMillis();
    const result = await attempt(call, expected);
    const body = note(result);
    const answeredMillis = this.#world.nowMillis();
    if (body !== undefined) this.#calls.push({ sentMillis, answeredMillis, ...body });
  }
}
