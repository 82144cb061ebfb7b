/**
 * One member: joins consensus, log, state machine and peers on one event loop.
 *
 * ```
 * propose ─► ProposalQueue ─┐                        ┌─► Applier ─► StateMachine ─► settle
 * readIndex ─► ReadQueue ───┼─► RaftDriver ─► wal    │
 * peers ────────────────────┘        └─► committed ──┘
 * ```
 *
 * Everything that arrives within one turn of the event loop is worked off at its end, by `#flush`.
 */
import type { Clock, Logger, Random, Timer, Timers } from "@quorate/platform";
import {
  RaftNode,
  toLogIndex,
  toMemberId,
  type Entry,
  type MemberId,
  type RaftStatus,
  type SoftState,
  type TransferResult,
} from "@quorate/raft";
import type { AppliedEntry, DecodedRequest, StateMachine } from "@quorate/state-machine";
import { FrameKind } from "../peer/frame.ts";
import type { PeerHandler, PeerTransport } from "../peer/peer-transport.ts";
import { Applier } from "./applier.ts";
import { batchBounds, createProposalQueue, createReadQueue } from "./create-parts.ts";
import { ForwardFilter } from "./forward.ts";
import { ForwardIntake } from "./forward-intake.ts";
import { LeaderRequests } from "./leader-requests.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { Lessor } from "./lessor.ts";
import { LogKeeper } from "./log-keeper.ts";
import type { MemberMeter } from "./member-meter.ts";
import type { MemberTiming } from "./member-timing.ts";
import { ProposalPump } from "./proposal-pump.ts";
import type { ProposalQueue } from "./proposal-queue.ts";
import { RaftDriver } from "./raft-driver.ts";
import type { ReadListener, ReadQueue } from "./read-queue.ts";
import type { OpenedStorage } from "./storage.ts";
import { encodeExpiry, type MemberProposal, type ProposedOutcome } from "./outcome.ts";

/** What a member needs from its surroundings. */
export interface MemberDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: MemberMeter;
  readonly storage: OpenedStorage;
  readonly createTransport: (handler: PeerHandler) => PeerTransport;
  /** Something broke that must end the process (B3): nothing is served any more. */
  readonly onFatal: (error: unknown) => void;
  /** This member was removed from its cluster. */
  readonly onRemoved: () => void;
}

/** See the head of the file. */
export class Member {
  readonly state: StateMachine;
  readonly leases: LeaseDesk;
  readonly #timing: MemberTiming;
  readonly #dependencies: MemberDependencies;
  readonly #driver: RaftDriver;
  readonly #applier: Applier;
  readonly #transport: PeerTransport;
  readonly #proposals: ProposalQueue<DecodedRequest, ProposedOutcome>;
  readonly #reads: ReadQueue;
  readonly #lessor: Lessor;
  readonly #leaderRequests: LeaderRequests;
  readonly #forwards: ForwardIntake;
  readonly #pump: ProposalPump;
  readonly #logKeeper: LogKeeper;
  readonly #softListeners = new Set<(softState: SoftState) => void>();
  #softState: SoftState = { role: "follower", leader: undefined };
  #leaderlessSince: number;
  #isFlushScheduled = false;
  #isClosed = false;
  #tickTimer: Timer | undefined;

  constructor(timing: MemberTiming, dependencies: MemberDependencies) {
    this.#timing = timing;
    this.#dependencies = dependencies;
    const { clock, storage, logger, random } = dependencies;
    this.state = storage.state;
    this.#leaderlessSince = clock.monotonicMillis();
    const raft = new RaftNode(
      {
        id: storage.memberId,
        random,
        electionTimeoutTicks: timing.electionTicks,
        heartbeatTicks: 1,
        preVote: timing.isPreVote,
      },
      storage.raftState,
    );
    this.#transport = dependencies.createTransport(this.#peerHandler());
    this.#driver = new RaftDriver(raft, storage.wal, this.#transport, this.#raftEvents(), logger);
    const { meter } = dependencies;
    this.#proposals = createProposalQueue(storage.memberId, timing, random, meter);
    this.#reads = createReadQueue(timing, meter);
    this.#forwards = new ForwardIntake(new ForwardFilter(), this.#transport, batchBounds);
    this.#pump = new ProposalPump({
      raft,
      queue: this.#proposals,
      forwards: this.#forwards,
      transport: this.#transport,
      session: random.nextInt(2 ** 32),
    });
    this.#applier = this.#createApplier();
    this.#lessor = this.#createLessor();
    this.#leaderRequests = new LeaderRequests(this.#transport, clock, (kind, payload) =>
      this.leases.answer(kind, payload),
    );
    this.leases = new LeaseDesk(this.#lessor, this.#leaderRequests, {
      clock,
      timers: dependencies.timers,
      timeoutMillis: timing.requestTimeoutMillis,
      leader: () => this.#remoteLeader(),
      readIndex: (listener) => {
        this.readIndex(listener);
      },
    });
    this.#logKeeper = new LogKeeper(timing, raft, storage, this.#transport, {
      ...dependencies,
      onSettled: () => {
        this.#schedule();
      },
    });
  }

  /** 64-bit id of this member. */
  get memberId(): MemberId {
    return this.#dependencies.storage.memberId;
  }

  /** 64-bit id of the cluster. */
  get clusterId(): bigint {
    return this.#dependencies.storage.clusterId;
  }

  /** What consensus knows. O(members). */
  status(): RaftStatus {
    return this.#driver.raft.status();
  }

  /** Current term. */
  get term(): number {
    return this.#driver.raft.term;
  }

  /** Id of the leader, as far as this member knows. */
  get leader(): MemberId | undefined {
    return this.#softState.leader;
  }

  /** Whether this member leads. */
  get isLeader(): boolean {
    return this.#softState.role === "leader";
  }

  /** Whether this member has no vote. */
  get isLearner(): boolean {
    return this.state.members.get(this.memberId)?.isLearner ?? false;
  }

  /** Whether the state is being replaced by a snapshot, so that nothing can be read. */
  get isRestoring(): boolean {
    return this.#applier.isRestoring;
  }

  /** Requests on their way through the log. */
  get pendingProposals(): number {
    return this.#proposals.size;
  }

  /** Bytes of {@link Member.pendingProposals}. */
  get pendingProposalBytes(): number {
    return this.#proposals.pendingBytes;
  }

  /** Since when a peer has been connected, in monotonic milliseconds. */
  connectedSince(memberId: MemberId): number | undefined {
    return this.#transport.connectedSince(memberId);
  }

  /** Starts: connects to the others and lets time pass. */
  start(): void {
    this.#transport.setPeers(this.#peers());
    const { configuration } = this.status();
    if (this.#timing.isElectionHastened) {
      // Waited before: a cluster that starts need not wait a whole time-out for its first leader.
      for (let tick = 1; tick < this.#timing.electionTicks; tick += 1) this.#driver.raft.tick();
    }
    const isAlone = configuration.voters.length === 1 && configuration.voters[0] === this.memberId;
    if (isAlone) this.#driver.raft.campaign();
    this.#scheduleTick();
    this.#flush();
  }

  /** Runs at each change of role or leader. Returns a function that ends it. */
  onSoftState(listener: (softState: SoftState) => void): () => void {
    this.#softListeners.add(listener);
    return () => {
      this.#softListeners.delete(listener);
    };
  }

  /** Sends a request through the log; `settle` is called once, in a later turn or in this one. */
  propose(proposal: MemberProposal): void {
    if (this.#isClosed) {
      proposal.settle(undefined, { reason: "stopped", isUnknown: false });
      return;
    }
    const now = this.#dependencies.clock.monotonicMillis();
    if (this.#isLeaderlessTooLong(now)) {
      proposal.settle(undefined, { reason: "no-leader", isUnknown: false });
      return;
    }
    this.#proposals.add(now, proposal);
    this.#schedule();
  }

  /** Calls back once the state holds everything that was committed when this call was made (P2). */
  readIndex(listener: ReadListener): void {
    if (this.#isClosed) {
      listener("stopped");
      return;
    }
    const now = this.#dependencies.clock.monotonicMillis();
    if (this.#isLeaderlessTooLong(now)) {
      listener("no-leader");
      return;
    }
    this.#reads.add(now, listener);
    this.#schedule();
  }

  /** Hands leadership to another member. */
  transferLeadership(target: MemberId): TransferResult {
    const result = this.#driver.raft.transferLeadership(target);
    this.#schedule();
    return result;
  }

  /** Stops everything; what is under way fails. The log and the state stay the caller's to close. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tickTimer?.cancel();
    this.#applier.stop();
    this.#lessor.demote();
    this.#proposals.failAll("stopped");
    this.#reads.failAll("stopped");
    this.#leaderRequests.close();
    await this.#logKeeper.close();
    await this.#transport.close();
  }

  #schedule(): void {
    if (this.#isFlushScheduled || this.#isClosed) return;
    this.#isFlushScheduled = true;
    this.#dependencies.timers.setImmediate(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  /** The heart: everything that waits moves one step. */
  #flush(): void {
    if (this.#isClosed) return;
    this.#startReadRound();
    this.#pump.run(
      { isSelf: this.isLeader, other: this.#remoteLeader() },
      this.#driver.isPersisting,
    );
    this.#driver.drain();
    this.#applier.run();
    // Applying may have released requests of a lost term, or made a new read round possible.
    if (this.#driver.raft.hasReady()) this.#schedule();
  }

  #startReadRound(): void {
    const requestId = this.#reads.startRound(this.#dependencies.clock.monotonicMillis());
    if (requestId === undefined) return;
    if (this.#driver.raft.readIndex(requestId).kind === "dropped") this.#reads.abandon(requestId);
  }

  #raftEvents(): ConstructorParameters<typeof RaftDriver>[3] {
    return {
      onSoftState: (softState) => {
        this.#handleSoftState(softState);
      },
      onCommitted: (entries) => {
        this.#applier.push(entries);
      },
      onSnapshot: (mark, durable) => {
        this.#applier.pushSnapshot(mark, durable);
      },
      onReadState: ({ requestId, index }) => {
        this.#reads.confirm(requestId, index);
        this.#releaseReads();
      },
      onReadAbandoned: (requestId) => {
        this.#reads.abandon(requestId);
      },
      onSnapshotWanted: (message) => {
        this.#logKeeper.sendSnapshot(message);
      },
      onPersisted: () => {
        this.#flush();
      },
      onLogFailure: (error) => {
        this.#dependencies.onFatal(error);
      },
    };
  }

  #releaseReads(): void {
    if (this.#applier.isRestoring) return;
    this.#reads.release(this.state.appliedIndex);
    this.#schedule();
  }

  #handleSoftState(softState: SoftState): void {
    const { logger, meter, clock } = this.#dependencies;
    const previous = this.#softState;
    this.#softState = softState;
    if (softState.leader !== previous.leader) {
      this.#leaderlessSince = clock.monotonicMillis();
      if (softState.leader !== undefined) meter.leaderChanges.add();
      logger.info("leader changed", {
        from: previous.leader?.toString(16),
        to: softState.leader?.toString(16),
        term: this.term,
      });
    }
    if (softState.role !== "leader") this.#lessor.demote();
    for (const listener of this.#softListeners) listener(softState);
    this.#schedule();
  }

  #handleApplied(entry: Entry, applied: AppliedEntry): void {
    const { meter } = this.#dependencies;
    let hasRevoked = false;
    for (const { requestId, outcome } of applied.outcomes) {
      if (outcome.kind === "response") {
        const { kind, message } = outcome.response;
        if (kind === "lease-grant") {
          this.#lessor.handleGrant(message.id ?? 0n, message.ttl ?? 0);
          meter.leasesGranted.add();
          meter.leaseTtlSeconds.observe(message.ttl ?? 0);
        } else if (kind === "lease-revoke") {
          hasRevoked = true;
          meter.leasesRevoked.add();
        } else if (kind === "lease-expire") {
          hasRevoked = true;
          meter.leasesRevoked.add(message.expired.length);
        }
      }
      if (requestId.member === this.memberId) this.#proposals.settle(requestId.sequence, outcome);
    }
    if (hasRevoked) this.#lessor.handleRevocations();
    if (entry.kind === "configuration") this.#handleConfiguration();
    if (this.isLeader && entry.term === this.term && this.#lessor.term !== entry.term) {
      this.#lessor.promote(entry.term);
    }
  }

  #handleConfiguration(): void {
    this.#transport.setPeers(this.#peers());
    if (this.state.members.isRemoved(this.memberId)) this.#dependencies.onRemoved();
  }

  #createApplier(): Applier {
    const { clock, timers, logger, meter, onFatal } = this.#dependencies;
    return new Applier(
      { sliceMillis: 10, warningMillis: this.#timing.warningApplyMillis },
      this.state,
      (request) =>
        request.member === this.memberId ? this.#proposals.decodedOf(request) : undefined,
      {
        onTerm: (term) => {
          this.#proposals.beginTerm(term);
        },
        onApplied: (entry, applied) => {
          this.#handleApplied(entry, applied);
        },
        onProgress: (appliedIndex) => {
          this.#driver.raft.applied(toLogIndex(appliedIndex));
          this.#releaseReads();
          this.#logKeeper.handleProgress();
        },
        onRestored: (mark) => {
          this.#proposals.failInFlight();
          this.#driver.raft.applied(mark.index);
          this.#handleConfiguration();
          this.#releaseReads();
        },
        onFailure: onFatal,
      },
      {
        clock,
        timers,
        logger,
        applySeconds: meter.applySeconds,
        slowApplies: meter.slowApplies,
        restore: (mark) => this.#logKeeper.restore(mark),
      },
    );
  }

  #createLessor(): Lessor {
    const { clock, timers, meter } = this.#dependencies;
    const { electionTicks, tickMillis, requestTimeoutMillis } = this.#timing;
    return new Lessor(
      {
        promotionExtensionMillis: electionTicks * tickMillis,
        expiryRetryMillis: requestTimeoutMillis,
        scanMillis: 100,
      },
      {
        leases: this.state.leases,
        readIndex: (listener) => {
          this.readIndex(listener);
        },
        proposeExpiry: (ids, term) => {
          this.propose(encodeExpiry(ids, term));
        },
      },
      {
        clock,
        timers,
        onExpired: (count) => {
          meter.leasesExpired.add(count);
        },
        onRenewed: () => {
          meter.leasesRenewed.add();
        },
      },
    );
  }

  #peerHandler(): PeerHandler {
    return {
      admit: (from) => {
        if (this.state.members.isRemoved(from)) return "removed";
        return this.state.members.get(from) === undefined ? "unknown" : "known";
      },
      onFrame: (from, kind, payload) => {
        this.#handleFrame(from, kind, payload);
      },
      onConnected: () => {
        this.#schedule();
      },
      onDisconnected: (memberId) => {
        this.#driver.raft.reportUnreachable(memberId);
        this.#leaderRequests.handleDisconnect(memberId);
      },
      onRemoved: () => {
        this.#dependencies.onRemoved();
      },
      openSnapshot: (from) =>
        this.#logKeeper.openIncoming(from, (message) => {
          this.#driver.raft.step(message);
          this.#schedule();
        }),
    };
  }

  #handleFrame(from: MemberId, kind: number, payload: Uint8Array): void {
    if (this.#isClosed) return;
    switch (kind) {
      case FrameKind.raft:
        this.#driver.handleFrame(from, payload);
        break;
      case FrameKind.forward:
        this.#forwards.handleForward(from, payload, this.isLeader ? this.term : undefined);
        break;
      case FrameKind.forwardRefused:
        this.#forwards.handleRefusal(payload, (batchId) => {
          this.#proposals.giveBack(batchId);
        });
        break;
      case FrameKind.request:
        this.#leaderRequests.handleRequest(from, payload);
        break;
      case FrameKind.response:
        this.#leaderRequests.handleResponse(payload);
        break;
      default:
        this.#dependencies.logger.warn("peer sent a frame of unknown kind", { kind });
    }
    this.#schedule();
  }

  #scheduleTick(): void {
    this.#tickTimer = this.#dependencies.timers.setTimer(this.#timing.tickMillis, () => {
      this.#scheduleTick();
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#dependencies.clock.monotonicMillis();
    this.#driver.raft.tick();
    this.#proposals.tick(now);
    this.#reads.tick(now);
    this.#leaderRequests.tick();
    this.#stepAsideIfStuck();
    if (this.#isLeaderlessTooLong(now)) {
      this.#proposals.failWaiting("no-leader");
      this.#reads.failAll("no-leader");
    }
    this.#flush();
  }

  /**
   * A leader whose disk does not answer commits with the others' disks but can apply nothing: one
   * with a working disk serves better (B11).
   */
  #stepAsideIfStuck(): void {
    const { electionTicks, tickMillis } = this.#timing;
    if (!this.isLeader || this.#syncMillis() < 2 * electionTicks * tickMillis) return;
    const { configuration, leadership } = this.status();
    const target = leadership?.followers.find(
      ({ id, isRecentlyActive }) => isRecentlyActive && configuration.voters.includes(id),
    );
    if (target === undefined || leadership?.transferTarget !== undefined) return;
    this.#dependencies.logger.warn("disk is stuck; handing leadership over", {
      to: target.id.toString(16),
      "sync-millis": this.#syncMillis(),
    });
    this.#driver.raft.transferLeadership(target.id);
  }

  #syncMillis(): number {
    return this.#dependencies.storage.wal.status().syncMillis;
  }

  /** A minority fails fast instead of letting callers wait for their deadlines (V2). */
  #isLeaderlessTooLong(now: number): boolean {
    if (this.#softState.leader !== undefined) return false;
    const { electionTicks, tickMillis } = this.#timing;
    return now - this.#leaderlessSince > 3 * electionTicks * tickMillis;
  }

  #remoteLeader(): MemberId | undefined {
    const { leader } = this.#softState;
    return leader === this.memberId ? undefined : leader;
  }

  #peers(): { memberId: MemberId; peerUrls: readonly string[] }[] {
    return this.state.members.members.map(({ id, peerUrls }) => ({
      memberId: toMemberId(id),
      peerUrls,
    }));
  }
}
