/**
 * Linearizable reads without a log entry (thesis §6.4; P2).
 *
 * ```
 *   requests   a b         c d e              f
 *              └─ round 7 ─┘ wait             │
 *                 heartbeat(7) to all voters  │
 *                 quorum echoes 7: a b may be served once the commit index of the round's start
 *                 is applied; c d e start round 8
 * ```
 *
 * - A round starts after every one of its requests has arrived, has a fresh number, and counts only
 *   echoes of this number or a newer one in the leader's own term: no echo that was sent before a
 *   request arrived can confirm it (etcd#20418, C4).
 * - No round starts before the leader has committed an entry of its own term: until then it does
 *   not know which entries of earlier terms are committed (etcd#7331, C3).
 * - One round is under way at a time, so the cost is one heartbeat a follower, whatever the load.
 */
import type { LogIndex, MemberId } from "./entry.ts";

/** A read that waits at the leader. */
export interface ReadRequest {
  /** The follower that asks; undefined for the leader itself. */
  readonly from: MemberId | undefined;
  readonly requestId: number;
}

/** Reads that a round has confirmed. */
export interface ConfirmedReads {
  readonly index: LogIndex;
  readonly requests: readonly ReadRequest[];
}

/** The reads of one leader, for one term. */
export class ReadIndexQueue {
  readonly #maxRequests: number;
  #waiting: ReadRequest[] = [];
  #round: { readonly number: number; readonly reads: ConfirmedReads } | undefined;
  #acknowledged = new Set<MemberId>();
  #lastRound = 0;

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  /** Requests not yet confirmed. */
  get count(): number {
    return this.#waiting.length + (this.#round?.reads.requests.length ?? 0);
  }

  /** Number of the round under way; 0 for none. */
  get currentRound(): number {
    return this.#round?.number ?? 0;
  }

  /** Requests wait and no round is under way. */
  get canStart(): boolean {
    return this.#waiting.length > 0 && this.#round === undefined;
  }

  /** @returns False when the queue is full. */
  add(request: ReadRequest): boolean {
    if (this.count >= this.#maxRequests) return false;
    this.#waiting.push(request);
    return true;
  }

  /** Starts a round for all that wait; `commit` is the leader's commit index now. */
  start(commit: LogIndex): number {
    this.#lastRound += 1;
    this.#round = { number: this.#lastRound, reads: { index: commit, requests: this.#waiting } };
    this.#waiting = [];
    this.#acknowledged = new Set();
    return this.#lastRound;
  }

  /** A member has echoed `round`. */
  acknowledge(member: MemberId, round: number): void {
    if (this.#round !== undefined && round >= this.#round.number) this.#acknowledged.add(member);
  }

  /** Whether `member` has confirmed the round under way. */
  hasAcknowledged(member: MemberId): boolean {
    return this.#acknowledged.has(member);
  }

  /** A quorum has confirmed: ends the round. */
  finish(): ConfirmedReads | undefined {
    const reads = this.#round?.reads;
    this.#round = undefined;
    return reads;
  }

  /** The leader's own requests that will not be confirmed. */
  abandon(): readonly number[] {
    const requests = [...(this.#round?.reads.requests ?? []), ...this.#waiting];
    this.#round = undefined;
    this.#waiting = [];
    return requests.filter((request) => request.from === undefined).map((read) => read.requestId);
  }
}

/**
 * The reads that a follower has forwarded to its leader.
 *
 * They travel under numbers of the node's own, which start at a random place in each of its lives:
 * an answer to a request of an earlier life, still under way, never meets a request of this one.
 */
export class ForwardedReads {
  readonly #maxRequests: number;
  #lastNumber: number;
  readonly #requests = new Map<number, { readonly requestId: number; ticksLeft: number }>();

  constructor(maxRequests: number, nextInt: (bound: number) => number) {
    this.#maxRequests = maxRequests;
    this.#lastNumber = nextInt(2 ** 32) * 2 ** 20;
  }

  /** Requests not yet answered. */
  get count(): number {
    return this.#requests.size;
  }

  /** @returns The number to forward it under; undefined when too many are open. */
  add(requestId: number, ticks: number): number | undefined {
    if (this.#requests.size >= this.#maxRequests) return undefined;
    this.#lastNumber += 1;
    this.#requests.set(this.#lastNumber, { requestId, ticksLeft: ticks });
    return this.#lastNumber;
  }

  /** @returns The caller's request id; undefined for an answer nobody waits for. */
  answered(number: number): number | undefined {
    const requestId = this.#requests.get(number)?.requestId;
    this.#requests.delete(number);
    return requestId;
  }

  /** @returns Requests whose question or answer must have been lost. */
  tick(): readonly number[] {
    const lost: number[] = [];
    for (const [number, request] of this.#requests) {
      request.ticksLeft -= 1;
      if (request.ticksLeft > 0) continue;
      this.#requests.delete(number);
      lost.push(request.requestId);
    }
    return lost;
  }

  /** The leader is gone. @returns All requests. */
  abandon(): readonly number[] {
    const requests = [...this.#requests.values()].map((request) => request.requestId);
    this.#requests.clear();
    return requests;
  }
}
