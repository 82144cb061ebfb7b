/** What never goes back: terms, votes, commit and applied index (D8). */
import type { MemberId, RaftStatus } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/** See the head of the file. */
export class RaftMonotony {
  readonly #coverage: Coverage;
  readonly #stepsPerLook: number;
  readonly #lives = new Map<ObservedProcess, Life>();
  /** By member and term. Outlives processes, as the disk does. */
  readonly #votes = new Map<string, Vote>();
  readonly #running = new Map<MemberId, ObservedProcess>();
  /** Members whose disks have deceived them. */
  readonly #deceived = new Set<MemberId>();
  readonly #watched = new Set<MemberId>();

  /** @param stepsPerLook - A look at a status costs more than most steps. */
  constructor(coverage: Coverage, stepsPerLook: number) {
    this.#coverage = coverage;
    this.#stepsPerLook = stepsPerLook;
  }

  /** A process goes on from its disk. */
  started(process: ObservedProcess, status: RaftStatus): void {
    const { files, memberId } = process;
    const applied = process.state.appliedIndex;
    this.#lives.set(process, { ...markOf(status), applied, role: status.role, steps: 0 });
    this.#running.set(memberId, process);
    if (this.#watched.has(memberId)) return;
    this.#watched.add(memberId);
    files.addObserver({ deceived: () => this.#deceived.add(memberId) });
  }

  ended(process: ObservedProcess): void {
    this.#lives.delete(process);
    this.#running.delete(process.memberId);
  }

  /** Whether it is time to look again. */
  isDue(process: ObservedProcess): boolean {
    const life = this.#lives.get(process);
    if (life === undefined) return false;
    life.steps = (life.steps + 1) % this.#stepsPerLook;
    return life.steps === 0;
  }

  /** Compares what a process says of itself with what it said before. */
  sees(process: ObservedProcess, status: RaftStatus): void {
    const life = this.#lives.get(process);
    if (life === undefined) return;
    const { memberId } = process;
    const next = markOf(status);
    for (const name of ["term", "commit"] as const) {
      check(next[name] >= life[name], `${name} monotonic`, () => {
        return `${memberId} went back from ${life[name]} to ${next[name]}`;
      });
    }
    if (next.term === life.term && life.votedFor !== undefined) {
      check(next.votedFor === life.votedFor, "votes monotonic", () => {
        return `${memberId} changed its vote in term ${next.term}`;
      });
    }
    if (next.term === life.term && life.role === "leader") {
      check(next.lastIndex >= life.lastIndex, "leader append-only", () => {
        return `leader ${memberId} cut its log from ${life.lastIndex} to ${next.lastIndex}`;
      });
      this.#coverage.checked("leader append-only");
    }
    const { compactedIndex, appliedIndex, commitIndex, lastIndex } = status.log;
    const isInOrder = compactedIndex <= appliedIndex && appliedIndex <= commitIndex;
    // A snapshot that is being installed has replaced the log and not yet the state.
    const isWhole = isInOrder || status.isInstallingSnapshot;
    check(isWhole && commitIndex <= lastIndex, "log order", () => {
      return `${memberId}: ${[compactedIndex, appliedIndex, commitIndex, lastIndex].join(" <= ")}`;
    });
    Object.assign(life, next, { role: status.role });
    this.#coverage.checked("term and commit monotonic");
  }

  /** Entries are applied one after the other, each once a life. */
  applies(process: ObservedProcess, index: number): void {
    const life = this.#lives.get(process);
    if (life === undefined) return;
    check(index === life.applied + 1, "applied monotonic", () => {
      return `${process.memberId} applies ${index} after ${life.applied}`;
    });
    life.applied = index;
  }

  /** A received state never takes a member back. */
  restores(process: ObservedProcess, index: number): void {
    const life = this.#lives.get(process);
    if (life === undefined) return;
    check(index >= life.applied, "applied monotonic", () => {
      return `${process.memberId} installs ${index} after it has applied ${life.applied}`;
    });
    life.applied = index;
  }

  /** One vote a term, whatever happened to the process and its disk in between (C8, C14, B16). */
  votes(member: MemberId, term: number, candidate: MemberId): void {
    const key = `${member}/${term}`;
    const before = this.#votes.get(key);
    const isOne = before === undefined || before.candidate === candidate;
    check(isOne || this.#isLostOn(member, before), "votes", () => {
      return `${member} votes for ${candidate} and ${before?.candidate} in term ${term}`;
    });
    if (!isOne || before === undefined) {
      this.#votes.set(key, { candidate, witness: this.#running.get(candidate) });
    }
    this.#coverage.checked("votes");
  }

  /**
   * Whether nobody can tell a member of its vote: its disk has deceived it, and the process that
   * got the vote, the only other one that knew, is gone as well.
   */
  #isLostOn(member: MemberId, { candidate, witness }: Vote): boolean {
    return this.#deceived.has(member) && this.#running.get(candidate) !== witness;
  }
}

/** Whom a member voted for, and the process of that one as it was then. */
interface Vote {
  readonly candidate: MemberId;
  readonly witness: ObservedProcess | undefined;
}

interface Mark {
  term: number;
  commit: number;
  votedFor: MemberId | undefined;
  lastIndex: number;
}

interface Life extends Mark {
  applied: number;
  role: RaftStatus["role"];
  steps: number;
}

function markOf({ term, votedFor, log }: RaftStatus): Mark {
  return { term, votedFor, commit: log.commitIndex, lastIndex: log.lastIndex };
}
