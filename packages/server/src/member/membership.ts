/**
 * Changes of who belongs to the cluster, from the member that was asked (M1 to M4).
 *
 * ```
 * change ─► this member leads ─► read round ─► checks ─► raft ─┐
 *     └──► another leads ──────► the same there ─► verdict     ├─► entry applied here: settled
 *              ▲                       │                       │
 *              └── next tick ◄─ later ─┴── lost with its term ─┘
 * ```
 *
 * Only the leader can judge: its log has the configuration in force. It does so in the state that a
 * quorum confirmed after the question came, and takes a change only in the term that the question
 * names. So when an entry of a later term is applied here, a change that has not been applied by
 * then never will be, and is asked for anew; as with proposals callers see a pause, not an error
 * (P6). What runs out of time in a leader's hands has an unknown outcome.
 */
import type { Clock } from "@quorate/platform";
import type { ConfigurationChange, MemberId, RaftNode, RaftStatus } from "@quorate/raft";
import { toMemberId } from "@quorate/raft";
import {
  checkLearnerReady,
  checkMemberChange,
  checkQuorumAfter,
  computeMemberId,
  encodeMemberChange,
  MemberChangeError,
  normalizePeerUrls,
  type MemberRecord,
  type RequestedMemberChange,
  type RequestId,
  type StateMachine,
} from "@quorate/state-machine";
import type { PeerTransport } from "../peer/peer-transport.ts";
import { LeaderRequestKind, type LeaderAnswer, type LeaderRequests } from "./leader-requests.ts";
import {
  decodeMemberQuestion,
  decodeMemberVerdict,
  encodeMemberQuestion,
  encodeMemberVerdict,
  type MemberQuestion,
  type MemberVerdict,
} from "./member-question.ts";
import type { ProposalFailure } from "./proposal-queue.ts";
import { ListenedRead, type QueuedRead } from "./read-queue.ts";

/** What a caller wants changed. URLs are trimmed, checked and sorted here. */
export type WantedMemberChange =
  | { readonly kind: "add"; readonly peerUrls: readonly string[]; readonly isLearner: boolean }
  | { readonly kind: "remove"; readonly id: bigint }
  /** Makes a voter of a learner. */
  | { readonly kind: "promote"; readonly id: bigint }
  /** Replaces the peer URLs. */
  | { readonly kind: "update"; readonly id: bigint; readonly peerUrls: readonly string[] };

/** How a change ended. */
export type MemberChangeEnd =
  /** It was applied here; `id` is whom it concerned, `members` who they are now. */
  | { readonly kind: "changed"; readonly id: bigint; readonly members: readonly MemberRecord[] }
  /** It will never take effect. */
  | { readonly kind: "refused"; readonly error: MemberChangeError }
  | { readonly kind: "failed"; readonly failure: ProposalFailure };

/** Rules of a cluster for changes. */
export interface MembershipOptions {
  readonly memberId: MemberId;
  /** Number of this process's first change. */
  readonly firstSequence: number;
  readonly timeoutMillis: number;
  /** Whether a change must leave a quorum of started, connected voters. */
  readonly isStrict: boolean;
  readonly learnersMax: number;
}

/** What changes are made with. */
export interface MembershipParts {
  readonly raft: RaftNode;
  readonly state: StateMachine;
  readonly transport: Pick<PeerTransport, "connectedSince">;
  readonly requests: LeaderRequests;
  readonly clock: Clock;
  readonly read: (read: QueuedRead) => void;
  /** Consensus was given something: it may have work. */
  readonly onProposed: () => void;
}

/** Changes without an outcome; more are refused (V3). */
const pendingMax = 256;
/** A connection counts once it has lasted for this long, as etcd's `HealthInterval`. */
const healthyMillis = 5_000;

interface Pending {
  readonly requestId: RequestId;
  readonly change: RequestedMemberChange;
  readonly endMillis: number;
  readonly settle: (end: MemberChangeEnd) => void;
  /** The leader of this term may have it in its log; undefined: it is in no log. */
  term: number | undefined;
  isUnderWay: boolean;
  /** Answers to earlier attempts do not count. */
  attempt: number;
}

/** See the head of the file. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #parts: MembershipParts;
  readonly #pending = new Map<number, Pending>();
  #nextSequence: number;

  constructor(options: MembershipOptions, parts: MembershipParts) {
    this.#options = options;
    this.#parts = parts;
    this.#nextSequence = options.firstSequence;
  }

  /** Makes a change; `settle` is called once. */
  change(wanted: WantedMemberChange, settle: (end: MemberChangeEnd) => void): void {
    if (this.#pending.size >= pendingMax) {
      settle({ kind: "failed", failure: { reason: "too-many-requests", isUnknown: false } });
      return;
    }
    const { clock } = this.#parts;
    let change: RequestedMemberChange;
    try {
      change = toRequested(wanted, clock.wallMillis());
    } catch (error) {
      if (!(error instanceof MemberChangeError)) throw error;
      settle({ kind: "refused", error });
      return;
    }
    const { memberId, timeoutMillis } = this.#options;
    const pending: Pending = {
      ...{ change, settle, term: undefined, isUnderWay: false, attempt: 0 },
      requestId: { member: memberId, sequence: this.#nextSequence++ },
      endMillis: clock.monotonicMillis() + timeoutMillis,
    };
    this.#pending.set(pending.requestId.sequence, pending);
    this.#try(pending);
  }

  /** Answers another member's question; undefined when this one does not lead in its term. */
  answer(payload: Uint8Array): Promise<Uint8Array | undefined> {
    const question = decodeMemberQuestion(payload);
    const { raft } = this.#parts;
    if (question === undefined || raft.leader !== this.#options.memberId) {
      return Promise.resolve(undefined);
    }
    if (question.term !== raft.term) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#whenConfirmed((isConfirmed) => {
        const verdict = isConfirmed ? this.#decide(question) : later;
        resolve(encodeMemberVerdict(verdict));
      });
    });
  }

  /** An entry that makes a change was applied. */
  handleApplied({ member, sequence }: RequestId): void {
    if (member !== this.#options.memberId) return;
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    const { members } = this.#parts.state.members;
    this.#settle(pending, { kind: "changed", id: subjectOf(pending.change), members });
  }

  /** An entry of `term` is about to be applied: what older terms took and lost is tried again. */
  beginTerm(term: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.term === undefined || pending.term >= term) continue;
      pending.term = undefined;
      pending.isUnderWay = false;
      pending.attempt += 1;
    }
  }

  /** Tries what waits; ends what took too long. */
  tick(nowMillis: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.endMillis <= nowMillis) this.#fail(pending, "timeout");
      else if (!pending.isUnderWay && pending.term === undefined) this.#try(pending);
    }
  }

  /** A snapshot replaced the state: what was in flight may be in it or not (P6). */
  failInFlight(): void {
    for (const pending of this.#pending.values()) {
      if (pending.term !== undefined) this.#fail(pending, "timeout");
    }
  }

  /** Fails what is in no leader's hands. */
  failWaiting(reason: ProposalFailure["reason"]): void {
    for (const pending of this.#pending.values()) {
      if (pending.term === undefined) this.#fail(pending, reason);
    }
  }

  /** Fails everything, at the end of the process. */
  failAll(reason: ProposalFailure["reason"]): void {
    for (const pending of this.#pending.values()) this.#fail(pending, reason);
  }

  #try(pending: Pending): void {
    const { raft, requests } = this.#parts;
    const { leader, term } = raft;
    const { requestId, change } = pending;
    const question = { term, requestId, change };
    pending.attempt += 1;
    const { attempt } = pending;
    const isStale = (): boolean =>
      pending.attempt !== attempt || !this.#pending.has(requestId.sequence);
    if (leader === undefined) return;
    pending.isUnderWay = true;
    if (leader === this.#options.memberId) {
      this.#whenConfirmed((isConfirmed) => {
        if (isStale()) return;
        this.#handleVerdict(pending, isConfirmed ? this.#decide(question) : later, term);
      });
      return;
    }
    // From here on it may be in the leader's log, until the leader says that it is not.
    pending.term = term;
    const { timeoutMillis } = this.#options;
    const { memberChange } = LeaderRequestKind;
    const asked = requests.ask(leader, memberChange, encodeMemberQuestion(question), timeoutMillis);
    void asked.then((answer) => {
      if (isStale()) return;
      const verdict = verdictOf(answer);
      if (verdict === undefined) pending.isUnderWay = false;
      else this.#handleVerdict(pending, verdict, term);
    });
  }

  #handleVerdict(pending: Pending, verdict: MemberVerdict, term: number): void {
    pending.isUnderWay = false;
    pending.term = verdict.kind === "proposed" ? term : undefined;
    if (verdict.kind === "refused") this.#settle(pending, verdict);
  }

  /** Calls back when this member has led since the call, and holds all that was committed (P2). */
  #whenConfirmed(body: (isConfirmed: boolean) => void): void {
    const { raft, read } = this.#parts;
    const { term } = raft;
    read(
      new ListenedRead((failure) => {
        body(failure === undefined && raft.term === term && raft.leader === this.#options.memberId);
      }),
    );
  }

  /** Checks and proposes, on the leader. */
  #decide({ term, requestId, change }: MemberQuestion): MemberVerdict {
    const { raft, state, onProposed } = this.#parts;
    const status = raft.status();
    // The member table must be that of the configuration in force.
    if (status.term !== term || state.appliedIndex < status.configurationIndex) return later;
    try {
      this.#check(change, status);
    } catch (error) {
      if (error instanceof MemberChangeError) return { kind: "refused", error };
      throw error;
    }
    const context = encodeMemberChange({ requestId, change });
    const result = raft.proposeConfiguration(toConfigurationChanges(change), context);
    if (result.kind === "accepted") {
      onProposed();
      return { kind: "proposed" };
    }
    if (result.reason !== "invalid-change") return later;
    return { kind: "refused", error: new MemberChangeError("unhealthy-cluster", result.problem) };
  }

  /** In etcd's order. @throws MemberChangeError */
  #check(change: RequestedMemberChange, { leadership, log }: RaftStatus): void {
    const { members } = this.#parts.state;
    const { isStrict, learnersMax } = this.#options;
    if (change.kind === "promote" && members.get(change.id)?.isLearner === true) {
      const learner = leadership?.followers.find(({ id }) => id === change.id);
      checkLearnerReady(change.id, learner?.matchIndex ?? 0, log.persistedIndex);
    }
    if (isStrict) {
      checkQuorumAfter(members, change, {
        connectedVoters: this.#connectedVoters(),
        isTargetConnected: this.#isConnected(subjectOf(change)),
      });
    }
    checkMemberChange(members, change, { maxLearners: learnersMax });
  }

  #connectedVoters(): number {
    const { state, transport, clock } = this.#parts;
    const latest = clock.monotonicMillis() - healthyMillis;
    return state.members.members.filter(({ id, isLearner }) => {
      if (isLearner) return false;
      if (id === this.#options.memberId) return true;
      return (transport.connectedSince(toMemberId(id)) ?? Infinity) <= latest;
    }).length;
  }

  #isConnected(id: bigint): boolean {
    if (id === this.#options.memberId) return true;
    return this.#parts.transport.connectedSince(toMemberId(id)) !== undefined;
  }

  #fail(pending: Pending, reason: ProposalFailure["reason"]): void {
    const isUnknown = pending.term !== undefined;
    this.#settle(pending, { kind: "failed", failure: { reason, isUnknown } });
  }

  #settle(pending: Pending, end: MemberChangeEnd): void {
    this.#pending.delete(pending.requestId.sequence);
    pending.settle(end);
  }
}

const later: MemberVerdict = { kind: "later" };

/** What an answer says for certain; undefined when the leader may have taken the change. */
function verdictOf(answer: LeaderAnswer): MemberVerdict | undefined {
  switch (answer.kind) {
    case "answer":
      return decodeMemberVerdict(answer.payload);
    case "not-leader":
    case "unsent":
      return later;
    case "lost":
      return undefined;
  }
}

function toRequested(wanted: WantedMemberChange, wallMillis: number): RequestedMemberChange {
  switch (wanted.kind) {
    case "add": {
      const peerUrls = normalizePeerUrls(wanted.peerUrls);
      const unixSeconds = Math.floor(wallMillis / 1000);
      const id = computeMemberId({ peerUrls, clusterToken: "", unixSeconds });
      return { kind: "add", member: { id, peerUrls }, isLearner: wanted.isLearner };
    }
    case "update": {
      const peerUrls = normalizePeerUrls(wanted.peerUrls);
      return { kind: "update", member: { id: toKnownId(wanted.id), peerUrls } };
    }
    case "remove":
    case "promote":
      return { kind: wanted.kind, id: toKnownId(wanted.id) };
  }
}

/** Callers may give any number: one that no member can have is not found. */
function toKnownId(id: bigint): bigint {
  if (id > 0n && id < 1n << 64n) return id;
  throw new MemberChangeError("member-not-found", `Cannot change member ${id}: no such id`);
}

function toConfigurationChanges(change: RequestedMemberChange): readonly ConfigurationChange[] {
  const memberId = toMemberId(subjectOf(change));
  switch (change.kind) {
    case "add":
      return [{ kind: change.isLearner ? "add-learner" : "add-voter", memberId }];
    case "promote":
      return [{ kind: "add-voter", memberId }];
    case "remove":
      return [{ kind: "remove", memberId }];
    case "update":
      return [];
  }
}

function subjectOf(change: RequestedMemberChange): bigint {
  return "member" in change ? change.member.id : change.id;
}
