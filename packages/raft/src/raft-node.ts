/**
 * One member of a Raft group, as a machine without clock, disk or network.
 *
 * ```
 *   tick() ─┐                          ┌─► messages              send at once
 *   step() ─┼─► RaftNode ─► ready() ───┼─► entries, hard state   write, then persisted(ready)
 *   propose ┘                          ├─► messagesAfterPersist  send when written
 *                                      └─► committedEntries      apply, then applied(index)
 * ```
 *
 * This file is the dispatcher: roles, terms, elections and a follower's duties. What only a leader
 * does is in `leadership.ts`. The numbers are sections of Ongaro's thesis.
 */
import { assert, assertNever } from "./assert.ts";
import { isMember, isVoter } from "./configuration-change.ts";
import type { ConfigurationChange, SnapshotMark } from "./configuration.ts";
import { Election } from "./election.ts";
import { toLogIndex, toTerm } from "./entry.ts";
import type { HardState, LogIndex, MemberId, Term } from "./entry.ts";
import { RaftForgottenError } from "./errors.ts";
import { initialLog, type RaftInitialState } from "./initial-state.ts";
import { Leadership } from "./leadership.ts";
import type { RaftLog } from "./log.ts";
import type {
  AppendMessage,
  HeartbeatMessage,
  Message,
  SnapshotMessage,
  VoteMessage,
  VoteResponseMessage,
} from "./message.ts";
import { resolveRaftOptions, type RaftOptions, type ResolvedRaftOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { forgottenPromise, PromiseWitness, type Promises } from "./promise-witness.ts";
import { ForwardedReads } from "./read-index.ts";
import type { Ready, Role, SoftState } from "./ready.ts";
import type {
  ConfigurationOptions,
  ConfigurationResult,
  DropReason,
  ProposeResult,
  ReadIndexResult,
  TransferResult,
} from "./results.ts";
import { describeLeadership, describeLog, type RaftStatus } from "./status.ts";
import type { LogWrite } from "./write-tracker.ts";

/** A Ready under way. */
interface PendingReady {
  readonly ready: Ready;
  readonly write: LogWrite;
}

/**
 * One member of a Raft group. See {@link Ready} for what the caller owes it.
 *
 * All methods are synchronous and none calls back. A `RaftAssertionError` or `RaftForgottenError`
 * thrown by any of them means that going on could lose data: the process must stop.
 */
export class RaftNode {
  readonly #options: ResolvedRaftOptions;
  readonly #log: RaftLog;
  readonly #outbox: Outbox;
  readonly #forwardedReads: ForwardedReads;
  readonly #witness = new PromiseWitness();
  /** Others may know of promises that this one has forgotten: it takes no part in elections. */
  #isOnProbation: boolean;
  #term: Term;
  #votedFor: MemberId | undefined;
  #leader: MemberId | undefined;
  /** Set while this node leads. */
  #leadership: Leadership | undefined;
  /** Set while this node campaigns. */
  #election: Election | undefined;
  /** Ticks since this node heard from a leader, granted a vote, or changed its role. */
  #electionElapsed = 0;
  #electionTimeout = 0;
  /** What the last Ready said. */
  #toldHardState: HardState;
  #toldSoftState: SoftState;
  /** The newest hard state known durable. */
  #persistedHardState: HardState;
  readonly #pending: PendingReady[] = [];

  /**
   * @throws {@link RaftOptionsError} with all problems of the options.
   * @throws {@link RaftStateError} when the state contradicts itself.
   */
  constructor(options: RaftOptions, state: RaftInitialState) {
    this.#options = resolveRaftOptions(options);
    this.#log = initialLog(state);
    this.#log.commitTo(this.#log.loneGrowthIndex(options.id));
    this.#outbox = new Outbox(options.id);
    this.#forwardedReads = new ForwardedReads(this.#options.maxPendingReads, (bound) =>
      this.#options.random.nextInt(bound),
    );
    this.#isOnProbation = this.#options.isOnProbation;
    this.#term = state.hardState.term;
    this.#votedFor = state.hardState.votedFor;
    this.#persistedHardState = state.hardState;
    this.#toldHardState = this.#hardState();
    this.#toldSoftState = this.#softState();
    this.#resetElectionTimer();
  }

  /** The current term; cheaper than {@link RaftNode.status}. */
  get term(): Term {
    return this.#term;
  }

  /** The leader of the current term, as far as this node knows; cheaper than the status. */
  get leader(): MemberId | undefined {
    return this.#leader;
  }

  /** One unit of time has passed. */
  tick(): void {
    for (const requestId of this.#forwardedReads.tick()) this.#outbox.abandonRead(requestId);
    if (this.#leadership !== undefined) {
      this.#leadership.tick();
      this.#stepDownIfOver();
      return;
    }
    this.#electionElapsed += 1;
    if (this.#electionElapsed < this.#electionTimeout || this.#isOnProbation) return;
    if (this.#canCampaign()) this.#campaign(this.#options.preVote, false);
    else this.#forgetLeader();
  }

  /**
   * Takes a message from another member. Late, repeated and reordered ones are harmless.
   *
   * A `snapshot` message is stepped once the state that belongs to it has been received.
   */
  step(message: Message): void {
    if (message.to !== this.#options.id || message.from === this.#options.id) return;
    this.#remember(message);
    if (this.#isFromStranger(message)) return;
    if (message.term < this.#term) {
      this.#answerLowerTerm(message);
      return;
    }
    if (message.term > this.#term && !this.#enterTermOf(message)) return;
    switch (message.kind) {
      case "append":
        this.#followLeader(message.from);
        return this.#handleAppend(message);
      case "heartbeat":
        this.#followLeader(message.from);
        return this.#handleHeartbeat(message);
      case "snapshot":
        this.#followLeader(message.from);
        return this.#handleSnapshot(message);
      case "commit":
        this.#followLeader(message.from);
        // Where the entry is missing a lost append is: the next heartbeat finds that out.
        if (this.#log.termAt(message.commit) === message.commitTerm) {
          this.#log.commitTo(message.commit);
        }
        return;
      case "append-response":
        if (this.#leadership === undefined) return;
        if (!message.isRejected) this.#witness.accepted(message.from, message.term, message.index);
        this.#leadership.handleAppendResponse(message);
        return this.#stepDownIfOver();
      case "heartbeat-response":
        return this.#leadership?.handleHeartbeatResponse(message);
      case "vote":
        return this.#handleVote(message);
      case "vote-response":
        return this.#handleVoteResponse(message);
      case "timeout-now":
        if (this.#role() !== "leader" && this.#canCampaign()) this.#campaign(false, true);
        return;
      case "read-index": {
        const { from, requestId } = message;
        this.#leadership?.readIndex({ from, requestId });
        return;
      }
      case "read-index-response": {
        const requestId = this.#forwardedReads.answered(message.requestId);
        if (requestId !== undefined) {
          this.#outbox.confirmRead({ requestId, index: message.index });
        }
        return;
      }
      default:
        assertNever(message);
    }
  }

  /** Appends an entry, on the leader. `data` is the log's from here on. */
  propose(data: Uint8Array): ProposeResult {
    return this.#leadership?.propose(data) ?? { kind: "dropped", reason: this.#whyNotLeader() };
  }

  /**
   * Changes the configuration, on the leader (§4). No changes at all only carry `context`.
   *
   * @param context - Opaque bytes for the state machine, in the entry that begins the change.
   */
  proposeConfiguration(
    changes: readonly ConfigurationChange[],
    context: Uint8Array,
    options: ConfigurationOptions = {},
  ): ConfigurationResult {
    const result = this.#leadership?.proposeConfiguration(changes, context, options);
    return result ?? { kind: "dropped", reason: this.#whyNotLeader() };
  }

  /**
   * Asks for an index that a linearizable read must wait for (§6.4); a follower asks its leader.
   *
   * @param requestId - Comes back in `readStates` or `abandonedReads`; unique among open requests.
   */
  readIndex(requestId: number): ReadIndexResult {
    if (this.#leadership !== undefined) {
      if (this.#leadership.readIndex({ from: undefined, requestId })) return { kind: "accepted" };
      return { kind: "dropped", reason: "too-many-reads" };
    }
    if (this.#leader === undefined) return { kind: "dropped", reason: "no-leader" };
    const number = this.#forwardedReads.add(requestId, this.#options.electionTimeoutTicks);
    if (number === undefined) return { kind: "dropped", reason: "too-many-reads" };
    this.#outbox.send(this.#leader, this.#term, { kind: "read-index", requestId: number });
    return { kind: "accepted" };
  }

  /** Hands leadership to `target`, on the leader (§3.10). Given up after an election timeout. */
  transferLeadership(target: MemberId): TransferResult {
    const result = this.#leadership?.transfer(target);
    if (result !== undefined) return result;
    return { kind: "dropped", reason: this.#leader === undefined ? "no-leader" : "not-leader" };
  }

  /** Campaigns now, where the election timer would; nothing on a leader or without a vote. */
  campaign(): void {
    if (this.#leadership === undefined && this.#canCampaign()) {
      this.#campaign(this.#options.preVote, false);
    }
  }

  /** The newest commit index that `holdCommits` keeps from a follower; 0 for none. */
  get heldCommit(): number {
    return this.#leadership?.replication.heldCommit ?? 0;
  }

  /**
   * Whether `holdCommits` keeps from some follower what it could know of commits up to `index`.
   * Asked with an earlier `heldCommit` it is whether some follower has heard of nothing since,
   * however many commits and other followers have gone on.
   */
  holdsCommit(index: number): boolean {
    return this.#leadership?.replication.holdsCommit(index) ?? false;
  }

  /** Tells followers now what `holdCommits` keeps from them. */
  tellCommit(): void {
    this.#leadership?.replication.tellCommit();
  }

  /** A client of `member` waits for the entry at `index`: its commit is not held back there. */
  expectCommit(member: MemberId, index: LogIndex): void {
    this.#leadership?.replication.expectCommit(member, index);
  }

  /** The transport could not deliver to `member`. */
  reportUnreachable(member: MemberId): void {
    this.#leadership?.replication.reportUnreachable(member);
  }

  /** The state of a snapshot message was delivered to `member`, or could not be. */
  reportSnapshot(member: MemberId, isOk: boolean): void {
    this.#leadership?.replication.reportSnapshot(member, isOk);
  }

  /** What `member` has promised to this one, for it to be told; undefined for nothing. */
  promisesOf(member: MemberId): Promises | undefined {
    const commit = this.#log.commitIndex;
    const leading = this.#leadership === undefined ? undefined : { term: this.#term, commit };
    return this.#witness.promisesOf(member, leading);
  }

  /**
   * Compares what `witness` says that this node has promised to it.
   *
   * @returns Half a sentence about what was forgotten: this node must stop, for its disk has gone
   *   back in time (B16). undefined when nothing was.
   */
  forgottenPromise(witness: MemberId, promises: Promises): string | undefined {
    const keeper = { term: this.#term, votedFor: this.#votedFor, lastIndex: this.#log.lastIndex };
    return forgottenPromise(keeper, witness, promises);
  }

  /** Those who may know better have spoken, or are not there: see `RaftOptions.isOnProbation`. */
  endProbation(): void {
    this.#isOnProbation = false;
  }

  /** `ready()` has something to hand out. */
  hasReady(): boolean {
    return (
      this.#leadership?.isDue === true ||
      !this.#outbox.isEmpty ||
      this.#log.hasWrite ||
      this.#log.hasCommitted ||
      this.#isHardStateNews() ||
      this.#isSoftStateNews()
    );
  }

  /** Takes what is to be done. Each call hands out everything once. */
  ready(): Ready {
    this.#leadership?.flush();
    const softState = this.#isSoftStateNews() ? this.#softState() : undefined;
    const hardState = this.#isHardStateNews() ? this.#hardState() : undefined;
    const isPromise =
      this.#term !== this.#toldHardState.term || this.#votedFor !== this.#toldHardState.votedFor;
    const { write, snapshot, entries } = this.#log.takeWrite();
    const { messages, messagesAfterPersist, readStates, abandonedReads } = this.#outbox.take();
    const ready: Ready = {
      softState,
      hardState,
      snapshot,
      entries,
      isSyncRequired: isPromise || snapshot !== undefined || entries.length > 0,
      messages,
      messagesAfterPersist,
      committedEntries: this.#log.takeCommitted(this.#options.maxCommittedBytes),
      readStates,
      abandonedReads,
    };
    this.#toldSoftState = softState ?? this.#toldSoftState;
    this.#toldHardState = hardState ?? this.#toldHardState;
    this.#pending.push({ ready, write });
    return ready;
  }

  /** Everything of `ready` is durable. Called once for every Ready, in their order. */
  persisted(ready: Ready): void {
    const pending = this.#pending.shift();
    assert(pending?.ready === ready, "Readys are persisted in their order, each once");
    this.#log.completeWrite(pending.write);
    if (ready.hardState !== undefined) this.#persistedHardState = ready.hardState;
    this.#countOwnVote();
    this.#leadership?.advanceCommit();
    this.#stepDownIfOver();
  }

  /** The state machine has applied everything through `index`. */
  applied(index: LogIndex): void {
    this.#log.applied(index);
  }

  /** Forgets the log through `index`, at most the applied index. O(entries that remain). */
  compact(index: LogIndex): void {
    this.#log.compact(index);
  }

  /** Where a snapshot of the state at `index` stands; `index` between compacted and commit. */
  markAt(index: LogIndex): SnapshotMark {
    return this.#log.markAt(index);
  }

  /** A copy of what the node knows. O(members). */
  status(): RaftStatus {
    return {
      id: this.#options.id,
      term: this.#term,
      role: this.#role(),
      leader: this.#leader,
      votedFor: this.#votedFor,
      configuration: this.#log.configuration,
      configurationIndex: toLogIndex(this.#log.configurationIndex),
      isConfigurationCommitted: this.#log.configurationIndex <= this.#log.commitIndex,
      log: describeLog(this.#log),
      isInstallingSnapshot: this.#log.isInstalling,
      pendingReads: this.#forwardedReads.count + (this.#leadership?.reads.count ?? 0),
      leadership: describeLeadership(this.#leadership, this.#log.configuration),
    };
  }

  /** Notes what waited for its sender's disk, so promises something. */
  #remember(message: Message): void {
    const { from, term } = message;
    switch (message.kind) {
      case "vote":
        if (!message.isPreVote) this.#witness.spoke(from, term);
        return;
      case "vote-response":
        if (message.isPreVote || message.isRejected) return;
        this.#witness.spoke(from, term);
        this.#witness.voted(from, term);
        return;
      case "append":
      case "append-response":
        this.#witness.spoke(from, term);
        return;
      default:
    }
  }

  // Terms and roles.

  #role(): Role {
    if (this.#leadership !== undefined) return "leader";
    if (this.#election === undefined) return "follower";
    return this.#election.isPreVote ? "pre-candidate" : "candidate";
  }

  #whyNotLeader(): Extract<DropReason, "no-leader" | "not-leader"> {
    return this.#leader === undefined ? "no-leader" : "not-leader";
  }

  /**
   * Answers from a member that is not in the configuration are dropped, whatever their term: a
   * removed member must not depose anybody (M3). Requests are not: a member must vote for and
   * follow one that is not in its own configuration yet (§4.1).
   */
  #isFromStranger(message: Message): boolean {
    switch (message.kind) {
      case "append-response":
      case "heartbeat-response":
      case "vote-response":
        if (isMember(this.#log.configuration, message.from)) return false;
        return message.term > this.#term || this.#leadership === undefined;
      default:
        return false;
    }
  }

  /** @returns False when the message is to be dropped. */
  #enterTermOf(message: Message): boolean {
    if (message.kind === "vote") {
      if (!message.isLeaderTransfer && this.#isLeaseHeld()) return false;
      if (message.isPreVote) return true;
    }
    // A pre-vote is granted in the term it asks about, which nobody has entered yet.
    if (message.kind === "vote-response" && message.isPreVote && !message.isRejected) return true;
    this.#becomeFollower(message.term, undefined);
    return true;
  }

  /** A leader is alive as far as this node knows: candidates are not listened to (§4.2.3). */
  #isLeaseHeld(): boolean {
    if (!this.#options.checkQuorum || this.#leader === undefined) return false;
    return (
      this.#leadership !== undefined || this.#electionElapsed < this.#options.electionTimeoutTicks
    );
  }

  /**
   * With pre-vote or check-quorum a member of a higher term may be unable to make itself heard: its
   * candidacies are ignored, and it ignores the leader. So it answers a leader of a lower term, who
   * then steps down, and a pre-candidate, who then catches up.
   */
  #answerLowerTerm(message: Message): void {
    const { preVote, checkQuorum } = this.#options;
    switch (message.kind) {
      case "append":
      case "heartbeat":
      case "snapshot":
        if (preVote || checkQuorum) this.#rejectAppend(message.from, toLogIndex(0), 0, 0);
        return;
      case "vote":
        if (!message.isPreVote) return;
        this.#outbox.send(message.from, this.#term, {
          kind: "vote-response",
          isPreVote: true,
          isRejected: true,
        });
        return;
      default:
    }
  }

  #becomeFollower(term: Term, leader: MemberId | undefined): void {
    // A follower's timer runs on: only a leader or a granted vote resets it (§3.4). Otherwise a
    // member that cannot win but is quick to try would keep all others from trying.
    const isNewStart = this.#role() !== "follower" || leader !== undefined;
    if (this.#leadership !== undefined) {
      this.#witness.endLeadership(this.#term, this.#log.commitIndex);
    }
    if (term !== this.#term) {
      this.#term = term;
      this.#votedFor = undefined;
    }
    for (const requestId of this.#leadership?.reads.abandon() ?? []) {
      this.#outbox.abandonRead(requestId);
    }
    this.#leadership = undefined;
    this.#election = undefined;
    this.#setLeader(leader);
    if (isNewStart) this.#resetElectionTimer();
  }

  #setLeader(leader: MemberId | undefined): void {
    if (leader === this.#leader) return;
    this.#leader = leader;
    for (const requestId of this.#forwardedReads.abandon()) this.#outbox.abandonRead(requestId);
  }

  /** A member without a vote only notes that its leader is silent. */
  #forgetLeader(): void {
    this.#setLeader(undefined);
    this.#resetElectionTimer();
  }

  #followLeader(leader: MemberId): void {
    assert(this.#leadership === undefined, `two leaders in term ${this.#term}`);
    if (this.#election !== undefined || this.#leader !== leader) {
      this.#becomeFollower(this.#term, leader);
    }
    this.#electionElapsed = 0;
  }

  #stepDownIfOver(): void {
    if (this.#leadership?.isOver === true) this.#becomeFollower(this.#term, undefined);
  }

  #resetElectionTimer(): void {
    const { electionTimeoutTicks, random } = this.#options;
    this.#electionElapsed = 0;
    this.#electionTimeout = electionTimeoutTicks + random.nextInt(electionTimeoutTicks);
  }

  // Elections.

  /**
   * A voter campaigns; so does one whose removal is in its log but not known committed: it may be
   * the only one that can still win, and then commits its own removal (§4.2.2).
   */
  #canCampaign(): boolean {
    const { id } = this.#options;
    if (this.#log.isInstalling || this.#isOnProbation) return false;
    if (isVoter(this.#log.configuration, id)) return true;
    const isCommitted = this.#log.configurationIndex <= this.#log.commitIndex;
    return !isCommitted && isVoter(this.#log.previousConfiguration, id);
  }

  #campaign(isPreVote: boolean, isLeaderTransfer: boolean): void {
    const nextTerm = toTerm(this.#term + 1);
    this.#becomeFollower(isPreVote ? this.#term : nextTerm, undefined);
    this.#resetElectionTimer();
    this.#election = new Election({ isPreVote, isLeaderTransfer });
    if (isPreVote) this.#election.record(this.#options.id, true);
    else this.#votedFor = this.#options.id;
    const { voters, votersOutgoing } = this.#log.configuration;
    for (const voter of new Set([...voters, ...votersOutgoing])) {
      if (voter === this.#options.id) continue;
      this.#outbox.send(voter, nextTerm, {
        kind: "vote",
        isPreVote,
        lastIndex: this.#log.lastIndex,
        lastTerm: this.#log.lastTerm,
        isLeaderTransfer,
      });
    }
    this.#decideElection();
  }

  #handleVote(message: VoteMessage): void {
    if (this.#isOnProbation) return;
    const { from, isPreVote } = message;
    const isFree =
      this.#votedFor === from ||
      (this.#votedFor === undefined && this.#leader === undefined) ||
      (isPreVote && message.term > this.#term);
    const isGranted = isFree && this.#log.isUpToDate(message.lastIndex, message.lastTerm);
    if (isGranted && !isPreVote) {
      this.#votedFor = from;
      this.#electionElapsed = 0;
    }
    this.#outbox.send(from, isGranted ? message.term : this.#term, {
      kind: "vote-response",
      isPreVote,
      isRejected: !isGranted,
    });
  }

  #handleVoteResponse(message: VoteResponseMessage): void {
    if (this.#election?.isPreVote !== message.isPreVote) return;
    if (message.isPreVote && !message.isRejected && message.term !== this.#term + 1) return;
    this.#election.record(message.from, !message.isRejected);
    this.#decideElection();
  }

  /** The own vote counts when it is durable, like everybody's (§3.4, D8). */
  #countOwnVote(): void {
    if (this.#election === undefined || this.#election.isPreVote) return;
    const { term, votedFor } = this.#persistedHardState;
    if (term !== this.#term || votedFor !== this.#options.id) return;
    this.#election.record(this.#options.id, true);
    this.#decideElection();
  }

  #decideElection(): void {
    const election = this.#election;
    switch (election?.result(this.#log.configuration)) {
      case "won":
        if (election.isPreVote) this.#campaign(false, false);
        else this.#becomeLeader();
        return;
      case "lost":
        return this.#becomeFollower(this.#term, undefined);
      default:
    }
  }

  #becomeLeader(): void {
    this.#election = undefined;
    this.#setLeader(this.#options.id);
    this.#leadership = new Leadership({
      options: this.#options,
      term: this.#term,
      log: this.#log,
      outbox: this.#outbox,
    });
  }

  // A follower's duties.

  #handleAppend(message: AppendMessage): void {
    const { from, previousIndex, previousTerm, entries } = message;
    if (previousIndex < this.#log.compactedIndex) {
      // Late or repeated. What is committed matches by definition.
      this.#acceptAppend(from, this.#log.commitIndex);
      return;
    }
    const previous = { index: previousIndex, term: previousTerm };
    const outcome = this.#log.appendFromLeader(previous, entries);
    if (outcome.kind === "appended") {
      this.#log.commitTo(Math.min(message.commit, outcome.lastIndex));
      this.#acceptAppend(from, toLogIndex(Math.max(outcome.lastIndex, this.#log.commitIndex)));
      return;
    }
    assert(previousIndex > this.#log.commitIndex, "the leader's log lacks a committed entry");
    const hint = this.#log.findAgreement(previousIndex, previousTerm);
    this.#rejectAppend(from, previousIndex, hint.index, hint.term);
  }

  #handleHeartbeat(message: HeartbeatMessage): void {
    // The leader never names more than this node has acknowledged in its term: a commit beyond the
    // log means that the disk has lost what was promised (C14). An acknowledgement of an earlier
    // life can arrive after the leader has told this one of its promises, so nothing else says it.
    const { lastIndex } = this.#log;
    if (message.commit > lastIndex) {
      const lost = `it has acknowledged ${message.commit}: entries were lost`;
      throw new RaftForgottenError(`its log ends at ${lastIndex} and ${lost}`);
    }
    this.#log.commitTo(message.commit);
    this.#outbox.send(message.from, this.#term, {
      kind: "heartbeat-response",
      readRound: message.readRound,
    });
  }

  /** §5.1; older snapshots and ones whose last entry is here already cut nothing (C13). */
  #handleSnapshot(message: SnapshotMessage): void {
    const { snapshot, from } = message;
    if (snapshot.index > this.#log.commitIndex) {
      if (this.#log.termAt(snapshot.index) === snapshot.term) this.#log.commitTo(snapshot.index);
      else this.#log.restore(snapshot);
    }
    this.#acceptAppend(from, this.#log.commitIndex);
  }

  #acceptAppend(to: MemberId, index: LogIndex): void {
    const [hintIndex, hintTerm] = [toLogIndex(0), toTerm(0)];
    const body = {
      kind: "append-response",
      index,
      isRejected: false,
      hintIndex,
      hintTerm,
    } as const;
    this.#outbox.send(to, this.#term, body);
  }

  #rejectAppend(to: MemberId, index: LogIndex, hintIndex: number, hintTerm: number): void {
    this.#outbox.send(to, this.#term, {
      kind: "append-response",
      index,
      isRejected: true,
      hintIndex: toLogIndex(hintIndex),
      hintTerm: toTerm(hintTerm),
    });
  }

  // What the caller is told.

  #hardState(): HardState {
    return { term: this.#term, votedFor: this.#votedFor, commit: this.#log.commitIndex };
  }

  #softState(): SoftState {
    return { role: this.#role(), leader: this.#leader };
  }

  #isHardStateNews(): boolean {
    const told = this.#toldHardState;
    return (
      this.#log.commitIndex !== told.commit ||
      this.#term !== told.term ||
      this.#votedFor !== told.votedFor
    );
  }

  #isSoftStateNews(): boolean {
    return this.#leader !== this.#toldSoftState.leader || this.#role() !== this.#toldSoftState.role;
  }
}
