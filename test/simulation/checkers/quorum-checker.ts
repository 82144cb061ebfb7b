import type { MemberId } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { Machine } from "../world/machine.ts";
import type { PeerNetwork } from "../world/peer-network.ts";
import { check } from "./check-failure.ts";

/** What is looked at. */
export interface QuorumView {
  readonly machines: readonly Machine[];
  readonly peers: Pick<PeerNetwork, "isOpen">;
  readonly nowMillis: number;
}

/** Looks at the world now and then. */
export const quorumLookMillis = 100;

/**
 * A leader that cannot reach a quorum steps down (B9, C18): otherwise its clients wait for nothing,
 * and it keeps others from being elected.
 */
export class QuorumChecker {
  readonly #coverage: Coverage;
  readonly #patienceMillis: number;
  readonly #lonelySince = new Map<MemberId, number>();

  /** @param electionMillis - Longest time in which a leader looks whether it hears a quorum. */
  constructor(coverage: Coverage, electionMillis: number) {
    this.#coverage = coverage;
    // Two looks, on a clock that may be slow, and what is on its way for a while.
    this.#patienceMillis = 3 * electionMillis + 1_000;
  }

  /** Looks at all leaders. @throws CheckFailure */
  look(view: QuorumView): void {
    for (const machine of view.machines) {
      const { memberId } = machine;
      if (!isLonelyLeader(machine, view)) {
        this.#lonelySince.delete(memberId);
        continue;
      }
      const since = this.#lonelySince.get(memberId) ?? view.nowMillis;
      this.#lonelySince.set(memberId, since);
      check(view.nowMillis - since <= this.#patienceMillis, "B9", () => {
        return `${machine.name} leads without a quorum since ${since}`;
      });
      this.#coverage.checked("B9");
    }
  }
}

function isLonelyLeader(machine: Machine, view: QuorumView): boolean {
  const { running } = machine;
  if (running === undefined || running.isPaused || running.member?.isLeader !== true) return false;
  const { voters, votersOutgoing } = running.status().configuration;
  return [voters, votersOutgoing].some((set) => {
    const reached = set.filter((voter) => isReached(machine, voter, view));
    return set.length > 0 && reached.length * 2 <= set.length;
  });
}

function isReached({ memberId }: Machine, voter: MemberId, view: QuorumView): boolean {
  if (voter === memberId) return true;
  const other = view.machines.find((machine) => machine.memberId === voter);
  if (other?.running === undefined || other.running.isPaused) return false;
  return view.peers.isOpen(memberId, voter) && view.peers.isOpen(voter, memberId);
}
