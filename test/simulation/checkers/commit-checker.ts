import type { Entry, MemberId } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";
import type { LogView } from "./durability-log-view.ts";

/**
 * Thesis §3.6.2: a leader counts copies of entries of its own term alone; what earlier leaders
 * appended is committed by the way (C1). Seen at once, not only when such an entry is overwritten.
 */
export class CommitChecker implements WorldObserver {
  readonly #coverage: Coverage;
  readonly #writtenLog: (process: ObservedProcess) => LogView | undefined;
  /** What each leader knew committed when it began to lead. */
  readonly #leading = new Map<MemberId, { readonly term: number; readonly commit: number }>();

  /** @param writtenLog - The log of a process as its disk got it. */
  constructor(coverage: Coverage, writtenLog: (process: ObservedProcess) => LogView | undefined) {
    this.#coverage = coverage;
    this.#writtenLog = writtenLog;
  }

  softStateChanged(process: ObservedProcess): void {
    const { role, term, log } = process.status();
    const { memberId } = process;
    if (role !== "leader") this.#leading.delete(memberId);
    else if (this.#leading.get(memberId)?.term !== term) {
      this.#leading.set(memberId, { term, commit: log.commitIndex });
    }
  }

  applied(process: ObservedProcess, { index }: Entry): void {
    const began = this.#leading.get(process.memberId);
    if (began === undefined || index <= began.commit) return;
    const { role, term, log } = process.status();
    if (role !== "leader" || term !== began.term) return;
    const commitTerm = this.#writtenLog(process)?.termAt(log.commitIndex);
    if (commitTerm === undefined) return;
    check(commitTerm === term, "C1", () => {
      const { commitIndex } = log;
      return `leader ${process.memberId} of term ${term} commits ${commitIndex} of ${commitTerm}`;
    });
    this.#coverage.checked("C1");
  }

  ended({ memberId }: ObservedProcess): void {
    this.#leading.delete(memberId);
  }
}
