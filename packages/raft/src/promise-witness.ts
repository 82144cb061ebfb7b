/**
 * What other members have promised to this one: the only memory of it, if the disk of one of them
 * goes back in time (a data directory restored from a copy, B16).
 *
 * ```
 *   member 2          member 1, leads term 5              told to 2 when they connect
 *   ack 7, term 5 ──► term 5, acknowledged 7, commit 6    { term 5, ack 7 in term 5, committed 6 }
 *   (copy put back: its log ends at 4)
 *   2 compares: in term 5 its log cannot end before 7 ──► it stops
 * ```
 *
 * Who made a promise judges it. In memory a member is never behind what it has promised, whatever
 * of its messages or of what is told to it comes late, twice or out of order; so whoever finds
 * himself behind has lost memory, and nobody is accused wrongly. What may legally vanish is not
 * held against a member: entries beyond the commit index, once it has entered a later term.
 */
import { toLogIndex, toTerm, type LogIndex, type MemberId, type Term } from "./entry.ts";

/** What one member has promised to another. */
export interface Promises {
  /** The highest term it has spoken in; its disk knew of it before. */
  readonly term: Term;
  /** The highest term in which it voted for the other; 0 for none. */
  readonly votedTerm: Term;
  /** The highest term in which it acknowledged entries of the other, and through which index. */
  readonly acceptedTerm: Term;
  readonly acceptedIndex: LogIndex;
  /** What of that is committed, of all terms. */
  readonly committedIndex: LogIndex;
}

interface Remembered {
  term: Term;
  votedTerm: Term;
  acceptedTerm: Term;
  acceptedIndex: LogIndex;
  committedIndex: LogIndex;
}

/** See the head of the file. O(members that ever spoke). */
export class PromiseWitness {
  readonly #remembered = new Map<MemberId, Remembered>();

  /** A message that waits for its sender's disk came, of this term. */
  // Hot: once for each message.
  spoke(member: MemberId, term: Term): void {
    const remembered = this.#of(member);
    if (term > remembered.term) remembered.term = term;
  }

  /** The member voted for this one. */
  voted(member: MemberId, term: Term): void {
    const remembered = this.#of(member);
    if (term > remembered.votedTerm) remembered.votedTerm = term;
  }

  /** The member acknowledged entries of this one, which leads `term`. */
  // Hot: once for each acknowledgement.
  accepted(member: MemberId, term: Term, index: LogIndex): void {
    const remembered = this.#of(member);
    if (term > remembered.acceptedTerm) {
      remembered.acceptedTerm = term;
      remembered.acceptedIndex = index;
    } else if (index > remembered.acceptedIndex) {
      remembered.acceptedIndex = index;
    }
  }

  /** The leadership of `term` is over; what it committed stays committed. */
  endLeadership(term: Term, commit: LogIndex): void {
    for (const remembered of this.#remembered.values()) {
      if (remembered.acceptedTerm === term) settle(remembered, commit);
    }
  }

  /**
   * What a member has promised.
   *
   * @param leading - The term that this one leads, and its commit index.
   * @returns undefined for one that never spoke.
   */
  promisesOf(
    member: MemberId,
    leading: { readonly term: Term; readonly commit: LogIndex } | undefined,
  ): Promises | undefined {
    const remembered = this.#remembered.get(member);
    if (remembered === undefined) return undefined;
    if (remembered.acceptedTerm === leading?.term) settle(remembered, leading.commit);
    return { ...remembered };
  }

  #of(member: MemberId): Remembered {
    const known = this.#remembered.get(member);
    if (known !== undefined) return known;
    const [term, index] = [toTerm(0), toLogIndex(0)];
    const made: Remembered = {
      ...{ term, votedTerm: term, acceptedTerm: term },
      ...{ acceptedIndex: index, committedIndex: index },
    };
    this.#remembered.set(member, made);
    return made;
  }
}

/** What a member is now, to be compared with what it has promised to `witness`. */
export interface PromiseKeeper {
  readonly term: Term;
  readonly votedFor: MemberId | undefined;
  readonly lastIndex: LogIndex;
}

/** Which promise a member has forgotten, as half a sentence; undefined for none. */
export function forgottenPromise(
  { term, votedFor, lastIndex }: PromiseKeeper,
  witness: MemberId,
  promises: Promises,
): string | undefined {
  if (term < promises.term) return `it is in term ${term} and was in term ${promises.term}`;
  if (term > 0 && term === promises.votedTerm && votedFor !== witness) {
    return `it has forgotten its vote of term ${term}`;
  }
  const { acceptedTerm, acceptedIndex, committedIndex } = promises;
  const needed = term === acceptedTerm ? Math.max(acceptedIndex, committedIndex) : committedIndex;
  if (lastIndex >= needed) return undefined;
  return `its log ends at ${lastIndex} and it has acknowledged ${needed}`;
}

function settle(remembered: Remembered, commit: LogIndex): void {
  const index = toLogIndex(Math.min(remembered.acceptedIndex, commit));
  if (index > remembered.committedIndex) remembered.committedIndex = index;
}
