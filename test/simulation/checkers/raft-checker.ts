/**
 * What Raft promises (thesis figure 3.2), judged from outside on whole members: from the frames
 * that leave them, from what they apply, and from what they say of themselves (D8).
 */
import { crc32 } from "node:zlib";
import { decodeConfigurationEntry, type AppendMessage, type Configuration } from "@quorate/raft";
import type { Entry, MemberId, Message, RaftStatus } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";
import type { LogView } from "./durability-log-view.ts";
import { RaftChanges } from "./raft-changes.ts";
import { overlapProblem } from "./raft-configurations.ts";
import { messagesOf } from "./raft-frames.ts";
import { RaftMonotony } from "./raft-monotony.ts";

/** See the head of the file. */
export class RaftChecker implements WorldObserver {
  readonly #coverage: Coverage;
  readonly #writtenLog: (process: ObservedProcess) => LogView | undefined;
  readonly #monotony: RaftMonotony;
  readonly #changes: RaftChanges;
  /** By term. */
  readonly #leaders = new Map<number, MemberId>();
  /** By index, then by term: what an entry holds and the term before it. */
  readonly #entries = new Map<number, Map<number, EntryMark>>();
  /** By index. */
  readonly #committed: (CommittedMark | undefined)[] = [];
  #committedIndex = 0;
  /** The newest that was applied anywhere. */
  #configuration: Configuration | undefined;

  /**
   * @param writtenLog - The log of a process as its disk got it; undefined if nobody looks.
   * @param options.stepsPerLook - Steps of a process between two looks at its status. @default 16
   */
  constructor(
    coverage: Coverage,
    writtenLog: (process: ObservedProcess) => LogView | undefined = () => undefined,
    options: { readonly stepsPerLook?: number } = {},
  ) {
    this.#coverage = coverage;
    this.#writtenLog = writtenLog;
    this.#monotony = new RaftMonotony(coverage, options.stepsPerLook ?? 16);
    this.#changes = new RaftChanges(coverage, writtenLog);
  }

  started(process: ObservedProcess): void {
    this.#monotony.started(process, process.status());
  }

  frameLeaves(process: ObservedProcess, _to: MemberId, kind: number, payload: Uint8Array): void {
    for (const message of messagesOf(kind, payload)) this.#judge(process, message);
  }

  softStateChanged(process: ObservedProcess): void {
    const status = process.status();
    this.#monotony.sees(process, status);
    this.#changes.sees(process, status);
    if (status.role !== "leader") return;
    this.#lead(process.memberId, status.term);
    this.#checkComplete(process, status);
  }

  stepped(process: ObservedProcess): void {
    if (!this.#monotony.isDue(process)) return;
    const status = process.status();
    this.#monotony.sees(process, status);
    this.#changes.sees(process, status);
  }

  applied(process: ObservedProcess, entry: Entry): void {
    const { index, term } = entry;
    const checksum = checksumOf(entry);
    const known = this.#committed[index];
    this.#monotony.applies(process, index);
    if (known !== undefined) {
      check(known.term === term && known.checksum === checksum, "state machine safety", () => {
        return `${process.memberId} applies another entry at ${index}, of term ${term}`;
      });
      this.#coverage.checked("state machine safety");
      return;
    }
    // Its own entry of this term, if it was ever sent, is the one that is applied.
    const sent = this.#entries.get(index)?.get(term);
    check(sent === undefined || sent.checksum === checksum, "log matching", () => {
      return `${process.memberId} applies at ${index}/${term} what was never sent as such`;
    });
    this.#committed[index] = { term, checksum, knownInTerm: process.status().term };
    this.#committedIndex = Math.max(this.#committedIndex, index);
    if (entry.kind === "configuration") this.#commitConfiguration(entry);
  }

  restored(process: ObservedProcess): void {
    this.#monotony.restores(process, process.state.appliedIndex);
  }

  ended(process: ObservedProcess): void {
    this.#monotony.ended(process);
  }

  #judge(process: ObservedProcess, message: Message): void {
    const { from, term } = message;
    check(from === process.memberId, "frames", () => `${process.memberId} speaks as ${from}`);
    switch (message.kind) {
      case "append":
        this.#lead(from, term);
        this.#judgeAppend(process, message);
        return;
      case "heartbeat":
      case "commit":
      case "timeout-now":
        this.#lead(from, term);
        return;
      case "vote-response":
        if (!message.isPreVote && !message.isRejected) {
          this.#monotony.votes(from, term, message.to);
        }
        return;
      case "vote":
        if (!message.isPreVote) this.#monotony.votes(from, term, from);
        return;
      default:
    }
  }

  /** Election safety: at most one leader a term. */
  #lead(member: MemberId, term: number): void {
    const other = this.#leaders.get(term);
    check(other === undefined || other === member, "election safety", () => {
      return `${other} and ${member} lead term ${term}`;
    });
    if (other === undefined) this.#leaders.set(term, member);
    this.#coverage.checked("election safety");
  }

  #judgeAppend(process: ObservedProcess, message: AppendMessage): void {
    let previousTerm: number = message.previousTerm;
    for (const entry of message.entries) {
      this.#match(message.from, entry, previousTerm);
      previousTerm = entry.term;
    }
    this.#coverage.checked("log matching", message.entries.length);
    this.#matchesOwnLog(process, message);
    this.#changes.sends(process, message);
    const committed = this.#committed[message.previousIndex];
    if (committed === undefined || committed.knownInTerm >= message.term) return;
    check(committed.term === message.previousTerm, "leader completeness", () => {
      const { previousIndex, from } = message;
      return `${from} leads with another entry at ${previousIndex} than was committed`;
    });
  }

  /**
   * What a leader sends is what its own log holds: a cache may still have what was overwritten
   * (C12). What was there before it led was on its disk before it asked for votes; what it has
   * added since may not be written yet, and is of its own term.
   */
  #matchesOwnLog(process: ObservedProcess, { entries, from, term }: AppendMessage): void {
    const view = this.#writtenLog(process);
    if (view === undefined) return;
    for (const entry of entries) {
      if (entry.term === term) break;
      const held = view.termAt(entry.index);
      // Below 0: a released segment held it.
      if (held === undefined || held < 0) continue;
      check(held === entry.term, "C12", () => {
        return `${from} sends ${entry.index} of term ${entry.term}, and its log holds ${held}`;
      });
      this.#coverage.checked("C12");
    }
  }

  /** Log matching: index and term determine an entry and, by induction, all before it. */
  #match(from: MemberId, entry: Entry, previousTerm: number): void {
    const checksum = checksumOf(entry);
    const marks = this.#entries.get(entry.index) ?? new Map<number, EntryMark>();
    const known = marks.get(entry.term);
    if (marks.size === 0) this.#entries.set(entry.index, marks);
    if (known === undefined) marks.set(entry.term, { checksum, previousTerm });
    else {
      check(
        known.checksum === checksum && known.previousTerm === previousTerm,
        "log matching",
        () => {
          return `${from} sends another entry at ${entry.index}/${entry.term} than was sent before`;
        },
      );
    }
    const committed = this.#committed[entry.index];
    if (committed?.term !== entry.term) return;
    check(committed.checksum === checksum, "log matching", () => {
      return `${from} sends another entry at ${entry.index}/${entry.term} than was applied`;
    });
  }

  /** Whoever leads holds every entry that was committed in an earlier term (C1, C14). */
  #checkComplete(process: ObservedProcess, { term, log }: RaftStatus): void {
    const view = this.#writtenLog(process);
    for (let index = log.compactedIndex + 1; index <= this.#committedIndex; index++) {
      const committed = this.#committed[index];
      if (committed === undefined || committed.knownInTerm >= term) continue;
      const isHeld = index <= log.lastIndex && view?.holds(index, committed.term) !== false;
      check(isHeld, "leader completeness", () => {
        return `${process.memberId} leads term ${term} without committed entry ${index}`;
      });
    }
    this.#coverage.checked("leader completeness");
  }

  #commitConfiguration(entry: Entry): void {
    const { configuration } = decodeConfigurationEntry(entry.data);
    const before = this.#configuration;
    this.#configuration = configuration;
    this.#changes.applied(entry.index);
    if (before === undefined || before.voters.length === 0) return;
    const problem = overlapProblem(before, configuration);
    check(problem === undefined, "C19", () => `the change at ${entry.index}: ${problem}`);
    this.#coverage.checked("C19");
  }
}

interface EntryMark {
  readonly checksum: number;
  readonly previousTerm: number;
}

interface CommittedMark {
  readonly term: number;
  readonly checksum: number;
  /** The term of the first that applied it: it was committed in this one or before. */
  readonly knownInTerm: number;
}

function checksumOf(entry: Entry): number {
  return crc32(entry.data, entry.kind === "configuration" ? 1 : 0);
}
