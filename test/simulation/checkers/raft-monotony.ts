/** What never goes back: terms, votes, commit and applied index (D8). */
import type { MemberId, RaftStatus } from "@quorate/raft";
import type { SimFileSystem } from "@quorate/platform/sim";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/** See the head of the file. */
export class RaftMonotony {
  readonly #coverage: Coverage;
  readonly #stepsPerLook: number;
  readonly #lives = new Map<ObservedProcess, Life>();
  /** By member and term: whom it voted for. Outlives processes, as the disk does. */
  readonly #votes = new Map<string, MemberId>();
  readonly #deceived = new Set<SimFileSystem>();
  readonly #watched = new Set<SimFileSystem>();

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
    // A disk that was put back to another time has forgotten its promises: nothing can be expected.
    if (this.#deceived.delete(files)) this.#forgetVotes(memberId);
    if (this.#watched.has(files)) return;
    this.#watched.add(files);
    files.addObserver({ deceived: () => this.#deceived.add(files) });
  }

  ended(process: ObservedProcess): void {
    this.#lives.delete(process);
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

  /** One vote a term, whatever happened to the process in between (C8, C14). */
  votes(member: MemberId, term: number, candidate: MemberId): void {
    const key = `${member}/${term}`;
    const before = this.#votes.get(key);
    check(before === undefined || before === candidate, "votes", () => {
      return `${member} votes for ${candidate} and ${before} in term ${term}`;
    });
    this.#votes.set(key, candidate);
    this.#coverage.checked("votes");
  }

  #forgetVotes(member: MemberId): void {
    for (const key of [...this.#votes.keys()]) {
      if (key.startsWith(`${member}/`)) this.#votes.delete(key);
    }
  }
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
