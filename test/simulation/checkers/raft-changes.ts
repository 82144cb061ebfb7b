/**
 * Changes of members as their leaders send them (M1, M2): one in flight, none before the leader has
 * committed an entry of its own term, and no vote for a learner that is far behind.
 *
 * A leader begins its term with an empty entry. It is known by its place: the one before it is of
 * an older term. Whether a learner had caught up was judged by the leader when it proposed, a
 * moment before the entry leaves it: what the leader had on its own disk then is at least what it
 * said at the last look before, and what it knows of the learner has not become less since.
 */
import { decodeConfigurationEntry, type AppendMessage } from "@quorate/raft";
import type { Entry, MemberId, RaftStatus } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { check } from "./check-failure.ts";
import type { LogView } from "./durability-log-view.ts";

/** Part of the leader's log that a learner must hold before it votes. */
const caughtUpPart = 0.9;

/** See the head of the file. */
export class RaftChanges {
  readonly #coverage: Coverage;
  readonly #writtenLog: (process: ObservedProcess) => LogView | undefined;
  /** By index: terms of the entries of configurations that were sent and not yet applied. */
  readonly #sent = new Map<number, Set<number>>();
  /** By term: index of its leader's first entry. */
  readonly #firstOfTerm = new Map<number, number>();
  /** By leader: looks of its term, the last one at each configuration. */
  readonly #looks = new Map<MemberId, LooksOfTerm>();
  #appliedIndex = 0;

  /** @param writtenLog - The log of a process as its disk got it; undefined if nobody looks. */
  constructor(
    coverage: Coverage,
    writtenLog: (process: ObservedProcess) => LogView | undefined = () => undefined,
  ) {
    this.#coverage = coverage;
    this.#writtenLog = writtenLog;
  }

  /** A look at what a process says of itself. */
  sees({ memberId }: ObservedProcess, status: RaftStatus): void {
    const { leadership, term, configurationIndex, configuration, log } = status;
    if (leadership === undefined) return;
    let known = this.#looks.get(memberId);
    if (known?.term !== term) {
      known = { term, looks: [] };
      this.#looks.set(memberId, known);
    }
    const { looks } = known;
    if (looks.at(-1)?.configurationIndex === configurationIndex) looks.pop();
    const { learners } = configuration;
    looks.push({ configurationIndex, learners, persistedIndex: log.persistedIndex });
  }

  /** Entries leave a leader. @throws CheckFailure */
  sends(process: ObservedProcess, { entries, term, previousTerm }: AppendMessage): void {
    let termBefore: number = previousTerm;
    for (const entry of entries) {
      const isOwn = entry.term === term;
      if (isOwn && termBefore !== term) this.#firstOfTerm.set(term, entry.index);
      if (entry.kind === "configuration") this.#judge(process, entry, isOwn);
      termBefore = entry.term;
    }
  }

  /** A configuration was applied for the first time anywhere: it is committed. */
  applied(index: number): void {
    this.#appliedIndex = index;
    for (const sent of this.#sent.keys()) if (sent <= index) this.#sent.delete(sent);
  }

  #judge(process: ObservedProcess, entry: Entry, isOwn: boolean): void {
    if (entry.index <= this.#appliedIndex) return;
    const status = process.status();
    this.#isAlone(process, entry, { isOwn, commitIndex: status.log.commitIndex });
    const terms = this.#sent.get(entry.index) ?? new Set();
    if (terms.size === 0) this.#sent.set(entry.index, terms);
    const isNew = !terms.has(entry.term);
    terms.add(entry.term);
    if (!isNew || !isOwn) return;
    this.#isAfterOwnCommit(process, entry, status.log.commitIndex);
    this.#hasCaughtUp(process, entry, status);
  }

  /** M1: the change before is committed when the next one is sent. */
  #isAlone(
    process: ObservedProcess,
    { index, term }: Entry,
    { isOwn, commitIndex }: { readonly isOwn: boolean; readonly commitIndex: number },
  ): void {
    const view = this.#writtenLog(process);
    for (const [before, terms] of this.#sent) {
      if (before >= index || before <= commitIndex) continue;
      // What a leader has sent of its own term is in its log, written or not.
      const isInLog = (isOwn && terms.has(term)) || terms.has(view?.termAt(before) ?? -1);
      check(!isInLog, "M1", () => {
        return `${process.memberId} sends change ${index} while ${before} is not committed`;
      });
    }
    this.#coverage.checked("M1");
  }

  /** M1: Ongaro's correction of 2015 (C19). */
  #isAfterOwnCommit({ memberId }: ObservedProcess, entry: Entry, commitIndex: number): void {
    const first = this.#firstOfTerm.get(entry.term);
    if (first === undefined) return;
    check(commitIndex >= first, "M1", () => {
      const { index, term } = entry;
      return `${memberId} sends change ${index} of its term ${term}, committed to ${commitIndex}`;
    });
    this.#coverage.checked("M1 after a commit of the term");
  }

  /** M2: who becomes a voter held enough when that was proposed. */
  #hasCaughtUp({ memberId }: ObservedProcess, entry: Entry, status: RaftStatus): void {
    const known = this.#looks.get(memberId);
    if (status.leadership === undefined || known?.term !== entry.term) return;
    const { followers } = status.leadership;
    const look = known.looks.findLast(({ configurationIndex }) => configurationIndex < entry.index);
    if (look === undefined) return;
    const { voters } = decodeConfigurationEntry(entry.data).configuration;
    for (const id of voters) {
      if (!look.learners.includes(id)) continue;
      const held = followers.find((follower) => follower.id === id)?.matchIndex ?? 0;
      check(held >= look.persistedIndex * caughtUpPart, "M2", () => {
        return `${memberId} lets ${id} vote, which holds ${held} of ${look.persistedIndex}`;
      });
      this.#coverage.checked("M2");
    }
  }
}

interface LooksOfTerm {
  readonly term: number;
  readonly looks: Look[];
}

interface Look {
  readonly configurationIndex: number;
  readonly learners: readonly MemberId[];
  readonly persistedIndex: number;
}
