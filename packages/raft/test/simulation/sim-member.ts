import type { SeededRandom } from "@quorate/platform/sim";
import {
  RaftNode,
  toLogIndex,
  toTerm,
  type Configuration,
  type Entry,
  type LogIndex,
  type MemberId,
  type Message,
  type RaftOptions,
  type Ready,
} from "@quorate/raft";
import type { Oracle } from "./oracle.ts";
import { SimDisk } from "./sim-disk.ts";

/** What a member needs of the world around it. */
export interface SimWorld {
  readonly oracle: Oracle;
  /** Runs `action` after a delay in virtual milliseconds. */
  after(delayMillis: number, action: () => void): void;
  send(from: SimMember, message: Message): void;
  diskOf(member: MemberId): SimDisk | undefined;
}

/** How one member behaves; drawn from the seed. */
export interface SimMemberOptions {
  readonly raft: Omit<RaftOptions, "id" | "random">;
  readonly tickMillis: number;
  /** Longest write, apply and turn of the event loop. */
  readonly diskMillis: number;
  readonly applyMillis: number;
  readonly turnMillis: number;
  /** Longest time that a commit is held; Infinity leaves it to appends and heartbeats. */
  readonly tellMillis: number;
}

/** One process: the node, its disk, its state machine, and the loop that joins them. */
export class SimMember {
  readonly id: MemberId;
  readonly disk: SimDisk;
  readonly options: SimMemberOptions;
  /** Undefined while the process is down. */
  node: RaftNode | undefined;
  /** The state machine: how far, and a hash of everything applied. */
  state = { index: 0, hash: "" };
  /** Reads under way: the index that was committed somewhere when each was asked. */
  readonly openReads = new Map<number, number>();
  confirmedReads = 0;
  abandonedReads = 0;
  /** Set once it was in the committed configuration. */
  wasMember = false;
  isPaused = false;
  readonly #world: SimWorld;
  readonly #random: SeededRandom;
  /** Events of an earlier life do nothing. */
  #life = 0;
  /** The log as the node has handed it out: what it believes, durable or not. */
  #volatile: SimDisk;
  #writes: Ready[] = [];
  #isWriting = false;
  #toApply: Entry[] = [];
  #isPumpScheduled = false;
  #isTellScheduled = false;
  #lastRead = 0;
  #highestTerm = 0;
  /** The newest term this member has led, and its commit index when that began. */
  #led = { term: 0, commit: 0 };

  constructor(
    id: MemberId,
    configuration: Configuration,
    deps: { world: SimWorld; random: SeededRandom; options: SimMemberOptions },
  ) {
    this.id = id;
    this.options = deps.options;
    this.#world = deps.world;
    this.#random = deps.random;
    const hardState = { term: toTerm(0), votedFor: undefined, commit: toLogIndex(0) };
    this.disk = new SimDisk(hardState, { index: toLogIndex(0), term: toTerm(0), configuration });
    this.#volatile = this.disk;
  }

  /** Starts the process from its disk. The state machine may have lost its newest entries. */
  start(): void {
    const { compacted, entries, hardState } = this.disk;
    const appliedIndex = this.#random.between(compacted.index, this.state.index);
    this.state = { index: appliedIndex, hash: this.#world.oracle.hashAt(appliedIndex) };
    this.#volatile = new SimDisk(hardState, compacted);
    this.#volatile.entries = [...entries];
    this.node = new RaftNode(
      { ...this.options.raft, id: this.id, random: this.#random },
      { hardState, compacted, entries: [...entries], applied: toLogIndex(appliedIndex) },
    );
    if (hardState.term < this.#highestTerm) throw new Error(`${this.id} forgot a durable term`);
    this.#scheduleTick();
    this.touch();
  }

  /** The process dies: writes under way are lost but for a random few of the oldest. */
  crash(): void {
    for (const ready of this.#writes.slice(0, this.#random.nextInt(this.#writes.length + 1))) {
      if (ready.snapshot !== undefined) this.#install(ready.snapshot.index);
      this.disk.write(ready);
    }
    this.#life += 1;
    this.node = undefined;
    this.isPaused = false;
    this.#writes = [];
    this.#isWriting = false;
    this.#toApply = [];
    this.#isPumpScheduled = false;
    this.#isTellScheduled = false;
    this.openReads.clear();
  }

  /** Asks for a linearizable read. */
  read(): void {
    if (this.node === undefined) return;
    this.#lastRead += 1;
    const floor = this.#world.oracle.commitIndex;
    if (this.node.readIndex(this.#lastRead).kind === "accepted") {
      this.openReads.set(this.#lastRead, floor);
    }
    this.touch();
  }

  /** Forgets the log behind the state machine, on disk and in memory. */
  compact(): void {
    if (this.node === undefined || this.node.status().isInstallingSnapshot) return;
    const { appliedIndex, compactedIndex } = this.node.status().log;
    const index = this.#random.between(compactedIndex, Math.min(this.state.index, appliedIndex));
    if (index <= compactedIndex) return;
    const mark = this.node.markAt(toLogIndex(index));
    this.disk.compact(mark);
    this.#volatile.compact(mark);
    this.node.compact(mark.index);
  }

  /** Something was done to the node: the loop will look at it. */
  touch(): void {
    if (this.#isPumpScheduled || this.node === undefined) return;
    this.#isPumpScheduled = true;
    this.#after(this.#random.between(0, this.options.turnMillis), () => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }

  #after(delayMillis: number, action: () => void): void {
    const life = this.#life;
    const run = (): void => {
      if (life !== this.#life) return;
      if (this.isPaused) this.#world.after(10, run);
      else action();
    };
    this.#world.after(delayMillis, run);
  }

  #scheduleTick(): void {
    this.#after(this.options.tickMillis, () => {
      this.node?.tick();
      this.touch();
      this.#scheduleTick();
    });
  }

  #pump(): void {
    const { node } = this;
    while (node?.hasReady() === true) this.#handle(node, node.ready());
    if (node === undefined || node.heldCommit === 0 || this.#isTellScheduled) return;
    if (this.options.tellMillis === Infinity) return;
    this.#isTellScheduled = true;
    this.#after(this.#random.between(0, this.options.tellMillis), () => {
      this.#isTellScheduled = false;
      node.tellCommit();
      this.touch();
    });
  }

  #handle(node: RaftNode, ready: Ready): void {
    const { oracle } = this.#world;
    oracle.sees(this.id, ready);
    this.#follow(ready);
    const { role, term, configuration } = node.status();
    this.#checkMonotonicTerm(term);
    if (ready.softState?.role === "leader") {
      oracle.leads(this.id, term);
      oracle.isComplete(this.id, term, this.#volatile);
      this.#led = { term, commit: node.status().log.commitIndex };
    }
    if (ready.hardState !== undefined && role === "leader") {
      const index = ready.hardState.commit;
      const commit = { index, term: this.#volatile.termAt(index) ?? 0 };
      const isInherited = term !== this.#led.term || index <= this.#led.commit;
      if (!isInherited && commit.term !== term) {
        throw new Error(`${this.id} counts replicas of an entry of term ${commit.term} in ${term}`);
      }
      if (commit.term === term) {
        const configurations = [...inForceAt(node, index, this.id), configuration];
        oracle.commits(commit, configurations, (member) => this.#world.diskOf(member));
      }
    }
    for (const message of ready.messages) this.#send(message);
    this.#writes.push(ready);
    this.#startWriting(node);
    this.#takeReads(ready);
    for (const entry of ready.committedEntries) {
      if (this.disk.termAt(entry.index) !== entry.term) {
        throw new Error(`${this.id} would apply ${entry.index}, which is not durable here`);
      }
    }
    if (ready.committedEntries.length > 0) {
      if (this.#toApply.length === 0) this.#scheduleApply(node);
      this.#toApply.push(...ready.committedEntries);
    }
  }

  #takeReads(ready: Ready): void {
    for (const { requestId, index } of ready.readStates) {
      const floor = this.openReads.get(requestId);
      if (floor === undefined) throw new Error(`read ${requestId} was answered twice`);
      this.openReads.delete(requestId);
      this.confirmedReads += 1;
      this.#world.oracle.reads({ floor, index });
    }
    for (const requestId of ready.abandonedReads) {
      if (!this.openReads.delete(requestId)) throw new Error(`read ${requestId} ended twice`);
      this.abandonedReads += 1;
    }
  }

  /** Keeps the log as the node believes it and checks log matching on everything new. */
  #follow(ready: Ready): void {
    for (const entry of ready.entries) {
      if (ready.snapshot !== undefined) break;
      const previous = this.#volatile.termAt(entry.index - 1);
      this.#world.oracle.appends(entry, entry === ready.entries[0] ? previous : undefined);
    }
    this.#volatile.write({ ...ready, hardState: undefined });
    for (const entry of ready.entries) {
      this.#world.oracle.appends(entry, this.#volatile.termAt(entry.index - 1));
    }
  }

  #send(message: Message): void {
    this.#world.oracle.leaves(message, this.disk);
    this.#world.send(this, message);
  }

  /** The disk takes a few of the waiting Readys at a time, in order. */
  #startWriting(node: RaftNode): void {
    if (this.#isWriting || this.#writes.length === 0) return;
    this.#isWriting = true;
    const count = this.#random.between(1, this.#writes.length);
    this.#after(this.#random.between(0, this.options.diskMillis), () => {
      const done = this.#writes.splice(0, count);
      this.#isWriting = false;
      for (const ready of done) this.disk.write(ready);
      for (const ready of done) {
        if (ready.snapshot !== undefined) this.#install(ready.snapshot.index);
        node.persisted(ready);
        for (const message of ready.messagesAfterPersist) this.#send(message);
      }
      this.touch();
      this.#startWriting(node);
    });
  }

  #install(index: number): void {
    this.#toApply = this.#toApply.filter((entry) => entry.index > index);
    this.state = { index, hash: this.#world.oracle.hashAt(index) };
  }

  #scheduleApply(node: RaftNode): void {
    this.#after(this.#random.between(0, this.options.applyMillis), () => {
      for (const entry of this.#toApply) {
        if (entry.index !== this.state.index + 1) throw new Error(`${this.id} skips an entry`);
        const at = { hash: this.state.hash, term: node.status().term };
        const hash = this.#world.oracle.applies(this.id, entry, at);
        this.state = { index: entry.index, hash };
      }
      this.#toApply = [];
      node.applied(toLogIndex(this.state.index));
      this.touch();
    });
  }

  #checkMonotonicTerm(term: number): void {
    if (term < this.disk.hardState.term) throw new Error(`${this.id} went back to term ${term}`);
    this.#highestTerm = Math.max(this.#highestTerm, this.disk.hardState.term);
  }
}

/**
 * Whose disks may commit an entry: those of its configuration; by which a newcomer joins the only
 * voter, also those of the one before.
 */
function inForceAt(node: RaftNode, index: LogIndex, lone: MemberId): readonly Configuration[] {
  const { configuration } = node.markAt(index);
  if (index <= node.status().log.compactedIndex) return [configuration];
  const { configuration: before } = node.markAt(toLogIndex(index - 1));
  const isAlone = before.voters.length === 1 && before.voters[0] === lone;
  if (!isAlone || configuration.voters.length !== 2) return [configuration];
  return configuration.voters.includes(lone) ? [configuration, before] : [configuration];
}
