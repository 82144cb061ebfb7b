import { readFileSync } from "node:fs";
import type { MemberProcess } from "./member-process.ts";

/**
 * Time since it was made, less the time in which this process, or the one of the members that fared
 * worst, was ready to run and had no processor: another's load on the machine is no outage.
 */
export class FairStopwatch {
  readonly #members: readonly MemberProcess[];
  readonly #began = performance.now();
  readonly #waitedBefore: ReadonlyMap<number, number>;

  constructor(members: readonly MemberProcess[]) {
    this.#members = members;
    this.#waitedBefore = new Map(this.#pids().map((pid) => [pid, waitedMillis(pid)]));
  }

  /** What it shows now. */
  read(): Lap {
    const [own = 0, ...others] = this.#pids().map(
      (pid) => waitedMillis(pid) - (this.#waitedBefore.get(pid) ?? 0),
    );
    return lapOf(performance.now() - this.#began, own, others);
  }

  /** This process and the members that run now: one started meanwhile has waited since then. */
  #pids(): readonly number[] {
    return [process.pid, ...this.#members.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))];
  }
}

/** What a {@link FairStopwatch} shows, in milliseconds. */
export interface Lap {
  /** What counts. */
  readonly millis: number;
  /** What a clock on the wall would show. */
  readonly wallMillis: number;
}

/**
 * What counts of a time in which processes waited for a processor. They may have waited at the same
 * time, so only the longest of their waits is known to be none of the store's.
 */
export function lapOf(wallMillis: number, own: number, others: readonly number[]): Lap {
  return { millis: wallMillis - Math.max(0, own, ...others), wallMillis };
}

/** One text of both. */
export function describeLap({ millis, wallMillis }: Lap): string {
  return `${Math.round(millis)} ms (${Math.round(wallMillis)} on the wall)`;
}

/** Milliseconds that the main thread of a process has waited for a processor; 0 if unknown. */
function waitedMillis(pid: number): number {
  try {
    const [, waitedNanos] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return Number(waitedNanos) / 1e6;
  } catch {
    // Not Linux, a kernel that does not count, or a process that is gone.
    return 0;
  }
}
