import type { Configuration, Entry, MemberId, Message, Ready } from "@quorate/raft";
import { decodeConfigurationEntry } from "@quorate/raft";
import type { SimDisk } from "./sim-disk.ts";

/**
 * Sees everything that leaves any node and knows what Raft promises (thesis figure 3.2). Each check
 * throws with a sentence that names the broken promise.
 */
export class Oracle {
  readonly #leaders = new Map<number, MemberId>();
  /** By "index/term": what the entry holds, and the term before it. */
  readonly #entries = new Map<
    string,
    { readonly content: string; readonly previousTerm: number }
  >();
  /** Every committed index, from 1. */
  readonly #committed: Committed[] = [];
  readonly #configurations: { readonly index: number; readonly configuration: Configuration }[] =
    [];
  /** Highest index that any node has known committed. */
  commitIndex = 0;
  /** Entries handed to a state machine anywhere. */
  appliedCount = 0;

  constructor(configuration: Configuration) {
    this.#configurations = [{ index: 0, configuration }];
  }

  /** The newest configuration that some node has seen committed. */
  get configuration(): Configuration {
    const latest = this.#configurations.at(-1);
    if (latest === undefined) throw new Error("unreachable: there is always one");
    return latest.configuration;
  }

  /** Election safety: at most one leader a term. */
  leads(member: MemberId, term: number): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== member) {
      throw new Error(`election safety: ${other} and ${member} lead term ${term}`);
    }
    this.#leaders.set(term, member);
  }

  /** Leader completeness: whoever leads holds every entry committed in an earlier term. */
  isComplete(member: MemberId, term: number, log: SimDisk): void {
    for (
      let index = Math.max(1, log.compacted.index);
      index <= this.#committed.length;
      index += 1
    ) {
      const committed = this.#committed[index - 1];
      if (committed === undefined || committed.knownInTerm >= term) return;
      if (log.termAt(index) !== committed.term) {
        throw new Error(`leader completeness: leader ${member} lacks committed entry ${index}`);
      }
    }
  }

  /** Log matching: an index and a term determine the entry and, by induction, all before it. */
  appends(entry: Entry, previousTerm: number | undefined): void {
    if (previousTerm === undefined) return;
    const key = `${entry.index}/${entry.term}`;
    const content = contentOf(entry);
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { content, previousTerm });
    } else if (known.content !== content || known.previousTerm !== previousTerm) {
      throw new Error(`log matching: two different entries at ${key}`);
    }
  }

  /** State machine safety: every node applies the same entry at an index, in order. */
  applies(member: MemberId, entry: Entry, at: { hash: string; term: number }): string {
    const hash = nextHash(at.hash, entry);
    const known = this.#committed[entry.index - 1];
    if (known === undefined) {
      if (entry.index !== this.#committed.length + 1) throw new Error("oracle saw a gap");
      this.#committed.push({ term: entry.term, hash, knownInTerm: at.term });
      if (entry.kind === "configuration") {
        const { configuration } = decodeConfigurationEntry(entry.data);
        this.#configurations.push({ index: entry.index, configuration });
      }
    } else if (known.hash !== hash || known.term !== entry.term) {
      throw new Error(`state machine safety: ${member} applies another entry at ${entry.index}`);
    }
    this.appliedCount += 1;
    return hash;
  }

  /** The state at a committed index. */
  hashAt(index: number): string {
    if (index === 0) return "";
    const known = this.#committed[index - 1];
    if (known === undefined) throw new Error(`index ${index} is not committed`);
    return known.hash;
  }

  /** Durable before promised (P4, D8): what a message promises is on the disk of its sender. */
  leaves(message: Message, disk: SimDisk): void {
    const { hardState } = disk;
    switch (message.kind) {
      case "append-response":
        if (hardState.term < message.term) throw new Error("answer of a term not yet durable");
        if (message.isRejected || hardState.term > message.term) return;
        if (disk.lastIndex < message.index) throw new Error("acknowledged before durable");
        return;
      case "vote-response":
        if (message.isPreVote || message.isRejected || hardState.term > message.term) return;
        if (hardState.term < message.term || hardState.votedFor !== message.to) {
          throw new Error("voted before durable");
        }
        return;
      case "vote":
        if (message.isPreVote || hardState.term > message.term) return;
        if (hardState.term < message.term) throw new Error("asked for votes before durable");
        if (disk.lastIndex < message.lastIndex) throw new Error("campaigned with a volatile log");
        return;
      case "append":
        for (const [i, entry] of message.entries.entries()) {
          if (entry.index !== message.previousIndex + 1 + i) throw new Error("append has a hole");
        }
        return;
      default:
    }
  }

  /**
   * P4: what a leader takes for committed is durable on a majority of a configuration in force: the
   * one at the entry, or the one of a change that was appended since.
   */
  commits(
    commit: { readonly index: number; readonly term: number },
    configurations: readonly Configuration[],
    diskOf: (member: MemberId) => SimDisk | undefined,
  ): void {
    this.commitIndex = Math.max(this.commitIndex, commit.index);
    const holds = (member: MemberId): boolean => {
      const disk = diskOf(member);
      if (disk === undefined) return false;
      return disk.termAt(commit.index) === commit.term || disk.compacted.index > commit.index;
    };
    const isMajority = (set: readonly MemberId[]): boolean =>
      set.length === 0 || set.filter(holds).length * 2 > set.length;
    const isDurable = configurations.some(
      ({ voters, votersOutgoing }) => isMajority(voters) && isMajority(votersOutgoing),
    );
    if (!isDurable) throw new Error(`commit ${commit.index} is not durable on a majority`);
  }

  /** Linearizable reads (P2). */
  reads(read: { readonly floor: number; readonly index: number }): void {
    if (read.index < read.floor) {
      throw new Error(
        `stale read at ${read.index}: ${read.floor} was committed before the request`,
      );
    }
  }

  /** Checks a Ready before any of it is acted on. */
  sees(member: MemberId, ready: Ready): void {
    if (!ready.isSyncRequired && (ready.entries.length > 0 || ready.snapshot !== undefined)) {
      throw new Error(`${member} would not sync entries`);
    }
  }
}

interface Committed {
  readonly term: number;
  /** Of the state through this entry. */
  readonly hash: string;
  /** The term of the first member that applied it; it was committed in this term or before. */
  readonly knownInTerm: number;
}

function contentOf(entry: Entry): string {
  return `${entry.kind}:${Array.from(entry.data).join(",")}`;
}

/** A cheap chained hash: equal states have equal hashes, and order matters. */
function nextHash(before: string, entry: Entry): string {
  let hash = 5381;
  for (const char of `${before}|${entry.term}|${contentOf(entry)}`) {
    hash = (Math.imul(hash, 33) ^ char.charCodeAt(0)) >>> 0;
  }
  return `${entry.index}:${hash}`;
}
