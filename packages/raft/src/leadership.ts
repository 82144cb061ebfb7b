/**
 * Everything a node does as leader of one term; it ends with the leadership.
 *
 * - The first entry of a leader is an empty one of its own term: only by counting replicas of an
 *   entry of the current term may entries of earlier terms be taken for committed (thesis §3.6.2,
 *   figure 3.7; LogCabin#44, C1).
 * - Changes of the configuration: one at a time, and none before that entry is committed (thesis
 *   §4.1 and Ongaro's correction of 2015; M1, C19, C20). A joint configuration is left as soon as
 *   its entry is committed, by whoever leads then (C23).
 * - A leader that is not in the configuration it has appended leads on without counting itself, and
 *   resigns when that configuration is committed (thesis §4.2.2).
 * - Transfer (thesis §3.10): no new proposals, the target is brought up to date and told to
 *   campaign at once. One election timeout later the transfer is given up, whatever happened (B17,
 *   C17).
 */
import { encodeConfigurationEntry } from "./codec-records.ts";
import { changeConfiguration, isJoint, isMember, leaveJoint } from "./configuration-change.ts";
import type { Configuration, ConfigurationChange } from "./configuration.ts";
import { toLogIndex, type Entry, type EntryKind, type MemberId } from "./entry.ts";
import type { AppendResponseMessage, HeartbeatResponseMessage } from "./message.ts";
import { voteResult } from "./quorum.ts";
import { ReadIndexQueue, type ReadRequest } from "./read-index.ts";
import { Replication, type LeaderContext } from "./replication.ts";
import type {
  ConfigurationOptions,
  ConfigurationResult,
  ProposeResult,
  TransferResult,
} from "./results.ts";

/** One leader, for one term. */
export class Leadership {
  readonly replication: Replication;
  readonly reads: ReadIndexQueue;
  readonly #context: LeaderContext;
  #heartbeatElapsed = 0;
  #electionElapsed = 0;
  #transferTarget: MemberId | undefined;
  #transferTicks = 0;
  #isOver = false;

  /** Takes over: appends the empty entry of the term. */
  constructor(context: LeaderContext) {
    this.#context = context;
    this.replication = new Replication(context);
    this.reads = new ReadIndexQueue(context.options.maxPendingReads);
    this.#append("normal", new Uint8Array(0));
  }

  /** The leader must step down: no quorum answers, or its removal is committed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The member that leadership is being handed to. */
  get transferTarget(): MemberId | undefined {
    return this.#transferTarget;
  }

  /** An entry of the own term is committed: the commit index is current (thesis §6.4). */
  get isCommitCurrent(): boolean {
    const { log, term } = this.#context;
    return log.termAt(log.commitIndex) === term;
  }

  /** `flush` has something to do. */
  get isDue(): boolean {
    return this.replication.isDue || (this.reads.canStart && this.isCommitCurrent);
  }

  /** Appends an entry of the state machine. */
  propose(data: Uint8Array): ProposeResult {
    const { log, options, term } = this.#context;
    if (this.#transferTarget !== undefined) return { kind: "dropped", reason: "transferring" };
    // The leader's own disk counts as well: one that hangs must not let memory grow (B11).
    const { unsettledBytes } = log;
    if (unsettledBytes > 0 && unsettledBytes + data.length > options.maxUncommittedBytes) {
      return { kind: "dropped", reason: "too-large-backlog" };
    }
    return { kind: "accepted", index: this.#append("normal", data).index, term };
  }

  /** Appends a change of the configuration. */
  proposeConfiguration(
    changes: readonly ConfigurationChange[],
    context: Uint8Array,
    options: ConfigurationOptions,
  ): ConfigurationResult {
    const { log, term } = this.#context;
    if (this.#transferTarget !== undefined) return { kind: "dropped", reason: "transferring" };
    if (!this.isCommitCurrent) return { kind: "dropped", reason: "not-ready" };
    if (log.configurationIndex > log.commitIndex || isJoint(log.configuration)) {
      return { kind: "dropped", reason: "change-in-progress" };
    }
    const change = changeConfiguration(log.configuration, changes, options.isJointWanted ?? false);
    if (change.kind === "invalid") {
      return { kind: "dropped", reason: "invalid-change", problem: change.problem };
    }
    const { index } = this.#appendConfiguration(change.configuration, context);
    return { kind: "accepted", index, term, configuration: change.configuration };
  }

  /** Queues a read, or answers it. @returns False when the queue is full. */
  readIndex(request: ReadRequest): boolean {
    const { from, requestId } = request;
    if (from === undefined || !this.#isQuorumWith(from)) return this.reads.add(request);
    const { outbox, term } = this.#context;
    const index = this.#context.log.commitIndex;
    this.replication.expectCommit(from, index);
    outbox.send(from, term, { kind: "read-index-response", requestId, index });
    return true;
  }

  /** Starts to hand leadership over. A transfer to another target is replaced. */
  transfer(target: MemberId): TransferResult {
    const { log, options } = this.#context;
    if (target === options.id) return { kind: "dropped", reason: "is-leader-already" };
    if (!log.configuration.voters.includes(target)) {
      return { kind: "dropped", reason: "not-a-voter" };
    }
    if (this.#transferTarget === target) return { kind: "accepted" };
    this.#transferTarget = target;
    this.#transferTicks = 0;
    this.replication.markDue();
    this.#sendTimeoutNowIfCaughtUp(target);
    return { kind: "accepted" };
  }

  /** Takes an answer to an append or a snapshot. */
  handleAppendResponse(message: AppendResponseMessage): void {
    this.replication.handleAppendResponse(message);
    this.advanceCommit();
    if (!this.#isOver) this.#sendTimeoutNowIfCaughtUp(message.from);
  }

  /** Takes an answer to a heartbeat. */
  handleHeartbeatResponse(message: HeartbeatResponseMessage): void {
    this.replication.handleHeartbeatResponse(message.from);
    this.reads.acknowledge(message.from, message.readRound);
    this.#finishReadsIfConfirmed();
  }

  /** One tick of time. */
  tick(): void {
    const { options } = this.#context;
    this.#electionElapsed += 1;
    this.#heartbeatElapsed += 1;
    if (this.#transferTarget !== undefined) {
      this.#transferTicks += 1;
      if (this.#transferTicks >= options.electionTimeoutTicks) this.#transferTarget = undefined;
    }
    if (this.#electionElapsed >= options.electionTimeoutTicks) {
      this.#electionElapsed = 0;
      if (!this.replication.checkQuorum() && options.checkQuorum) {
        this.#isOver = true;
        return;
      }
    }
    this.replication.tick();
    if (this.#heartbeatElapsed >= options.heartbeatTicks) {
      this.#heartbeatElapsed = 0;
      this.replication.sendHeartbeats(this.reads.currentRound, false);
    }
  }

  /** Commits what a quorum holds, and does what a commit allows. */
  advanceCommit(): void {
    const { log, term } = this.#context;
    const index = Math.min(this.replication.committedIndex(), log.lastIndex);
    // Entries of earlier terms are committed only by one of this term after them (§3.6.2).
    if (index <= log.commitIndex || log.termAt(index) !== term) return;
    log.commitTo(index);
    this.replication.markDue();
    if (log.configurationIndex > log.commitIndex) return;
    if (isJoint(log.configuration)) {
      this.#appendConfiguration(leaveJoint(log.configuration), new Uint8Array(0));
      return;
    }
    this.replication.startDepartures();
    if (!log.configuration.voters.includes(this.#context.options.id)) this.#resign();
  }

  /** Sends what has become possible since the last Ready. */
  flush(): void {
    if (this.reads.canStart && this.isCommitCurrent) {
      const round = this.reads.start(this.#context.log.commitIndex);
      if (!this.#finishReadsIfConfirmed()) this.replication.sendHeartbeats(round, true);
    }
    this.replication.flush();
  }

  /**
   * Whether the question of a follower is all the confirmation that its reads need.
   *
   * It was asked in this term, after the reads had come: until then the follower had not voted in a
   * later one, and this leader has not until now. If both are a quorum, no later leader was elected
   * before the reads came, so what was committed by then is known here. Late and repeated questions
   * change nothing: an answer counts only for the question it carries the number of (C4).
   */
  #isQuorumWith(from: MemberId): boolean {
    const { log, options } = this.#context;
    if (!this.isCommitCurrent) return false;
    const result = voteResult(
      log.configuration,
      (member) => member === options.id || member === from,
    );
    return result === "won";
  }

  #append(kind: EntryKind, data: Uint8Array): Entry {
    const { log, term } = this.#context;
    const entry: Entry = { index: toLogIndex(log.lastIndex + 1), term, kind, data };
    log.append([entry]);
    this.replication.markDue();
    return entry;
  }

  #appendConfiguration(configuration: Configuration, context: Uint8Array): Entry {
    const entry = this.#append(
      "configuration",
      encodeConfigurationEntry({ configuration, context }),
    );
    this.replication.reconfigure();
    const target = this.#transferTarget;
    if (target !== undefined && !configuration.voters.includes(target)) {
      this.#transferTarget = undefined;
    }
    return entry;
  }

  #finishReadsIfConfirmed(): boolean {
    const { log, options, outbox, term } = this.#context;
    if (this.reads.currentRound === 0) return false;
    const result = voteResult(
      log.configuration,
      (member) => member === options.id || this.reads.hasAcknowledged(member),
    );
    if (result !== "won") return false;
    const reads = this.reads.finish();
    if (reads === undefined) return false;
    const { index } = reads;
    for (const { from, requestId } of reads.requests) {
      if (from === undefined) outbox.confirmRead({ requestId, index });
      else outbox.send(from, term, { kind: "read-index-response", requestId, index });
    }
    return true;
  }

  #sendTimeoutNowIfCaughtUp(member: MemberId): void {
    if (member !== this.#transferTarget) return;
    const { log, outbox, term } = this.#context;
    if (this.replication.followers.get(member)?.match !== log.lastIndex) return;
    outbox.send(member, term, { kind: "timeout-now" });
  }

  /** The own removal is committed: tell everybody, and let the most complete voter go first. */
  #resign(): void {
    const { log, outbox, term } = this.#context;
    this.replication.flush();
    this.replication.tellCommit();
    this.replication.flush();
    const { configuration } = log;
    let successor: MemberId | undefined;
    let newest = -1;
    for (const [member, progress] of this.replication.followers) {
      if (!isMember(configuration, member) || !configuration.voters.includes(member)) continue;
      if (progress.match <= newest) continue;
      newest = progress.match;
      successor = member;
    }
    if (successor !== undefined) outbox.send(successor, term, { kind: "timeout-now" });
    this.#isOver = true;
  }
}
