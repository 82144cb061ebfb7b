/**
 * Finds out whether this member's data directory has gone back in time (B16).
 *
 * On each connection that a member makes it first tells the other what that one has promised to it,
 * as far as it remembers. Who has forgotten a promise stops: it would vote twice in a term, or for
 * somebody without entries that were acknowledged. After a restart a member takes part in elections
 * only when it has heard from a majority, or has waited in vain for two election time-outs: whoever
 * is there has had its say by then.
 */
import {
  RaftForgottenError,
  toLogIndex,
  toTerm,
  type MemberId,
  type Promises,
  type RaftNode,
} from "@quorate/raft";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";
import type { OpenedStorage } from "./storage.ts";

/** What is told by one who remembers nothing. */
const noPromises: Promises = {
  term: toTerm(0),
  votedTerm: toTerm(0),
  acceptedTerm: toTerm(0),
  acceptedIndex: toLogIndex(0),
  committedIndex: toLogIndex(0),
};

const numbers = 5;
const numberBytes = 8;

/** Encodes promises as the payload of a frame. */
export function encodePromises(promises: Promises): Uint8Array {
  const { term, votedTerm, acceptedTerm, acceptedIndex, committedIndex } = promises;
  const payload = Buffer.allocUnsafe(numbers * numberBytes);
  const all = [term, votedTerm, acceptedTerm, acceptedIndex, committedIndex];
  for (const [at, each] of all.entries()) {
    payload.writeDoubleLE(each, at * numberBytes);
  }
  return payload;
}

/** Decodes promises; undefined when they are malformed. */
export function decodePromises(payload: Uint8Array): Promises | undefined {
  if (payload.length !== numbers * numberBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const read = Array.from({ length: numbers }, (_, at) => view.getFloat64(at * numberBytes, true));
  if (!read.every((each) => Number.isSafeInteger(each) && each >= 0)) return undefined;
  const [term = 0, votedTerm = 0, acceptedTerm = 0, acceptedIndex = 0, committedIndex = 0] = read;
  return {
    ...{ term: toTerm(term), votedTerm: toTerm(votedTerm), acceptedTerm: toTerm(acceptedTerm) },
    acceptedIndex: toLogIndex(acceptedIndex),
    committedIndex: toLogIndex(committedIndex),
  };
}

/** The data directory is older than what this member has promised; the process must end. */
export class StaleDirectoryError extends Error {
  override readonly name = "StaleDirectoryError";
  readonly code = "stale-directory";

  constructor(memberId: MemberId, witness: MemberId, reason: string) {
    super(
      `Cannot go on as member ${memberId.toString(16)}: its data directory is older than what it ` +
        `has promised to member ${witness.toString(16)}: ${reason}; remove this member from the ` +
        "cluster, then add it anew with an empty directory",
    );
  }
}

/** Whether a member was there before, and others may know of promises that it does not. */
export function mayHaveForgotten({
  memberId,
  raftState: { hardState, compacted, entries },
}: Pick<OpenedStorage, "memberId" | "raftState">): boolean {
  const isFirstLife = hardState.term <= 1 && compacted.index === 0 && entries.length <= 1;
  const { voters } = compacted.configuration;
  return !isFirstLife && !(voters.length === 1 && voters[0] === memberId);
}

/** See the head of the file. */
export class PromiseExchange {
  readonly #memberId: MemberId;
  readonly #raft: RaftNode;
  readonly #transport: PeerTransport;
  readonly #heard = new Set<MemberId>();
  #ticksLeft: number;

  /** @param probationTicks - How long to wait for those who may know better; 0 for not at all. */
  constructor(
    memberId: MemberId,
    raft: RaftNode,
    transport: PeerTransport,
    probationTicks: number,
  ) {
    this.#memberId = memberId;
    this.#raft = raft;
    this.#transport = transport;
    this.#ticksLeft = probationTicks;
    this.#endIfHeard();
  }

  /** There is a new connection to a member: before anything else it is told what it promised. */
  handleConnected(to: MemberId): void {
    const promises = this.#raft.promisesOf(to) ?? noPromises;
    this.#transport.send(to, FrameKind.promises, [encodePromises(promises)]);
  }

  /**
   * A member says what this one has promised to it.
   *
   * @throws StaleDirectoryError
   */
  handlePromises(from: MemberId, payload: Uint8Array): void {
    const promises = decodePromises(payload);
    if (promises === undefined) return;
    const forgotten = this.#raft.forgottenPromise(from, promises);
    if (forgotten !== undefined) throw new StaleDirectoryError(this.#memberId, from, forgotten);
    this.#heard.add(from);
    this.#endIfHeard();
  }

  /**
   * Why this member must end, if a message of a member made it find out what it has forgotten: an
   * acknowledgement of an earlier life came to that one after it had told what it remembers.
   *
   * @param error - What consensus threw.
   */
  toStale(from: MemberId, error: unknown): StaleDirectoryError | undefined {
    if (error instanceof StaleDirectoryError) return error;
    if (!(error instanceof RaftForgottenError)) return undefined;
    return new StaleDirectoryError(this.#memberId, from, error.message);
  }

  /** One tick has passed. */
  tick(): void {
    if (this.#ticksLeft <= 0) return;
    this.#ticksLeft -= 1;
    if (this.#ticksLeft === 0) this.#raft.endProbation();
  }

  #endIfHeard(): void {
    if (this.#ticksLeft <= 0) return;
    const { voters, votersOutgoing } = this.#raft.status().configuration;
    const isMajority = (set: readonly MemberId[]): boolean =>
      set.length === 0 || set.filter((id) => this.#isHeard(id)).length * 2 > set.length;
    if (!isMajority(voters) || !isMajority(votersOutgoing)) return;
    this.#ticksLeft = 0;
    this.#raft.endProbation();
  }

  #isHeard(member: MemberId): boolean {
    return member === this.#memberId || this.#heard.has(member);
  }
}
