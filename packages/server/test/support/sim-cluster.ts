import assert from "node:assert/strict";
import { encodePutRequest } from "@quorate/api";
import { decodeStored } from "@quorate/mvcc";
import { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import { computeClusterId, encodeMemberAttributes, PutCommand } from "@quorate/state-machine";
import type { Member } from "../../src/member/member.ts";
import { toProposal, type SettleListener } from "../../src/member/outcome.ts";
import type { MemberTiming } from "../../src/member/member-timing.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimNode, type SimWorld } from "./sim-node.ts";

const simTiming: MemberTiming = {
  tickMillis: 100,
  electionTicks: 10,
  isPreVote: true,
  isElectionHastened: true,
  requestTimeoutMillis: 7_000,
  snapshotCount: 30,
  catchupEntries: 10,
  logBytesMax: 64 * 1024 * 1024,
  warningApplyMillis: 100,
};

const key = Buffer.from("counter");

/** A write of a client, as the client saw it. */
export interface SimWrite {
  /** Unique. */
  readonly value: string;
  /** Undefined while open or when nobody knows. */
  outcome: { readonly revision: number } | "refused" | undefined;
}

/**
 * Three members in one process on virtual time, for tests that ask members for one thing at a time,
 * without services and clients. The same seed plays the same story; stories of clients and faults
 * that chance makes up are played by `test/simulation`.
 */
export class SimCluster {
  readonly scheduler: SimScheduler = new SimScheduler();
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly nodes: SimNode[];
  readonly #writes: SimWrite[] = [];
  readonly #fatal: unknown[] = [];
  readonly #world: SimWorld;

  constructor(seed: number, timing: Partial<MemberTiming> = {}) {
    this.random = new SeededRandom(BigInt(seed));
    this.network = new SimNetwork(this.scheduler, this.random.split("network"));
    const ids = [11n, 22n, 33n];
    const members = ids.map((id) => ({
      ...{ id, name: `m${id}`, peerUrls: [`http://10.0.0.${id}:2380`] },
    }));
    this.#world = {
      scheduler: this.scheduler,
      network: this.network,
      cluster: { clusterId: computeClusterId(ids), members },
      timing: { ...simTiming, ...timing },
      onFatal: (node: SimNode, error: unknown) => {
        this.#fatal.push(
          new Error(`member ${node.id} at ${this.scheduler.nowMillis} ms`, {
            cause: error,
          }),
        );
      },
    };
    this.nodes = ids.map((id) => new SimNode(id, this.#world, this.random.split(`node ${id}`)));
  }

  /** Lets virtual time pass. @throws what would have ended a process. */
  async advance(millis: number): Promise<void> {
    await this.scheduler.advanceAndDrain(millis);
    if (this.#fatal.length > 0) throw this.#fatal[0];
  }

  /** Starts the members that are down; waiting for disks takes virtual time. */
  async startAll(): Promise<void> {
    const starting = this.nodes.filter(({ member }) => member === undefined);
    await this.whileTimePasses(Promise.all(starting.map((node) => node.start())));
  }

  /** Every member says that it has started, as a server's publisher does. */
  publishAll(): void {
    for (const { member } of this.nodes) {
      if (member === undefined) continue;
      const { memberId } = member;
      const message = { memberId, name: `m${memberId}`, clientUrls: ["http://127.0.0.1:2379"] };
      const bytes = encodeMemberAttributes(message);
      const request = { kind: "member-attributes", message } as const;
      member.propose(toProposal(request, bytes, () => undefined));
    }
  }

  /** Starts a machine for a member that was added. */
  async join(id: bigint): Promise<SimNode> {
    const node = new SimNode(id, this.#world, this.random.split(`node ${id}`), true);
    this.nodes.push(node);
    await this.whileTimePasses(node.start());
    return node;
  }

  /** Advances until something is done. */
  async whileTimePasses<Result>(work: Promise<Result>): Promise<Result> {
    const progress = { isDone: false };
    const done = work.finally(() => {
      progress.isDone = true;
    });
    done.catch(() => undefined);
    while (!progress.isDone) await this.advance(5);
    return done;
  }

  /** A member that leads and knows it, among those that run. */
  leader(): Member | undefined {
    return this.nodes.map(({ member }) => member).find((member) => member?.isLeader === true);
  }

  /** Writes a value of its own to the counter key. */
  write(node: SimNode, onEnd: () => void = () => undefined): SimWrite {
    const write: SimWrite = { value: `v${this.#writes.length + 1}`, outcome: undefined };
    this.#writes.push(write);
    const { member, lives } = node;
    if (member === undefined) return write;
    const bytes = encodePutRequest({ key, value: Buffer.from(write.value) });
    const request = { kind: "put", message: new PutCommand(bytes) } as const;
    const settle: SettleListener = (outcome, failure) => {
      if (node.lives !== lives || node.member === undefined) return;
      if (outcome?.kind === "put") write.outcome = { revision: outcome.revision };
      else if (failure?.isUnknown === false) write.outcome = "refused";
      onEnd();
    };
    member.propose(toProposal(request, bytes, settle));
    return write;
  }

  /** Checks that members agree, and that writes took effect as it was said, once (P4, P6, P8). */
  check(): void {
    const [first, ...others] = this.nodes.flatMap(({ member }) => (member ? [member] : []));
    assert.ok(first);
    for (const other of others) {
      assert.equal(other.state.appliedIndex, first.state.appliedIndex);
      assert.equal(other.state.stateHash(), first.state.stateHash(), "members differ (P8)");
    }
    const revisions = new Map<string, number>();
    const last = first.state.store.currentRevision;
    for (let revision = 2; revision <= last; revision += 1) {
      const value = valueAt(first, revision);
      assert.ok(!revisions.has(value), `${value} was applied twice (P6)`);
      revisions.set(value, revision);
    }
    for (const { value, outcome } of this.#writes) {
      if (outcome === undefined) continue;
      const told = outcome === "refused" ? undefined : outcome.revision;
      assert.equal(revisions.get(value), told, `${value} is not where it was said to be (P4, P6)`);
    }
  }

  /** Ends all processes in order. */
  async close(): Promise<void> {
    await this.whileTimePasses(Promise.all(this.nodes.map((node) => node.close())));
  }
}

function valueAt({ state }: Member, revision: number): string {
  const { kvs } = state.store.range({ key: key.toString("latin1"), revision });
  const [stored] = kvs;
  return stored === undefined ? "" : Buffer.from(decodeStored(stored).value).toString();
}
