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
import type { Clock, Logger, Random, Timers } from "@quorate/platform";
import {
  toLogIndex,
  type Entry,
  type MemberId,
  type RaftStatus,
  type SoftState,
  type TransferResult,
} from "@quorate/raft";
import type { AppliedEntry, RequestOutcome, StateMachine } from "@quorate/state-machine";
import type { ClusterDescription } from "../peer/cluster-question.ts";
import type { PeerHandler, PeerTransport } from "../peer/peer-transport.ts";
import { AppliedEntries } from "./applied-entries.ts";
import { Applier } from "./applier.ts";
import {
  createLessor,
  createMembership,
  createProposalQueue,
  createRaft,
  createReadQueue,
} from "./create-parts.ts";
import { ForwardFilter } from "./forward.ts";
import { ForwardIntake } from "./forward-intake.ts";
import { LeaderRequestKind, LeaderRequests } from "./leader-requests.ts";
import { LeaderWatch } from "./leader-watch.ts";
import { LeaseDesk } from "./lease-desk.ts";
import type { Lessor } from "./lessor.ts";
import { LogKeeper } from "./log-keeper.ts";
import type { MemberMeter } from "./member-meter.ts";
import type { MemberChangeEnd, Membership, WantedMemberChange } from "./membership.ts";
import { defaultMemberLimits, type MemberLimits, type MemberTiming } from "./member-timing.ts";
import { PeerDirectory } from "./peer-directory.ts";
import { createPeerHandler, stepSnapshot } from "./peer-frames.ts";
import { mayHaveForgotten, PromiseExchange } from "./promise-exchange.ts";
import { ProposalPump } from "./proposal-pump.ts";
import type { ProposalQueue } from "./proposal-queue.ts";
import { RaftDriver } from "./raft-driver.ts";
import { ListenedRead, type QueuedRead, type ReadListener, type ReadQueue } from "./read-queue.ts";
import { ReadTurns } from "./read-turns.ts";
import type { MemberProposal } from "./outcome.ts";
import type { OpenedStorage } from "./storage.ts";
import { stepAsideIfStuck } from "./stuck-disk.ts";
import { Ticker } from "./ticker.ts";

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
  /** Sees what is applied, before anybody is answered; for simulators. @default nobody */
  readonly observer?: MemberObserver;
}

/** See {@link MemberDependencies.observer}. */
export interface MemberObserver {
  /** The state holds the entry now. */
  onApplied(entry: Entry, applied: AppliedEntry): void;
  /** The state was replaced by a received one. */
  onRestored(): void;
}

/** How long a quorum has to confirm who the members are. */
const describeMillis = 2_000;

/** See the head of the file. */
export class Member {
  readonly state: StateMachine;
  readonly leases: LeaseDesk;
  readonly #timing: MemberTiming;
  readonly #dependencies: MemberDependencies;
  readonly #driver: RaftDriver;
  readonly #applier: Applier;
  readonly #transport: PeerTransport;
  readonly #directory: PeerDirectory;
  readonly #promises: PromiseExchange;
  readonly #proposals: ProposalQueue<MemberProposal, RequestOutcome>;
  readonly #reads: ReadQueue;
  readonly #readTurns: ReadTurns;
  readonly #lessor: Lessor;
  readonly #leaderRequests: LeaderRequests;
  readonly #forwards: ForwardIntake;
  readonly #pump: ProposalPump;
  readonly #membership: Membership;
  readonly #logKeeper: LogKeeper;
  readonly #leaderWatch: LeaderWatch;
  readonly #ticker: Ticker;
  #isFlushScheduled = false;
  /** When the first request arrived for which the next flush is scheduled. */
  #turnBeganMillis = 0;
  #isLearner: boolean;
  /**
   * End of the log when it was opened. Only what is durable here is applied, so no earlier process
   * of this member can have shown more.
   */
  readonly #shownIndexMax: number;
  #closing: Promise<void> | undefined;

  constructor(timing: MemberTiming, dependencies: MemberDependencies) {
    this.#timing = timing;
    this.#dependencies = dependencies;
    const { clock, storage, logger, random } = dependencies;
    this.state = storage.state;
    this.#isLearner = this.#isLearnerNow();
    const { entries, compacted } = storage.raftState;
    this.#shownIndexMax = entries.at(-1)?.index ?? compacted.index;
    const { electionTicks, tickMillis } = timing;
    const { meter } = dependencies;
    this.#leaderWatch = new LeaderWatch(3 * electionTicks * tickMillis, {
      ...{ clock, logger, leaderChanges: meter.leaderChanges },
    });
    const raft = createRaft(timing, storage, random);
    this.#transport = dependencies.createTransport(this.#createPeerHandler());
    this.#directory = new PeerDirectory({
      ...{ memberId: storage.memberId, transport: this.#transport, clock },
      members: () => this.state.members,
      departureMillis: 2 * electionTicks * tickMillis,
    });
    this.#driver = new RaftDriver(raft, storage.wal, this.#transport, this.#raftEvents(), {
      ...{ logger, timers: dependencies.timers },
    });
    this.#ticker = this.#createTicker();
    const probationTicks = mayHaveForgotten(storage) ? 2 * electionTicks : 0;
    const { memberId } = storage;
    this.#promises = new PromiseExchange(memberId, raft, this.#transport, probationTicks);
    this.#proposals = createProposalQueue(storage.memberId, timing, random, meter);
    this.#reads = createReadQueue(timing, meter);
    this.#readTurns = new ReadTurns({
      ...{ queue: this.#reads, clock, timers: dependencies.timers },
      appliedIndex: () => (this.#applier.isRestoring ? undefined : this.state.appliedIndex),
    });
    this.#forwards = new ForwardIntake(new ForwardFilter(), this.#transport, this.#limits);
    this.#pump = new ProposalPump({
      raft,
      queue: this.#proposals,
      forwards: this.#forwards,
      transport: this.#transport,
      session: random.nextInt(2 ** 32),
    });
    this.#lessor = createLessor(timing, this, dependencies);
    const firstId = random.nextInt(2 ** 32);
    this.#leaderRequests = new LeaderRequests(this.#transport, clock, firstId, (kind, payload) =>
      kind === LeaderRequestKind.memberChange
        ? this.#membership.answer(payload)
        : this.leases.answer(kind, payload),
    );
    this.#membership = createMembership(timing, storage, random, {
      ...{ raft, state: this.state, transport: this.#transport, clock },
      requests: this.#leaderRequests,
      read: (read) => this.read(read),
      onProposed: () => this.#schedule(),
    });
    this.#applier = this.#createApplier();
    this.leases = new LeaseDesk(this.#lessor, this.#leaderRequests, {
      clock,
      timers: dependencies.timers,
      timeoutMillis: timing.requestTimeoutMillis,
      leader: () => this.#remoteLeader(),
      read: (read) => this.read(read),
    });
    this.#logKeeper = new LogKeeper(timing, raft, storage, this.#transport, {
      ...dependencies,
      onSettled: () => this.#schedule(),
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
    return this.#leaderWatch.leader;
  }

  /** Whether this member leads. */
  get isLeader(): boolean {
    return this.#leaderWatch.isLeader;
  }

  /** Whether this member has no vote. */
  get isLearner(): boolean {
    return this.#isLearner;
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
    this.#directory.update();
    const { configuration } = this.status();
    if (this.#timing.isElectionHastened) {
      // Waited before: a cluster that starts need not wait a whole time-out for its first leader.
      for (let tick = 1; tick < this.#timing.electionTicks; tick += 1) this.#driver.raft.tick();
    }
    const isAlone = configuration.voters.length === 1 && configuration.voters[0] === this.memberId;
    if (isAlone) this.#driver.raft.campaign();
    this.#ticker.start();
    this.#flush();
  }

  /** Runs at each change of role or leader. Returns a function that ends it. */
  onSoftState(listener: (softState: SoftState) => void): () => void {
    return this.#leaderWatch.onChange(listener);
  }

  /** A request's bytes as they may wait in a proposal, see {@link ProposalQueue.ownBytes}. */
  ownBytes(bytes: Uint8Array): Uint8Array {
    return this.#proposals.ownBytes(bytes);
  }

  /** Sends a request through the log; `settle` is called once, in a later turn or in this one. */
  propose(proposal: MemberProposal): void {
    if (this.#closing !== undefined) {
      proposal.fail({ reason: "stopped", isUnknown: false });
      return;
    }
    const now = this.#turnMillis();
    if (this.#leaderWatch.isLeaderlessTooLong(now)) {
      proposal.fail({ reason: "no-leader", isUnknown: false });
      return;
    }
    this.#proposals.add(now, proposal);
    this.#schedule();
  }

  /** Calls back once the state holds everything that was committed when this call was made (P2). */
  readIndex(listener: ReadListener): void {
    this.read(new ListenedRead(listener));
  }

  /** The same for a read that is an object of its own. */
  read(read: QueuedRead): void {
    if (this.#closing !== undefined) {
      read.settle("stopped");
      return;
    }
    const now = this.#turnMillis();
    if (this.#leaderWatch.isLeaderlessTooLong(now)) {
      read.settle("no-leader");
      return;
    }
    this.#reads.add(now, read);
    this.#schedule();
  }

  /**
   * Calls back when this member's own state may be read, however old it is. At once, but for a
   * member that has restarted: how far it had applied its log, nobody noted, and it must not show
   * less than it has shown (P3). Until it has passed the end of that log, a quorum tells how far it
   * must be.
   */
  readOwn(read: QueuedRead): void {
    if (this.state.appliedIndex >= this.#shownIndexMax) read.settle(undefined);
    else this.read(read);
  }

  /** Changes who belongs to the cluster; `settle` is called once, when it is applied here. */
  changeMembers(change: WantedMemberChange, settle: (end: MemberChangeEnd) => void): void {
    if (this.#closing !== undefined) {
      settle({ kind: "failed", failure: { reason: "stopped", isUnknown: false } });
    } else if (this.#leaderWatch.isLeaderlessTooLong(this.#turnMillis())) {
      settle({ kind: "failed", failure: { reason: "no-leader", isUnknown: false } });
    } else {
      this.#membership.change(change, settle);
    }
  }

  /** Hands leadership to another member. */
  transferLeadership(target: MemberId): TransferResult {
    const result = this.#driver.raft.transferLeadership(target);
    this.#schedule();
    return result;
  }

  /** Stops everything; what is under way fails. Log and state stay the caller's to close. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Ahead of everything else, so that nothing that ends now begins anew.
    await Promise.resolve();
    this.#ticker.close();
    this.#driver.close();
    const applierStopped = this.#applier.stop();
    this.#lessor.demote();
    this.leases.close();
    this.#proposals.failAll("stopped");
    this.#membership.failAll("stopped");
    this.#reads.failAll("stopped");
    this.#leaderRequests.close();
    await this.#logKeeper.close();
    await this.#transport.close();
    await applierStopped;
  }

  /** Hot: the clock is read once for all requests of a turn. */
  #turnMillis(): number {
    if (!this.#isFlushScheduled) this.#noteTime();
    return this.#turnBeganMillis;
  }

  #noteTime(): void {
    this.#turnBeganMillis = this.#dependencies.clock.monotonicMillis();
  }

  #schedule(): void {
    if (this.#isFlushScheduled || this.#closing !== undefined) return;
    this.#isFlushScheduled = true;
    // Others than requests schedule, too: the time must not stay that of a request long ago.
    this.#noteTime();
    this.#dependencies.timers.setImmediate(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  /** The heart: everything that waits moves one step. */
  #flush(): void {
    if (this.#closing !== undefined) return;
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
    if (this.leader === undefined) return;
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
    this.#readTurns.serve();
    // The next round may be asked for.
    this.#schedule();
  }

  #handleSoftState(softState: SoftState): void {
    if (softState.role !== "leader") {
      this.#lessor.demote();
      this.#logKeeper.stopSending();
    }
    this.#leaderRequests.handleLeader(softState.leader);
    this.#pump.release();
    this.#leaderWatch.handle(softState, this.term);
    this.#schedule();
  }

  #handleConfiguration(): void {
    this.#isLearner = this.#isLearnerNow();
    this.#directory.update();
    if (this.state.members.isRemoved(this.memberId)) this.#dependencies.onRemoved();
  }

  #createApplier(): Applier {
    const { clock, timers, logger, meter, onFatal, observer } = this.#dependencies;
    const outcomes = new AppliedEntries({
      ...{ proposals: this.#proposals, lessor: this.#lessor, membership: this.#membership, meter },
      onConfiguration: () => this.#handleConfiguration(),
    });
    return new Applier(
      {
        sliceMillis: this.#limits.applySliceMillis,
        warningMillis: this.#timing.warningApplyMillis,
        stagedBytesMax: this.#limits.stagedBytesMax,
      },
      this.state,
      this.#proposals,
      {
        onTerm: (term) => {
          this.#proposals.beginTerm(term);
          this.#membership.beginTerm(term);
        },
        onApplied: (entry, applied) => {
          observer?.onApplied(entry, applied);
          outcomes.handle(entry, applied, this.#leadingTerm());
        },
        onProgress: (appliedIndex) => {
          this.#driver.raft.applied(toLogIndex(appliedIndex));
          this.#releaseReads();
          this.#logKeeper.handleProgress();
        },
        onRestored: (mark) => {
          observer?.onRestored();
          this.#proposals.failInFlight();
          this.#membership.failInFlight();
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

  #createPeerHandler(): PeerHandler {
    const { onFatal, onRemoved, logger } = this.#dependencies;
    let made: ReturnType<Parameters<typeof createPeerHandler>[0]>;
    const parts = (): typeof made => {
      if (this.#closing !== undefined) return undefined;
      made ??= {
        ...{ directory: this.#directory, driver: this.#driver, forwards: this.#forwards, logger },
        promises: this.#promises,
        ...{ pump: this.#pump, leaderRequests: this.#leaderRequests },
        leadingTerm: () => this.#leadingTerm(),
      };
      return made;
    };
    return createPeerHandler(parts, {
      onNews: () => this.#schedule(),
      onRemoved,
      onStale: onFatal,
      describe: (isFreshWanted) => this.#describe(isFreshWanted),
      openSnapshot: (from) => {
        // The file of a state that is being installed would be cleaned away with the next one's.
        if (this.#applier.hasSnapshot || this.status().isInstallingSnapshot) return undefined;
        return this.#logKeeper.openIncoming(from, (message) => {
          const isTaken = stepSnapshot(this.#driver, message, onFatal);
          this.#schedule();
          return isTaken;
        });
      },
    });
  }

  /** The cluster, confirmed by a quorum where one is asked for and answers in time. */
  #describe(isFreshWanted: boolean): Promise<ClusterDescription> {
    return new Promise((resolve) => {
      const describe = (isFresh: boolean): void => {
        const { members, appliedIndex } = this.state;
        const { clusterId } = this;
        const { removedIds } = members;
        resolve({ clusterId, isFresh, appliedIndex, members: members.members, removedIds });
      };
      if (!isFreshWanted) {
        describe(false);
        return;
      }
      const timer = this.#dependencies.timers.setTimer(describeMillis, () => describe(false));
      this.readIndex((failure) => {
        timer.cancel();
        describe(failure === undefined);
      });
    });
  }

  #createTicker(): Ticker {
    const { timers, random } = this.#dependencies;
    return new Ticker(this.#timing.tickMillis, {
      ...{ timers, random },
      isLed: () => this.#driver.raft.leader !== undefined,
      onTick: () => this.#tick(),
    });
  }

  #tick(): void {
    const now = this.#dependencies.clock.monotonicMillis();
    this.#driver.raft.tick();
    this.#proposals.tick(now);
    this.#reads.tick(now);
    this.#leaderRequests.tick();
    this.#membership.tick(now);
    this.#directory.tick(now);
    this.#promises.tick();
    this.#pump.release();
    const { electionTicks, tickMillis } = this.#timing;
    const { syncMillis } = this.#dependencies.storage.wal.status();
    const limitMillis = 2 * electionTicks * tickMillis;
    stepAsideIfStuck(this.#driver.raft, { syncMillis, limitMillis }, this.#dependencies.logger);
    if (this.#leaderWatch.isLeaderlessTooLong(now)) {
      this.#proposals.failWaiting("no-leader");
      this.#membership.failWaiting("no-leader");
      this.#reads.failAll("no-leader");
    }
    this.#flush();
  }

  #isLearnerNow(): boolean {
    return this.state.members.get(this.memberId)?.isLearner ?? false;
  }

  get #limits(): MemberLimits {
    return this.#timing.limits ?? defaultMemberLimits;
  }

  #leadingTerm(): number | undefined {
    return this.isLeader ? this.term : undefined;
  }

  /** The leader, when it is another member. */
  #remoteLeader(): MemberId | undefined {
    return this.leader === this.memberId ? undefined : this.leader;
  }
}
