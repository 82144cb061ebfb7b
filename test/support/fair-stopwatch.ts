import { readFileSync } from "node:fs";
import type { MemberProcess } from "./member-process.ts";

/**
 * Time since it was made, less the time in which this process and the one of the members that fared
 * worst were ready to run and had no processor: another's load on the machine is no outage.
 */
export class FairStopwatch {
  readonly #members: readonly MemberProcess[];
  readonly #began = performance.now();
  readonly #waitedBefore: ReadonlyMap<number, number>;

  constructor(members: readonly MemberProcess[]) {
    this.#members = members;
    this.#waitedBefore = new Map(this.#pids().map((pid) => [pid, waitedMillis(pid)]));
  }

  /** Milliseconds. */
  get elapsedMillis(): number {
    const [own = 0, ...others] = this.#pids().map(
      (pid) => waitedMillis(pid) - (this.#waitedBefore.get(pid) ?? 0),
    );
    return performance.now() - this.#began - own - Math.max(0, ...others);
  }

  /** This process and the members that run now: one started meanwhile has waited since then. */
  #pids(): readonly number[] {
    return [process.pid, ...this.#members.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))];
  }
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
