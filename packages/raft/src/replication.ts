/**
 * A leader's side of log replication (thesis §3.5, §10.2.1).
 *
 * Events only note what has become possible; `flush`, called once a Ready, sends it. So all that a
 * turn of the event loop brings (proposals, acknowledgements, a commit index that moved) travels in
 * one append message a follower.
 *
 * After a rejection the leader does not step back one entry at a time. The answer names the newest
 * position where the follower's log could agree; the leader skips its own entries of newer terms
 * from there. Each round trip skips a whole term, on both sides:
 *
 * ```
 *   index      1 2 3 4 5 6 7 8 9
 *   leader     1 1 1 3 3 5 5 5 5     probes at 9 (term 5)
 *   follower   1 1 1 2 2 4 4         rejects: ends at 7, newest term <= 5 is 4: hint (7, 4)
 *   leader     newest <= 7 with term <= 4 is 5 (term 3): probes there
 *   follower   rejects: newest <= 5 with term <= 3 is 5 (term 2): hint (5, 2)
 *   leader     newest <= 5 with term <= 2 is 3 (term 1): probes there, accepted
 * ```
 */
import { assert } from "./assert.ts";
import { isMember, membersOf } from "./configuration-change.ts";
import type { Configuration } from "./configuration.ts";
import { toLogIndex, type MemberId, type Term } from "./entry.ts";
import type { RaftLog } from "./log.ts";
import type { AppendResponseMessage } from "./message.ts";
import type { ResolvedRaftOptions } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import { Progress } from "./progress.ts";
import { committedIndex, voteResult } from "./quorum.ts";

/** What the leader's parts share. */
export interface LeaderContext {
  readonly options: ResolvedRaftOptions;
  readonly term: Term;
  readonly log: RaftLog;
  readonly outbox: Outbox;
}

/** The followers of one leader, for one term. */
export class Replication {
  readonly #context: LeaderContext;
  readonly #progress = new Map<MemberId, Progress>();
  #isDue = false;
  #isTelling = false;
  #heldCommit = 0;
  /** Lowest commit index known to a follower from whom a newer one is held. */
  #lowestTold = Infinity;

  constructor(context: LeaderContext) {
    this.#context = context;
    const { log } = context;
    // A removal that an earlier leader began: whom it removes is to be told by this one.
    if (log.configurationIndex > log.commitIndex) this.#follow(log.previousConfiguration);
    this.reconfigure();
  }

  /** `flush` may have something to send. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** The commit index that some follower was not told of, by `holdCommits`; 0 for none. */
  get heldCommit(): number {
    return this.#heldCommit;
  }

  /** Whether `holdCommits` keeps from some follower what it could know of commits up to `index`. */
  holdsCommit(index: number): boolean {
    return this.#lowestTold < index;
  }

  /** Every follower, removed ones that are still told about it included. */
  get followers(): ReadonlyMap<MemberId, Progress> {
    return this.#progress;
  }

  /** The log or its commit index has moved. */
  markDue(): void {
    this.#isDue = true;
  }

  /** The next `flush` holds nothing back. */
  tellCommit(): void {
    if (this.#heldCommit === 0) return;
    this.#isTelling = true;
    this.#isDue = true;
  }

  /** A follower is to hear at once when `index` is committed. */
  expectCommit(member: MemberId, index: number): void {
    const progress = this.#progress.get(member);
    if (progress === undefined || index <= progress.sentCommit) return;
    progress.expectedCommit = Math.max(progress.expectedCommit, index);
    if (index <= this.#context.log.commitIndex) this.#isDue = true;
  }

  /**
   * Follows the configuration in force. A member that is no longer in it is served on until its
   * removal is committed and told: it then knows, and does not campaign (thesis §4.2.3, C21).
   */
  reconfigure(): void {
    const { log } = this.#context;
    this.#follow(log.configuration);
    for (const [member, progress] of this.#progress) {
      if (!isMember(log.configuration, member)) progress.departingTicks ??= Infinity;
    }
    this.#isDue = true;
  }

  /** The configuration in force is committed: removed members are forgotten some time later. */
  startDepartures(): void {
    for (const progress of this.#progress.values()) {
      if (progress.departingTicks === Infinity) {
        progress.departingTicks = this.#context.options.electionTimeoutTicks;
      }
    }
  }

  /** One tick of the leader. */
  tick(): void {
    for (const [member, progress] of this.#progress) {
      if (progress.departingTicks === undefined) continue;
      progress.departingTicks -= 1;
      if (progress.departingTicks <= 0) this.#progress.delete(member);
    }
  }

  /** The highest index that a quorum holds durably; the leader counts what it has on disk (P4). */
  committedIndex(): number {
    const { log, options } = this.#context;
    const index = committedIndex(log.configuration, (member) =>
      member === options.id ? log.persistedIndex : (this.#progress.get(member)?.match ?? 0),
    );
    return Math.max(index, Math.min(log.loneGrowthIndex(options.id), log.persistedIndex));
  }

  /** Whether a quorum has answered since the last call (thesis §6.2). */
  checkQuorum(): boolean {
    const { log, options } = this.#context;
    const result = voteResult(
      log.configuration,
      (member) => member === options.id || (this.#progress.get(member)?.isRecentlyActive ?? false),
    );
    for (const progress of this.#progress.values()) progress.isRecentlyActive = false;
    return result === "won";
  }

  /** Takes an answer to an append or a snapshot. */
  handleAppendResponse(message: AppendResponseMessage): void {
    const progress = this.#progress.get(message.from);
    if (progress === undefined) return;
    progress.isRecentlyActive = true;
    const { log } = this.#context;
    if (message.isRejected) {
      const { hintIndex, hintTerm } = message;
      const hint = hintTerm > 0 ? log.findAgreement(hintIndex, hintTerm).index : hintIndex;
      if (progress.rejected(message.index, hint)) this.#isDue = true;
      return;
    }
    assert(message.index <= log.lastIndex, "a follower acknowledges what was never sent");
    const isNews = progress.accepted(message.index);
    if (progress.state === "replicate") {
      if (isNews) progress.inflights.freeThrough(message.index);
      // The usual case: everything is on its way, and an acknowledgement makes nothing possible.
      if (progress.next > log.lastIndex) return;
    } else if (progress.state === "probe") {
      if (isNews || message.index === progress.match) progress.becomeReplicate();
    } else if (progress.match >= log.compactedIndex) {
      progress.becomeReplicate();
    }
    this.#isDue = true;
  }

  /** Takes an answer to a heartbeat: the follower lives, and what was sent may have been lost. */
  handleHeartbeatResponse(from: MemberId): void {
    const progress = this.#progress.get(from);
    if (progress === undefined) return;
    progress.isRecentlyActive = true;
    progress.isPaused = false;
    if (progress.state === "replicate" && progress.match >= this.#context.log.lastIndex) return;
    progress.isEmptyAppendDue = true;
    this.#isDue = true;
  }

  /** The transport could not deliver: do not send ahead. */
  reportUnreachable(member: MemberId): void {
    const progress = this.#progress.get(member);
    if (progress?.state === "replicate") progress.becomeProbe();
  }

  /** The state was delivered, or was not. Either way the next heartbeat's answer resumes. */
  reportSnapshot(member: MemberId, isOk: boolean): void {
    const progress = this.#progress.get(member);
    if (progress?.state !== "snapshot") return;
    if (!isOk) progress.pendingSnapshot = 0;
    progress.becomeProbe();
    progress.isPaused = true;
  }

  /** Sends a heartbeat to every follower, or to voters only. */
  sendHeartbeats(readRound: number, isForVotersOnly: boolean): void {
    const { log, outbox, term } = this.#context;
    const { voters, votersOutgoing } = log.configuration;
    for (const [member, progress] of this.#progress) {
      if (isForVotersOnly && !voters.includes(member) && !votersOutgoing.includes(member)) continue;
      const commit = toLogIndex(Math.min(progress.match, log.commitIndex));
      progress.sentCommit = Math.max(progress.sentCommit, commit);
      outbox.send(member, term, { kind: "heartbeat", commit, readRound });
    }
  }

  /** Sends every follower what it may be sent. */
  flush(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#heldCommit = 0;
    this.#lowestTold = Infinity;
    for (const [member, progress] of this.#progress) this.#flushOne(member, progress);
    this.#isTelling = false;
  }

  #follow(configuration: Configuration): void {
    const { log, options } = this.#context;
    const limits = { maxCount: options.maxInflightAppends, maxBytes: options.maxInflightBytes };
    for (const member of membersOf(configuration)) {
      if (member === options.id) continue;
      const progress = this.#progress.get(member);
      if (progress !== undefined) progress.departingTicks = undefined;
      else this.#progress.set(member, new Progress(log.lastIndex + 1, limits));
    }
  }

  #flushOne(member: MemberId, progress: Progress): void {
    const { lastIndex } = this.#context.log;
    if (progress.state === "probe" && !progress.isPaused) {
      progress.isPaused = this.#sendAppend(member, progress, false);
    } else if (progress.state === "replicate") {
      let isSent = false;
      while (!progress.inflights.isFull && progress.next <= lastIndex) {
        if (!this.#sendAppend(member, progress, false)) return;
        isSent = true;
      }
      if (!isSent && progress.isEmptyAppendDue) this.#sendAppend(member, progress, true);
      else this.#sendCommit(member, progress);
    }
    progress.isEmptyAppendDue = false;
  }

  /** Tells of the commit index, unless it is known there or may wait for company. */
  #sendCommit(member: MemberId, progress: Progress): void {
    const { log, options, outbox, term } = this.#context;
    const { sentCommit } = progress;
    const commit = toLogIndex(Math.min(log.commitIndex, progress.next - 1));
    if (commit <= sentCommit) return;
    if (options.holdCommits && !this.#isTelling && progress.expectedCommit <= sentCommit) {
      this.#heldCommit = Math.max(this.#heldCommit, commit);
      this.#lowestTold = Math.min(this.#lowestTold, sentCommit);
      return;
    }
    const commitTerm = log.termAt(commit);
    // Compacted away already: the append or snapshot that has to follow says it.
    if (commitTerm === undefined) return;
    progress.sentCommit = commit;
    outbox.send(member, term, { kind: "commit", commit, commitTerm });
  }

  /** @returns False when a snapshot had to be sent instead. */
  #sendAppend(member: MemberId, progress: Progress, isEmpty: boolean): boolean {
    const { log, options, outbox, term } = this.#context;
    const previousIndex = progress.next - 1;
    const previousTerm = log.termAt(previousIndex);
    if (previousTerm === undefined) {
      this.#sendSnapshot(member, progress);
      return false;
    }
    const entries = isEmpty ? [] : log.slice(progress.next, log.lastIndex, options.maxAppendBytes);
    const last = previousIndex + entries.length;
    outbox.send(member, term, {
      kind: "append",
      previousIndex: toLogIndex(previousIndex),
      previousTerm,
      entries,
      commit: log.commitIndex,
    });
    if (progress.state === "replicate" && entries.length > 0) {
      progress.next = last + 1;
      progress.inflights.add(last, log.bytesBetween(previousIndex, last));
    }
    progress.sentCommit = Math.max(progress.sentCommit, Math.min(log.commitIndex, last));
    return true;
  }

  #sendSnapshot(member: MemberId, progress: Progress): void {
    // A member that does not answer would get the state again and again; its next answer resumes.
    if (!progress.isRecentlyActive) return;
    const { log, outbox, term } = this.#context;
    const snapshot = log.markAt(log.appliedIndex);
    progress.becomeSnapshot(snapshot.index);
    outbox.send(member, term, { kind: "snapshot", snapshot });
  }
}
