/**
 * Requests on their way through the log, from the member that took them.
 *
 * ```
 * add ─► waiting ─► takeBatch ─► in flight ─► settle          the batch was applied here
 *           ▲                        │
 *           └──────── returned ◄─────┘   refused, or an entry of a later term was applied
 * ```
 *
 * A request in flight was handed to the leader of one term, and leaders take requests of their own
 * term only. Entries of that term all precede the first entry of a later one, so when such an entry
 * is applied, what has not been applied by then never will be (leader completeness, thesis §3.6.3):
 * it may be proposed again without being done twice (P6). A request whose time runs out in flight
 * has an unknown outcome.
 *
 * From `takeBatch` on requests are handled by the batch: a batch enters the log whole, is found
 * again by the number of its first request and settled in one go.
 */
import { encodeBatch, type BatchPosition, type RequestKind } from "@quorate/state-machine";
import { Arrivals } from "./arrivals.ts";

/** Why a proposal ended without an outcome. `isUnknown`: it may still take effect. */
export interface ProposalFailure {
  readonly reason: "timeout" | "no-leader" | "too-many-requests" | "stopped";
  readonly isUnknown: boolean;
}

/** {@link Proposal.sequence} of a request that is not, or no more, in the queue. */
export const notQueued = -1;

/** One request; either `settle` or `fail` is called, once. */
export interface Proposal<Outcome> {
  readonly kind: RequestKind;
  readonly authRevision: number;
  /** Wire bytes, unchanged; nobody writes to them while the request is in the queue. */
  readonly bytes: Uint8Array;
  /** The queue's: its number while it has no outcome. Starts as {@link notQueued}. */
  sequence: number;
  settle(outcome: Outcome): void;
  fail(failure: ProposalFailure): void;
}

/** Bounds of the queue. */
export interface ProposalQueueOptions {
  /** Id of this member. */
  readonly memberId: bigint;
  /** First sequence number of this process. */
  readonly firstSequence: number;
  readonly timeoutMillis: number;
  /** Requests beyond these bounds are refused (V3). */
  readonly requestsMax: number;
  readonly bytesMax: number;
  /** A batch is closed when it reaches one of these; a single larger request still goes. */
  readonly batchBytesMax: number;
  readonly batchRequestsMax: number;
  readonly onBatch: (requests: number) => void;
  readonly onFailure: (reason: ProposalFailure["reason"], count: number) => void;
}

/** A batch taken from the queue. */
export interface ProposalBatch<P> {
  /** Names the batch in {@link ProposalQueue.giveBack}. */
  readonly batchId: number;
  /** Its requests are of the leader of this term. */
  readonly term: number;
  readonly firstSequence: number;
  readonly requests: readonly P[];
  /** Encoded for the log. */
  readonly data: Uint8Array;
}

/** Bytes within a buffer so many times as large are copied while the queue is stuck. */
const wasteMax = 8;

/** Deadlines are kept this exactly. */
const arrivalStepMillis = 10;

/** See the head of the file. */
// Hot: nothing here is done, made or looked up for a request that can be for its batch.
export class ProposalQueue<P extends Proposal<Outcome>, Outcome> {
  readonly #options: ProposalQueueOptions;
  /** Ascending by sequence. */
  #waiting: P[] = [];
  readonly #inFlight = new Map<number, ProposalBatch<P>>();
  /** The same batches by their first sequence. */
  readonly #byFirst = new Map<number, ProposalBatch<P>>();
  readonly #arrivals = new Arrivals(arrivalStepMillis);
  #size = 0;
  #pendingBytes = 0;
  #nextSequence: number;
  #nextBatchId = 1;
  /** The numbers that came next at the last two ticks. */
  #nextAtTick: number;
  #nextAtTickBefore: number;
  #isStuck = false;

  constructor(options: ProposalQueueOptions) {
    this.#options = options;
    this.#nextSequence = options.firstSequence;
    this.#nextAtTick = options.firstSequence;
    this.#nextAtTickBefore = options.firstSequence;
  }

  /** Requests without an outcome. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of requests without an outcome. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether requests wait to be taken. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * A request's bytes as they may wait in the queue. They are a view of what came from a socket in
   * one go, up to 64 KiB, perhaps with answered requests around them: a queue that moves gives it
   * all back at once, one that is stuck would hold many times its bound.
   *
   * @returns The very bytes; while the oldest request has waited for two ticks, a copy if they lie
   *   in a much larger buffer.
   */
  // Hot: one look at a flag.
  ownBytes(bytes: Uint8Array): Uint8Array {
    if (!this.#isStuck || bytes.length * wasteMax >= bytes.buffer.byteLength) return bytes;
    return Uint8Array.prototype.slice.call(bytes);
  }

  /** Adds a request, or refuses it when the queue is full. */
  add(nowMillis: number, proposal: P): void {
    const { requestsMax, bytesMax } = this.#options;
    const { length } = proposal.bytes;
    if (this.#size >= requestsMax || this.#pendingBytes + length > bytesMax) {
      this.#options.onFailure("too-many-requests", 1);
      proposal.fail({ reason: "too-many-requests", isUnknown: false });
      return;
    }
    const sequence = this.#nextSequence++;
    proposal.sequence = sequence;
    this.#size += 1;
    this.#pendingBytes += length;
    this.#waiting.push(proposal);
    this.#arrivals.note(nowMillis, sequence);
  }

  /**
   * Takes waiting requests, in order, as one batch for the leader of `term`.
   *
   * @returns undefined when none wait.
   */
  takeBatch(term: number): ProposalBatch<P> | undefined {
    const requests = this.#takeRequests();
    const [first] = requests;
    if (first === undefined) return undefined;
    const { memberId, onBatch } = this.#options;
    const batch = {
      batchId: this.#nextBatchId++,
      term,
      firstSequence: first.sequence,
      requests,
      data: encodeBatch(memberId, requests),
    };
    this.#inFlight.set(batch.batchId, batch);
    this.#byFirst.set(batch.firstSequence, batch);
    onBatch(requests.length);
    return batch;
  }

  /** A batch was refused and never entered a log: its requests wait again, before newer ones. */
  giveBack(batchId: number): void {
    const batch = this.#inFlight.get(batchId);
    if (batch === undefined) return;
    this.#forget(batch);
    this.#waitAgain(pendingOf([batch]));
  }

  /** Batches that the leader of `term` was handed and that have no outcome, oldest first. */
  inFlight(term: number): readonly ProposalBatch<P>[] {
    return [...this.#inFlight.values()].filter((batch) => batch.term === term);
  }

  /** An entry of `term` is about to be applied: what older terms took and lost waits again. */
  beginTerm(term: number): void {
    const lost = [...this.#inFlight.values()].filter((batch) => batch.term < term);
    for (const batch of lost) this.#forget(batch);
    if (lost.length > 0) this.#waitAgain(pendingOf(lost));
  }

  /**
   * The batch of this process that a sub-batch in the log is (P8).
   *
   * Members must never apply different things, not even if two lives of a process used one sequence
   * number: all bytes are compared. An entry that this member proposed by itself is the very array
   * that `takeBatch` made, which needs no comparing: nobody writes to it afterwards, for consensus,
   * log and peers only read it.
   *
   * @param data - Of the whole entry.
   */
  find(position: BatchPosition, data: Uint8Array): ProposalBatch<P> | undefined {
    const { member, firstSequence, batchBegin, batchEnd } = position;
    if (member !== this.#options.memberId) return undefined;
    const batch = this.#byFirst.get(firstSequence);
    if (batch === undefined || batch.data.length !== batchEnd - batchBegin) return undefined;
    // Of equal length, so the sub-batch is the whole array if it lies in the same one.
    if (data === batch.data) return batch;
    const isSame = Buffer.compare(data.subarray(batchBegin, batchEnd), batch.data) === 0;
    return isSame ? batch : undefined;
  }

  /**
   * A batch that {@link ProposalQueue.find} gave was applied.
   *
   * @param outcomes - In the order of the requests, from `begin` on.
   */
  settle(batch: ProposalBatch<P>, outcomes: readonly Outcome[], begin: number): void {
    this.#forget(batch);
    let at = begin;
    for (const request of batch.requests) {
      const outcome = outcomes[at++];
      if (outcome === undefined) throw new Error("Cannot settle batch: an outcome is missing");
      if (request.sequence === notQueued) continue;
      this.#remove(request);
      request.settle(outcome);
    }
  }

  /** Ends what took too long; forgets batches whose requests have all ended. */
  tick(nowMillis: number): void {
    const oldest = this.#oldest();
    this.#isStuck = oldest !== undefined && oldest < this.#nextAtTickBefore;
    this.#nextAtTickBefore = this.#nextAtTick;
    this.#nextAtTick = this.#nextSequence;
    const bound = this.#arrivals.forget(nowMillis - this.#options.timeoutMillis);
    if (bound !== undefined) this.#expire(bound);
    for (const batch of this.#inFlight.values()) {
      if (!batch.requests.some(isPending)) this.#forget(batch);
    }
  }

  /**
   * A snapshot replaced the state: requests in flight may be in it or not, which nobody here can
   * tell any more. They end with an unknown outcome instead of being proposed again (P6).
   */
  failInFlight(): void {
    const requests = pendingOf(this.#inFlight.values());
    this.#inFlight.clear();
    this.#byFirst.clear();
    this.#fail(requests, { reason: "timeout", isUnknown: true });
  }

  /** Fails requests that no leader has been handed yet. */
  failWaiting(reason: ProposalFailure["reason"]): void {
    const requests = this.#waiting;
    this.#waiting = [];
    this.#fail(requests, { reason, isUnknown: false });
  }

  /** Fails everything, at the end of the process. */
  failAll(reason: ProposalFailure["reason"]): void {
    const inFlight = pendingOf(this.#inFlight.values());
    this.#inFlight.clear();
    this.#byFirst.clear();
    this.#fail(inFlight, { reason, isUnknown: true });
    this.failWaiting(reason);
  }

  /** A number that is not above that of any request by much. O(1). */
  #oldest(): number | undefined {
    const waiting = this.#waiting[0]?.sequence;
    for (const { firstSequence } of this.#inFlight.values()) {
      return Math.min(firstSequence, waiting ?? firstSequence);
    }
    return waiting;
  }

  #takeRequests(): P[] {
    const { batchBytesMax, batchRequestsMax } = this.#options;
    const waiting = this.#waiting;
    let count = 0;
    let size = 0;
    for (const { bytes } of waiting) {
      size += bytes.length;
      if (count >= batchRequestsMax || (count > 0 && size > batchBytesMax)) break;
      count += 1;
    }
    if (count === waiting.length) {
      this.#waiting = [];
      return waiting;
    }
    this.#waiting = waiting.slice(count);
    waiting.length = count;
    return waiting;
  }

  /** O(waiting) in one go, however many batches come back at a change of leader. */
  #waitAgain(requests: readonly P[]): void {
    this.#waiting = requests.concat(this.#waiting).sort((a, b) => a.sequence - b.sequence);
  }

  #expire(bound: number): void {
    // Nearly always none: what arrived so long ago has its outcome.
    const old = [...this.#inFlight.values()].filter((batch) => batch.firstSequence < bound);
    const inFlight = pendingOf(old).filter(({ sequence }) => sequence < bound);
    const next = this.#waiting.findIndex(({ sequence }) => sequence >= bound);
    const waiting = this.#waiting.splice(0, next < 0 ? this.#waiting.length : next);
    this.#fail(inFlight, { reason: "timeout", isUnknown: true });
    this.#fail(waiting, { reason: "timeout", isUnknown: false });
  }

  #fail(requests: readonly P[], failure: ProposalFailure): void {
    if (requests.length === 0) return;
    this.#options.onFailure(failure.reason, requests.length);
    for (const request of requests) {
      this.#remove(request);
      request.fail(failure);
    }
  }

  #forget(batch: ProposalBatch<P>): void {
    this.#inFlight.delete(batch.batchId);
    this.#byFirst.delete(batch.firstSequence);
  }

  #remove(request: P): void {
    request.sequence = notQueued;
    this.#size -= 1;
    this.#pendingBytes -= request.bytes.length;
  }
}

function isPending({ sequence }: { readonly sequence: number }): boolean {
  return sequence !== notQueued;
}

/** Requests of batches that have no outcome yet, in order of arrival. */
function pendingOf<P extends { readonly sequence: number }>(
  batches: Iterable<ProposalBatch<P>>,
): P[] {
  const requests: P[] = [];
  for (const batch of batches) {
    for (const request of batch.requests) if (isPending(request)) requests.push(request);
  }
  return requests.sort((a, b) => a.sequence - b.sequence);
}
