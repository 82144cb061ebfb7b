/**
 * Durable before promised (D8, P4): no vote, acknowledgement or committed entry counts unless the
 * disks of those who promise it hold it, and what they held is there after every restart.
 */
import type { AppendMessage, Configuration, Entry, MemberId, Message } from "@quorate/raft";
import { decodeConfigurationEntry, toConfiguration } from "@quorate/raft";
import type { SimFileSystem } from "@quorate/platform/sim";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check, CheckFailure } from "./check-failure.ts";
import { DiskWatch, type RecoveredView } from "./durability-disk-watch.ts";
import type { LogView } from "./durability-log-view.ts";
import { messagesOf } from "./raft-frames.ts";

/** See the head of the file. */
export class DurabilityChecker implements WorldObserver {
  readonly #coverage: Coverage;
  readonly #watches = new Map<SimFileSystem, DiskWatch>();
  readonly #byMember = new Map<MemberId, DiskWatch>();
  /** The newest that is committed. */
  #configuration: Configuration = toConfiguration([]);
  /** Those that were appended behind it, by index and term: in force where they were. */
  readonly #appended = new Map<string, ConfigurationAt>();
  #appliedIndex = 0;
  /** By the term of a leader: terms of the entries that ends of its appends named. */
  readonly #sent = new Map<number, Map<number, number>>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  /** The log of a process as it was written, for other checkers; undefined if nobody knows. */
  writtenLog(process: ObservedProcess): LogView | undefined {
    const watch = this.#watches.get(process.files);
    return watch?.hasLostWrites === true ? undefined : watch?.written;
  }

  started(process: ObservedProcess): void {
    const known = this.#watches.get(process.files);
    const directory = `${process.dataDirectory}/member/wal`;
    const watch =
      known ?? new DiskWatch(process.files, directory, (entry) => this.#noteAppended(entry));
    const recovered = watch.recover();
    if (known !== undefined && !known.isExcused) this.#checkRestart(process, known, recovered);
    this.#checkStatus(process, recovered.view);
    watch.start(recovered);
    this.#watches.set(process.files, watch);
    this.#byMember.set(process.memberId, watch);
  }

  ended(process: ObservedProcess): void {
    this.#watches.get(process.files)?.stop(process.status().log.lastIndex);
  }

  frameLeaves(process: ObservedProcess, _to: MemberId, kind: number, payload: Uint8Array): void {
    const messages = messagesOf(kind, payload);
    if (messages.length === 0) return;
    for (const message of messages) if (message.kind === "append") this.#noteSent(message);
    const watch = this.#watches.get(process.files);
    if (watch === undefined || watch.isExcused) return;
    for (const message of messages) this.#checkPromise(message, watch);
  }

  applied(process: ObservedProcess, entry: Entry): void {
    const watch = this.#watches.get(process.files);
    if (watch?.isExcused === false) {
      check(watch.durable.holds(entry.index, entry.term), "P4", () => {
        return `${process.memberId} applies ${entry.index}, which its own disk does not hold`;
      });
    }
    if (entry.index <= this.#appliedIndex) return;
    this.#appliedIndex = entry.index;
    this.#checkMajority(entry);
    if (entry.kind !== "configuration") return;
    this.#noteCommitted(entry.index, decodeConfigurationEntry(entry.data).configuration);
  }

  restored(process: ObservedProcess): void {
    const { configuration } = process.status();
    if (process.state.appliedIndex <= this.#appliedIndex) return;
    this.#appliedIndex = process.state.appliedIndex;
    this.#noteCommitted(this.#appliedIndex, configuration);
  }

  #checkRestart(process: ObservedProcess, watch: DiskWatch, recovered: RecoveredView): void {
    const { memberId, life } = process;
    check(watch.isContinuation(recovered), "C11", () => {
      const { durable, written } = watch;
      return (
        `${memberId} in life ${life} goes on with a log up to ${describe(recovered.view)}; ` +
        `written was ${describe(written)}, durable ${describe(durable)}`
      );
    });
    this.#coverage.checked("C11");
    const loose = watch.firstVolatile(recovered);
    check(loose === undefined, "C35", () => {
      const where = `${loose?.content.kind} at ${loose?.offset} of ${loose?.path}`;
      return `${memberId} in life ${life} builds on a record that is not durable: ${where}`;
    });
    this.#coverage.checked("C35");
  }

  /** What consensus starts with is what the log says. */
  #checkStatus(process: ObservedProcess, view: LogView): void {
    const { term, votedFor, log } = process.status();
    const actual = [term, votedFor, log.compactedIndex, log.lastIndex, log.lastTerm];
    const expected = [view.term, view.votedFor, view.baseIndex, view.lastIndex, view.lastTerm];
    check(
      actual.every((value, i) => value === expected[i]),
      "C33",
      () =>
        `${process.memberId} starts with term, vote, compacted, last index and term ` +
        `${actual.join(", ")}; its log says ${expected.join(", ")}`,
    );
    this.#coverage.checked("C33");
  }

  #checkPromise(message: Message, watch: DiskWatch): void {
    const { from, term } = message;
    const isTermDurable = (): boolean => watch.durable.term >= term;
    const fail = (what: string): CheckFailure => {
      const { durable, written } = watch;
      const held = `durable is ${describe(durable)}, written ${describe(written)}`;
      return new CheckFailure("D8", `${from} ${what} in term ${term}; ${held}`);
    };
    switch (message.kind) {
      case "append-response": {
        if (!isTermDurable()) throw fail("answers an append");
        const { durable } = watch;
        if (message.isRejected || durable.term > term) break;
        const { index } = message;
        if (durable.lastIndex < index) throw fail(`acknowledges ${index}`);
        // What a longer log held there before is not what was asked for.
        const sent = this.#sent.get(term)?.get(index);
        if (sent !== undefined && !durable.holds(index, sent)) {
          const held = durable.termAt(index) ?? "none";
          throw fail(`acknowledges ${index} of term ${sent}, and holds one of term ${held},`);
        }
        this.#coverage.checked("D8 acknowledgements");
        break;
      }
      case "vote-response": {
        if (message.isPreVote || message.isRejected) break;
        if (!isTermDurable()) throw fail("votes");
        const { durable } = watch;
        if (durable.term > term) break;
        if (durable.votedFor !== message.to) throw fail(`votes for ${message.to}`);
        this.#coverage.checked("D8 votes");
        break;
      }
      case "vote": {
        if (message.isPreVote) break;
        if (!isTermDurable()) throw fail("asks for votes");
        const { durable } = watch;
        if (durable.term > term) break;
        if (durable.votedFor !== from) throw fail("asks for votes without its own");
        if (durable.lastIndex < message.lastIndex)
          throw fail(`campaigns with ${message.lastIndex}`);
        this.#coverage.checked("D8 campaigns");
        break;
      }
      default:
    }
  }

  #noteSent({ term, previousIndex, previousTerm, entries }: AppendMessage): void {
    let sent = this.#sent.get(term);
    if (sent === undefined) {
      sent = new Map();
      this.#sent.set(term, sent);
      for (const old of this.#sent.keys()) if (this.#sent.size > termsKept) this.#sent.delete(old);
    }
    sent.set(previousIndex + entries.length, entries.at(-1)?.term ?? previousTerm);
  }

  #noteAppended({ index, term, data }: Entry): void {
    const { configuration } = decodeConfigurationEntry(data);
    this.#appended.set(`${index}/${term}`, { index, configuration });
  }

  #noteCommitted(committedIndex: number, configuration: Configuration): void {
    this.#configuration = configuration;
    for (const [key, { index }] of this.#appended) {
      if (index <= committedIndex) this.#appended.delete(key);
    }
  }

  /** What is applied first anywhere is durable on a majority of a configuration in force (P4). */
  #checkMajority({ index, term }: Entry): void {
    const holds = (member: MemberId): boolean => {
      const watch = this.#byMember.get(member);
      if (watch === undefined) return false;
      // What a disk forgot was acknowledged in good faith, and may be committed by that.
      return watch.isBelieved(index) || watch.durable.holds(index, term);
    };
    const isMajority = (set: readonly MemberId[]): boolean =>
      set.length === 0 || set.filter(holds).length * 2 > set.length;
    const isDecided = ({ voters, votersOutgoing }: Configuration): boolean =>
      isMajority(voters) && isMajority(votersOutgoing);
    const candidates = [...this.#appended.values()].map(({ configuration }) => configuration);
    check([this.#configuration, ...candidates].some(isDecided), "P4", () => {
      const holders = [...this.#byMember.keys()].filter(holds);
      const { voters } = this.#configuration;
      return (
        `entry ${index} of term ${term} is committed, but durable only on ` +
        `${holders.join(", ")} of voters ${voters.join(", ")}`
      );
    });
    this.#coverage.checked("P4");
  }
}

/** Answers to leaders before these are not compared. */
const termsKept = 8;

interface ConfigurationAt {
  readonly index: number;
  readonly configuration: Configuration;
}

function describe(view: LogView): string {
  return `${view.lastIndex} of term ${view.lastTerm} (term ${view.term}, vote ${view.votedFor})`;
}
