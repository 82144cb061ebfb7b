/**
 * Requests on their way through the log, from the member that took them.
 *
 * ```
 * add ─► waiting ─► takeBatch ─► in flight ─► settle          the request was applied here
 *           ▲                        │
 *           └──────── returned ◄─────┘   refused, or an entry of a later term was applied
 * ```
 *
 * A request in flight was handed to the leader of one term, and leaders take requests of their own
 * term only. Entries of that term all precede the first entry of a later one, so when such an entry
 * is applied, what has not been applied by then never will be (leader completeness, thesis §3.6.3):
 * it may be proposed again without being done twice (P6). A request whose time runs out in flight
 * has an unknown outcome.
 */
import { encodeBatch, type RequestKind } from "@quorate/state-machine";

/** Why a proposal ended without an outcome. `isUnknown`: it may still take effect. */
export interface ProposalFailure {
  readonly reason: "timeout" | "no-leader" | "too-many-requests" | "stopped";
  readonly isUnknown: boolean;
}

/** One request; `settle` is called exactly once. */
export interface Proposal<Decoded, Outcome> {
  readonly kind: RequestKind;
  /** Wire bytes, unchanged. */
  readonly bytes: Uint8Array;
  /** What the bytes decode to, so that applying here decodes nothing. */
  readonly decoded: Decoded;
  readonly settle: (outcome: Outcome | undefined, failure: ProposalFailure | undefined) => void;
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

interface Pending<Decoded, Outcome> extends Proposal<Decoded, Outcome> {
  readonly sequence: number;
  readonly deadline: number;
}

interface InFlightBatch<Decoded, Outcome> {
  readonly term: number;
  readonly proposals: readonly Pending<Decoded, Outcome>[];
}

/** A batch taken from the queue. */
export interface TakenBatch {
  /** Encoded for the log. */
  readonly data: Uint8Array;
  /** Names the batch in {@link ProposalQueue.giveBack}. */
  readonly batchId: number;
}

/** See the head of the file. */
export class ProposalQueue<Decoded, Outcome> {
  readonly #options: ProposalQueueOptions;
  #waiting: Pending<Decoded, Outcome>[] = [];
  /** All unsettled requests in order of arrival, so in order of deadline. */
  readonly #pending = new Map<number, Pending<Decoded, Outcome>>();
  readonly #inFlight = new Map<number, InFlightBatch<Decoded, Outcome>>();
  #pendingBytes = 0;
  #nextSequence: number;
  #nextBatchId = 1;

  constructor(options: ProposalQueueOptions) {
    this.#options = options;
    this.#nextSequence = options.firstSequence;
  }

  /** Requests without an outcome. */
  get size(): number {
    return this.#pending.size;
  }

  /** Bytes of requests without an outcome. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether requests wait to be taken. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Adds a request, or refuses it when the queue is full. */
  add(nowMillis: number, proposal: Proposal<Decoded, Outcome>): void {
    const { requestsMax, bytesMax, timeoutMillis } = this.#options;
    const size = proposal.bytes.length;
    if (this.#pending.size >= requestsMax || this.#pendingBytes + size > bytesMax) {
      this.#options.onFailure("too-many-requests", 1);
      proposal.settle(undefined, { reason: "too-many-requests", isUnknown: false });
      return;
    }
    const sequence = this.#nextSequence++;
    const { kind, bytes, decoded, settle } = proposal;
    const deadline = nowMillis + timeoutMillis;
    const pending = { kind, bytes, decoded, settle, sequence, deadline };
    this.#pending.set(sequence, pending);
    this.#pendingBytes += size;
    this.#waiting.push(pending);
  }

  /**
   * Takes waiting requests, in order, as one batch for the leader of `term`.
   *
   * @returns undefined when none wait.
   */
  takeBatch(term: number): TakenBatch | undefined {
    const { batchBytesMax, batchRequestsMax, memberId } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const { bytes: request } of this.#waiting) {
      if (count >= batchRequestsMax || (count > 0 && bytes + request.length > batchBytesMax)) break;
      count += 1;
      bytes += request.length;
    }
    if (count === 0) return undefined;
    const proposals = this.#waiting.slice(0, count);
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    const batchId = this.#nextBatchId++;
    this.#options.onBatch(count);
    this.#inFlight.set(batchId, { term, proposals });
    const requests = proposals.map(({ sequence, kind, bytes: request }) => ({
      sequence,
      kind,
      authRevision: 0,
      bytes: request,
    }));
    return { data: encodeBatch(memberId, requests), batchId };
  }

  /** A batch was refused and never entered a log: its requests wait again, before newer ones. */
  giveBack(batchId: number): void {
    const batch = this.#inFlight.get(batchId);
    if (batch === undefined) return;
    this.#inFlight.delete(batchId);
    this.#waitAgain(batch.proposals);
  }

  /** An entry of `term` is about to be applied: what older terms took and lost waits again. */
  beginTerm(term: number): void {
    const lost: Pending<Decoded, Outcome>[] = [];
    for (const [batchId, batch] of this.#inFlight) {
      if (batch.term >= term) continue;
      this.#inFlight.delete(batchId);
      for (const pending of batch.proposals) lost.push(pending);
    }
    if (lost.length > 0) this.#waitAgain(lost);
  }

  /**
   * The decoded form of a request of this process that is being applied.
   *
   * @param request - As it stands in the log. Its bytes are compared: members must never apply
   *   different things, not even if two lives of a process used one sequence number (P8).
   */
  decodedOf(request: {
    readonly sequence: number;
    readonly kind: RequestKind;
    readonly bytes: Uint8Array;
  }): Decoded | undefined {
    const pending = this.#pending.get(request.sequence);
    if (pending?.kind !== request.kind) return undefined;
    return Buffer.compare(pending.bytes, request.bytes) === 0 ? pending.decoded : undefined;
  }

  /** A request was applied. Unknown numbers belong to an earlier process or timed out. */
  settle(sequence: number, outcome: Outcome): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    this.#remove(pending);
    pending.settle(outcome, undefined);
  }

  /** Ends what took too long; forgets batches whose requests have all ended. */
  tick(nowMillis: number): void {
    for (const [batchId, { proposals }] of this.#inFlight) {
      if (!proposals.some(({ sequence }) => this.#pending.has(sequence))) {
        this.#inFlight.delete(batchId);
      }
    }
    const late: Pending<Decoded, Outcome>[] = [];
    for (const pending of this.#pending.values()) {
      if (pending.deadline > nowMillis) break;
      late.push(pending);
    }
    if (late.length > 0) this.#fail(late, "timeout");
  }

  /**
   * A snapshot replaced the state: requests in flight may be in it or not, which nobody here can
   * tell any more. They end with an unknown outcome instead of being proposed again (P6).
   */
  failInFlight(): void {
    const waiting = new Set(this.#waiting);
    const inFlight = [...this.#pending.values()].filter((pending) => !waiting.has(pending));
    this.#inFlight.clear();
    this.#fail(inFlight, "timeout");
  }

  /** Fails requests that no leader has been handed yet. */
  failWaiting(reason: ProposalFailure["reason"]): void {
    this.#fail([...this.#waiting], reason);
  }

  /** Fails everything, at the end of the process. */
  failAll(reason: ProposalFailure["reason"]): void {
    this.#fail([...this.#pending.values()], reason);
    this.#inFlight.clear();
  }

  /** O(waiting) in one go, however many batches come back at a change of leader. */
  #waitAgain(proposals: readonly Pending<Decoded, Outcome>[]): void {
    const returned = proposals.filter(({ sequence }) => this.#pending.has(sequence));
    this.#waiting = returned.concat(this.#waiting).sort((a, b) => a.sequence - b.sequence);
  }

  #fail(proposals: readonly Pending<Decoded, Outcome>[], reason: ProposalFailure["reason"]): void {
    if (proposals.length === 0) return;
    this.#options.onFailure(reason, proposals.length);
    const waiting = new Set(this.#waiting);
    const failed = new Set(proposals);
    this.#waiting = this.#waiting.filter((pending) => !failed.has(pending));
    for (const pending of proposals) {
      this.#remove(pending);
      pending.settle(undefined, { reason, isUnknown: !waiting.has(pending) });
    }
  }

  #remove(pending: Pending<Decoded, Outcome>): void {
    this.#pending.delete(pending.sequence);
    this.#pendingBytes -= pending.bytes.length;
  }
}
