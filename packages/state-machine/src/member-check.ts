// What the leader checks before it proposes a membership change. Pure: what only a running member
// knows (who is connected) comes in as an argument. Rules as semantics of etcd's
// `server/etcdserver/api/membership/cluster.go` and `server/etcdserver/server.go`.
import { MemberChangeError, type MemberErrorCode } from "./errors.ts";
import type { MemberChange } from "./member-change.ts";
import type { MemberRecord, MemberView } from "./member-table.ts";

/** A change that clients ask for. */
export type RequestedMemberChange = Exclude<MemberChange, { readonly kind: "bootstrap" }>;

/** Bounds that hold for all changes. */
export interface MemberCheckOptions {
  /** Most learners at a time. @default 1 */
  readonly maxLearners: number;
}

/** What the leader sees of the others at the moment. */
export interface Connectivity {
  /** Voters connected to this member for at least 5 s, itself included. */
  readonly connectedVoters: number;
  /** Whether the member to be removed has a connection, or is this one; else ignored. */
  readonly isTargetConnected: boolean;
}

/**
 * Checks a change against the members.
 *
 * @throws {@link MemberChangeError} `member-exists`, `member-not-found` (unknown or removed
 *   before), `peer-url-exists`, `too-many-learners`, `member-not-learner`, or
 *   `not-enough-started-members` for the removal of the last voter.
 */
export function checkMemberChange(
  view: MemberView,
  change: RequestedMemberChange,
  options: MemberCheckOptions,
): void {
  const id = "member" in change ? change.member.id : change.id;
  const current = view.members.find((member) => member.id === id);
  if (view.isRemoved(id)) throw refusal("member-not-found", id, "it was removed before");
  if (change.kind === "add") {
    if (current !== undefined) throw refusal("member-exists", id, "it is a member");
    checkPeerUrls(view, id, change.member.peerUrls);
    const learners = view.members.filter((member) => member.isLearner).length;
    if (change.isLearner && learners >= options.maxLearners) {
      throw refusal("too-many-learners", id, `there are ${learners} learners`);
    }
    return;
  }
  if (current === undefined) throw refusal("member-not-found", id, "it is not a member");
  switch (change.kind) {
    case "update":
      checkPeerUrls(view, id, change.member.peerUrls);
      return;
    case "promote":
      if (!current.isLearner) throw refusal("member-not-learner", id, "it is a voter");
      return;
    case "remove":
      if (!current.isLearner && votersOf(view).length === 1) {
        throw refusal("not-enough-started-members", id, "it is the last voter");
      }
  }
}

/**
 * Checks that a change leaves a working quorum; the strict reconfiguration check.
 *
 * @throws {@link MemberChangeError} `not-enough-started-members` or `unhealthy-cluster`.
 */
export function checkQuorumAfter(
  view: MemberView,
  change: RequestedMemberChange,
  connectivity: Connectivity,
): void {
  const voters = votersOf(view);
  const started = voters.filter(isStarted).length;
  const count = voters.length;
  switch (change.kind) {
    case "add": {
      const isGrowingFromOne = started === 1 && count === 1;
      const { id } = change.member;
      if (!change.isLearner && !isGrowingFromOne) checkStarted(id, started, quorum(count + 1));
      if (count > 1 && connectivity.connectedVoters < quorum(count + 1)) {
        throw refusal("unhealthy-cluster", id, `${connectivity.connectedVoters} voters connected`);
      }
      return;
    }
    case "promote":
      checkStarted(change.id, started + 1, quorum(count + 1));
      return;
    case "remove": {
      const target = voters.find((member) => member.id === change.id);
      if (target === undefined) return;
      checkStarted(change.id, started - (isStarted(target) ? 1 : 0), quorum(count - 1));
      if (!connectivity.isTargetConnected) return;
      if (connectivity.connectedVoters - 1 < quorum(count - 1)) {
        throw refusal(
          "unhealthy-cluster",
          change.id,
          `${connectivity.connectedVoters} voters connected`,
        );
      }
      return;
    }
    case "update":
  }
}

/** Whether a learner has caught up enough to vote: 90 % of the leader's match index. */
export function checkLearnerReady(id: bigint, matchIndex: number, leaderMatchIndex: number): void {
  if (matchIndex < leaderMatchIndex * 0.9) {
    throw refusal("learner-not-ready", id, `it is at ${matchIndex} of ${leaderMatchIndex}`);
  }
}

function votersOf(view: MemberView): readonly MemberRecord[] {
  return view.members.filter((member) => !member.isLearner);
}

function isStarted(member: MemberRecord): boolean {
  return member.name !== "";
}

function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

function checkStarted(id: bigint, started: number, needed: number): void {
  if (started >= needed) return;
  throw refusal("not-enough-started-members", id, `${started} started, ${needed} needed`);
}

function checkPeerUrls(view: MemberView, id: bigint, peerUrls: readonly string[]): void {
  const wanted = new Set(peerUrls);
  for (const member of view.members) {
    if (member.id === id) continue;
    const taken = member.peerUrls.find((url) => wanted.has(url));
    if (taken !== undefined) throw refusal("peer-url-exists", id, `"${taken}" is taken`);
  }
}

function refusal(code: MemberErrorCode, id: bigint, reason: string): MemberChangeError {
  return new MemberChangeError(code, `Cannot change member ${id.toString(16)}: ${reason}`);
}
