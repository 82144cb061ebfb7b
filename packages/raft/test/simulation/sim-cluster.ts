import { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import {
  decodeMessage,
  emptyConfiguration,
  encodeMessage,
  isMember,
  membersOf,
  toConfiguration,
  toMemberId,
  type ConfigurationChange,
  type MemberId,
  type Message,
} from "@quorate/raft";
import { Oracle } from "./oracle.ts";
import type { SimDisk } from "./sim-disk.ts";
import { SimMember, type SimMemberOptions, type SimWorld } from "./sim-member.ts";

/** Everything a seed decides (swarm testing, D7: each run has its own subset of faults). */
export interface SimOptions {
  readonly memberCount: number;
  readonly member: SimMemberOptions;
  readonly latencyMillis: number;
  readonly dropRate: number;
  readonly duplicateRate: number;
  /** Mean time between events of each kind; 0 for never. */
  readonly crashMillis: number;
  readonly pauseMillis: number;
  readonly partitionMillis: number;
  readonly proposeMillis: number;
  readonly readMillis: number;
  readonly changeMillis: number;
  readonly transferMillis: number;
  readonly compactMillis: number;
}

/** What a run has reached; a rare path that is never reached is a hole in the test. */
export interface SimReport {
  readonly applied: number;
  readonly terms: number;
  readonly reads: number;
  readonly snapshots: number;
  readonly changes: number;
  readonly transfers: number;
  /** Members that the healed phase went without. */
  readonly lost: number;
}

/** Draws the options of a seed. */
function drawOptions(random: SeededRandom): SimOptions {
  const often = (millis: number): number => (random.chance(0.6) ? millis : 0);
  const checkQuorum = random.chance(0.8);
  const diskMillis = random.pick([0, 2, 20, 60]);
  const turnMillis = random.pick([0, 1, 5]);
  const latencyMillis = random.pick([0, 2, 10, 30]);
  // Elections end only where a round of votes fits into an election timeout (thesis §3.9).
  const voteMillis = 4 * diskMillis + 4 * latencyMillis + 4 * turnMillis;
  return {
    memberCount: random.pick([1, 2, 3, 3, 3, 4, 5, 5]),
    member: {
      raft: {
        electionTimeoutTicks: Math.max(random.pick([5, 10, 20]), Math.ceil(voteMillis / 10)),
        preVote: random.chance(0.8),
        checkQuorum,
        maxAppendBytes: random.pick([1, 200, 1024 * 1024]),
        maxInflightAppends: random.pick([1, 2, 256]),
        maxUncommittedBytes: random.pick([500, 1024 * 1024]),
        maxCommittedBytes: random.pick([1, 300, 1024 * 1024]),
        maxPendingReads: random.pick([2, 1000]),
        holdCommits: random.chance(0.5),
      },
      tickMillis: 10,
      diskMillis,
      applyMillis: random.pick([0, 5, 40]),
      turnMillis,
      tellMillis: random.pick([0, 20, Infinity]),
    },
    latencyMillis,
    dropRate: random.pick([0, 0, 0.02, 0.1, 0.3]),
    duplicateRate: random.pick([0, 0.05, 0.3]),
    crashMillis: often(random.pick([150, 500])),
    pauseMillis: often(400),
    partitionMillis: often(random.pick([100, 400])),
    proposeMillis: random.pick([3, 15, 60]),
    readMillis: random.pick([5, 30]),
    changeMillis: often(random.pick([40, 200])),
    transferMillis: often(random.pick([50, 300])),
    compactMillis: often(random.pick([20, 100])),
  };
}

/** A cluster on virtual time: members, network, faults and workload, all from one seed. */
export class SimCluster {
  readonly options: SimOptions;
  readonly oracle: Oracle;
  readonly members = new Map<MemberId, SimMember>();
  readonly #scheduler = new SimScheduler();
  readonly #random: SeededRandom;
  readonly #network: SeededRandom;
  /** Directed links that deliver nothing. */
  readonly #cut = new Set<string>();
  /** Lost for good in the healed phase. */
  readonly #lost = new Set<MemberId>();
  #isFaulty = true;
  #lastId: number;
  #lastData = 0;
  #changes = 0;
  #transfers = 0;
  #snapshots = 0;

  constructor(seed: number, options?: SimOptions) {
    const root = new SeededRandom(BigInt(seed));
    this.options = options ?? drawOptions(root.split("options"));
    this.#random = root.split("faults");
    this.#network = root.split("network");
    this.#lastId = this.options.memberCount;
    const ids = Array.from({ length: this.#lastId }, (_, i) => toMemberId(BigInt(i + 1)));
    this.oracle = new Oracle(toConfiguration(ids));
    for (const id of ids) this.#addMember(id, toConfiguration(ids));
  }

  /** Faults and work for `millis` of virtual time, checking all along. */
  runFaulty(millis: number): void {
    this.#every(this.options.proposeMillis, () => this.#propose());
    this.#every(this.options.readMillis, () => this.#random.pick(this.#alive()).read());
    this.#every(this.options.changeMillis, () => this.#change());
    this.#every(this.options.transferMillis, () => this.#transfer());
    this.#every(this.options.compactMillis, () => this.#random.pick(this.#alive()).compact());
    this.#every(this.options.crashMillis, () => this.#crash());
    this.#every(this.options.pauseMillis, () => this.#pause());
    this.#every(this.options.partitionMillis, () => this.#partition());
    this.#every(50, () => this.#retireRemoved());
    this.#scheduler.advance(millis);
  }

  /** Everything heals; then the cluster must agree and serve within a bounded time (V1, D9). */
  runHealed(): SimReport {
    this.#isFaulty = false;
    this.#cut.clear();
    if (this.#canLoseMembers()) this.#loseMinority();
    this.#retireRemoved();
    for (const member of this.members.values()) {
      member.isPaused = false;
      if (member.node === undefined && !this.#lost.has(member.id)) member.start();
    }
    this.#scheduler.advance(300 * (this.options.member.raft.electionTimeoutTicks ?? 10));
    const before = this.oracle.commitIndex;
    this.#propose();
    for (const member of this.members.values()) member.read();
    // Tiny windows on slow disks take long, but never stand still.
    for (let idle = 0, reached = -1; idle < 20 && !this.#hasConverged(before); idle += 1) {
      this.#scheduler.advance(250);
      if (this.oracle.commitIndex === before) this.#propose();
      this.#retireRemoved();
      const progress = this.#progress();
      if (progress !== reached) idle = 0;
      reached = progress;
    }
    if (!this.#hasConverged(before)) throw new Error(`no convergence:\n${this.describe()}`);
    return this.report();
  }

  /** What the run has reached so far. */
  report(): SimReport {
    const members = [...this.members.values()];
    return {
      applied: this.oracle.appliedCount,
      terms: Math.max(...members.map((member) => member.disk.hardState.term)),
      reads: members.reduce((sum, member) => sum + member.confirmedReads, 0),
      snapshots: this.#snapshots,
      changes: this.#changes,
      transfers: this.#transfers,
      lost: this.#lost.size,
    };
  }

  /** One line a member. */
  describe(): string {
    return [...this.members.values()]
      .map((member) => {
        const status = member.node?.status();
        const text = JSON.stringify(status, (_, value: unknown) =>
          typeof value === "bigint" ? Number(value) : value,
        );
        return `${member.id}: state ${member.state.index} reads ${member.openReads.size} ${text}`;
      })
      .join("\n");
  }

  #addMember(id: MemberId, configuration: typeof emptyConfiguration): SimMember {
    const random = new SeededRandom(id).split(String(this.#random.nextInt(2 ** 32)));
    const world: SimWorld = {
      oracle: this.oracle,
      after: (delay, action) => void this.#scheduler.schedule(delay, action),
      send: (from, message) => this.#send(from, message),
      diskOf: (member): SimDisk | undefined => this.members.get(member)?.disk,
    };
    const member = new SimMember(id, configuration, {
      world,
      random,
      options: this.options.member,
    });
    this.members.set(id, member);
    member.start();
    return member;
  }

  /** Repeats `action` at random intervals around `millis` while faults last. */
  #every(millis: number, action: () => void): void {
    if (millis === 0) return;
    this.#scheduler.schedule(this.#random.between(1, millis * 2), () => {
      if (!this.#isFaulty) return;
      if (this.#alive().length > 0) action();
      this.#every(millis, action);
    });
  }

  #alive(): readonly SimMember[] {
    return [...this.members.values()].filter((member) => member.node !== undefined);
  }

  #leaders(): readonly SimMember[] {
    return this.#alive().filter((member) => member.node?.status().role === "leader");
  }

  // The network.

  #send(from: SimMember, message: Message): void {
    const random = this.#network;
    const isLost =
      this.#cut.has(`${from.id}>${message.to}`) ||
      (this.#isFaulty && random.chance(this.options.dropRate));
    if (message.kind === "snapshot") {
      this.#sendSnapshot(from, message, isLost);
      return;
    }
    if (isLost) {
      if (random.chance(0.2)) from.node?.reportUnreachable(message.to);
      return;
    }
    const bytes = join(encodeMessage(message));
    const copies = this.#isFaulty && random.chance(this.options.duplicateRate) ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      const isSlow = i > 0 || (this.#isFaulty && random.chance(0.02));
      const delay = this.options.latencyMillis * (isSlow ? 20 : 2);
      this.#scheduler.schedule(random.between(0, delay), () => this.#deliver(bytes));
    }
  }

  /** A member that has lost nothing of what its disk held is never told so (B16). */
  #checkPromises(sender: MemberId, to: SimMember): void {
    const promises = to.node?.promisesOf(sender);
    const from = this.members.get(sender);
    if (promises === undefined || from?.node === undefined) return;
    const forgotten = from.node.forgottenPromise(to.id, promises);
    if (forgotten !== undefined) throw new Error(`${sender} is accused by ${to.id}: ${forgotten}`);
  }

  #deliver(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    const to = this.members.get(message.to);
    if (to?.node === undefined) return;
    if (to.isPaused) {
      this.#scheduler.schedule(10, () => this.#deliver(bytes));
      return;
    }
    to.node.step(message);
    this.#checkPromises(message.from, to);
    to.touch();
  }

  /** The state travels beside the mark, and may be newer than what raft has asked for. */
  #sendSnapshot(from: SimMember, message: Message & { kind: "snapshot" }, isLost: boolean): void {
    const { node } = from;
    const isNewer = this.#network.chance(0.3);
    const snapshot =
      isNewer && node !== undefined
        ? node.markAt(node.status().log.appliedIndex)
        : message.snapshot;
    const report = (isOk: boolean): void => {
      if (from.node !== node) return;
      node?.reportSnapshot(message.to, isOk);
      from.touch();
    };
    const bytes = join(encodeMessage({ ...message, snapshot }));
    const delay = this.#network.between(0, 5 + this.options.latencyMillis * 4);
    this.#scheduler.schedule(delay, () => {
      if (isLost) return report(false);
      this.#snapshots += 1;
      this.#deliver(bytes);
      report(true);
      if (this.#isFaulty && this.#network.chance(this.options.duplicateRate)) {
        this.#scheduler.schedule(delay * 10, () => this.#deliver(bytes));
      }
    });
  }

  // The workload.

  #propose(): void {
    const leaders = this.#leaders();
    if (leaders.length === 0) return;
    const leader = this.#random.pick(leaders);
    const count = this.#random.between(1, 3);
    for (let i = 0; i < count; i += 1) {
      this.#lastData += 1;
      const data = new Uint8Array(this.#random.pick([4, 4, 30, 200]));
      new DataView(data.buffer).setUint32(0, this.#lastData);
      const result = leader.node?.propose(data);
      if (result?.kind !== "accepted" || this.#random.chance(0.5)) continue;
      leader.node?.expectCommit(this.#random.pick([...this.members.keys()]), result.index);
    }
    leader.touch();
  }

  #transfer(): void {
    const leaders = this.#leaders();
    if (leaders.length === 0) return;
    const leader = this.#random.pick(leaders);
    const target = this.#random.pick([...this.members.keys()]);
    if (leader.node?.transferLeadership(target).kind === "accepted") this.#transfers += 1;
    leader.touch();
  }

  #change(): void {
    const leaders = this.#leaders();
    if (leaders.length === 0) return;
    const leader = this.#random.pick(leaders);
    const configuration = leader.node?.status().configuration ?? emptyConfiguration;
    const changes: ConfigurationChange[] = [];
    const count = this.#random.pick([0, 1, 1, 1, 2, 3]);
    for (let i = 0; i < count; i += 1) changes.push(this.#drawChange(membersOf(configuration)));
    const result = leader.node?.proposeConfiguration(changes, new Uint8Array(0), {
      isJointWanted: this.#random.chance(0.2),
    });
    if (result?.kind === "accepted") this.#changes += 1;
    leader.touch();
  }

  #drawChange(members: readonly MemberId[]): ConfigurationChange {
    const isRoomLeft = members.length < 6;
    if (isRoomLeft && this.#random.chance(0.5)) {
      const kind = this.#random.pick(["add-voter", "add-learner"] as const);
      return { kind, memberId: this.#spare().id };
    }
    const kind = this.#random.pick(["add-voter", "add-learner", "remove"] as const);
    return { kind, memberId: this.#random.pick(members) };
  }

  /** A running member that was never in the configuration; a removed one never comes back (M3). */
  #spare(): SimMember {
    const known = new Set(membersOf(this.oracle.configuration));
    const spares = this.#alive().filter((member) => !member.wasMember && !known.has(member.id));
    if (spares.length > 1) return this.#random.pick(spares);
    this.#lastId += 1;
    return this.#addMember(toMemberId(BigInt(this.#lastId)), emptyConfiguration);
  }

  // Faults.

  #crash(): void {
    const member = this.#random.pick(this.#alive());
    member.crash();
    if (this.#random.chance(0.1)) for (const other of this.#alive()) other.crash();
    for (const down of this.members.values()) {
      if (down.node !== undefined) continue;
      this.#scheduler.schedule(this.#random.between(1, 300), () => {
        const isLost = this.members.get(down.id) !== down || this.#lost.has(down.id);
        if (!isLost && down.node === undefined) down.start();
      });
    }
  }

  #pause(): void {
    const member = this.#random.pick(this.#alive());
    member.isPaused = true;
    this.#scheduler.schedule(this.#random.between(50, 500), () => (member.isPaused = false));
  }

  /** Isolates one, splits in two, or cuts single directions; heals later. */
  #partition(): void {
    const ids = [...this.members.keys()];
    const shape = this.#random.pick(["isolate", "halves", "one-way", "random"] as const);
    const victim = this.#random.pick(ids);
    const half = new Set(ids.filter(() => this.#random.chance(0.5)));
    const cut: string[] = [];
    for (const from of ids) {
      for (const to of ids) {
        const isCut =
          (shape === "isolate" && (from === victim || to === victim)) ||
          (shape === "halves" && half.has(from) !== half.has(to)) ||
          (shape === "one-way" && to === victim) ||
          (shape === "random" && this.#random.chance(0.3));
        if (isCut) cut.push(`${from}>${to}`);
      }
    }
    for (const link of cut) this.#cut.add(link);
    this.#scheduler.schedule(this.#random.between(20, 600), () => {
      if (!this.#isFaulty) return;
      for (const link of cut) this.#cut.delete(link);
    });
  }

  /**
   * Whatever a minority does, the connected majority serves (V1, C18). Without pre-vote and
   * check-quorum Raft does not promise it, and a change under way may need whom we would lose.
   */
  #canLoseMembers(): boolean {
    const { raft } = this.options.member;
    const isGuarded = raft.preVote === true && raft.checkQuorum === true;
    return isGuarded && this.options.changeMillis === 0;
  }

  /** Some members, fewer than half, are dead, isolated, deaf or mute for good (D9). */
  #loseMinority(): void {
    const ids = [...this.members.keys()];
    const shuffled = this.#random.shuffle([...ids]);
    const count = this.#random.between(0, Math.floor((ids.length - 1) / 2));
    for (const id of shuffled.slice(0, count)) {
      this.#lost.add(id);
      const shape = this.#random.pick(["dead", "isolated", "deaf", "mute"] as const);
      if (shape === "dead") this.members.get(id)?.crash();
      else if (this.members.get(id)?.node === undefined) this.members.get(id)?.start();
      for (const other of ids) {
        if (shape !== "mute") this.#cut.add(`${other}>${id}`);
        if (shape !== "deaf") this.#cut.add(`${id}>${other}`);
      }
    }
  }

  /** Members whose removal is committed are switched off for good, wherever they stand. */
  #retireRemoved(): void {
    for (const member of this.members.values()) {
      if (isMember(this.oracle.configuration, member.id)) member.wasMember = true;
      else if (member.wasMember) {
        member.crash();
        this.members.delete(member.id);
      }
    }
  }

  #progress(): number {
    return [...this.members.values()].reduce(
      (sum, member) => sum + member.disk.lastIndex + member.state.index,
      0,
    );
  }

  #hasConverged(before: number): boolean {
    const leaders = this.#leaders().filter((member) => !this.#lost.has(member.id));
    const leader = leaders.at(0);
    if (leader?.node === undefined || leaders.length !== 1) return false;
    const { configuration, log, term } = leader.node.status();
    if (log.commitIndex <= before || log.commitIndex !== log.lastIndex) return false;
    if (configuration.votersOutgoing.length > 0) return false;
    return membersOf(configuration).every((id) => {
      if (this.#lost.has(id)) return true;
      const member = this.members.get(id);
      const status = member?.node?.status();
      if (member === undefined || status === undefined) return false;
      if (status.term !== term || status.leader !== leader.id) return false;
      if (status.log.commitIndex !== log.commitIndex || member.openReads.size > 0) return false;
      return member.state.index === log.commitIndex;
    });
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
