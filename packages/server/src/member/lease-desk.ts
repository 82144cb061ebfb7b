/**
 * Lease questions of clients, answered by whichever member leads: here when this one does, else by
 * asking the leader. Renewing and looking are idempotent, so a lost answer is asked for again until
 * the request's time is over.
 *
 * ```
 * renew ─► this member leads ─► read queue: batches, one round for a turn's ─► lessor
 *     └──► another leads ─────► all of a turn in one message ─► one round there ─► its lessor
 *              ▲                        │
 *              └─ 50 ms ◄─ no answer ◄──┘
 * ```
 */
import type { Clock, Timer, Timers } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import { highOfId, idOfHalves, lowOfId } from "@quorate/state-machine";
import { LeaderRequestKind, type LeaderRequests } from "./leader-requests.ts";
import {
  decodeIds,
  decodeSeconds,
  encodeIds,
  encodeSeconds,
  type IdHalves,
} from "./lease-frames.ts";
import { type LeaseRenewal, RenewalBatch, type RenewalDesk } from "./lease-renewal.ts";
import type { Lessor } from "./lessor.ts";
import { ListenedRead, type QueuedRead, type ReadFailure } from "./read-queue.ts";

/** What the desk needs from its member. */
export interface LeaseDeskDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMillis: number;
  /** Another member that leads. */
  readonly leader: () => MemberId | undefined;
  readonly read: (read: QueuedRead) => void;
}

/** Pause before a question is asked again. */
const retryMillis = 50;
/** A question without an answer is asked again after this: asking twice does no harm. */
const attemptMillis = 1_000;
/** Renewals in one message to the leader, which answers them in one turn. */
const renewalsPerMessage = 10_000;
/** Renewals that wait as one read: the read queue looks at the time every few reads. */
const renewalsPerBatch = 128;
/** Renewals that wait for a quorum at one time; the others are tried again in a while. */
const confirmationsMax = 200_000;

/** See the head of the file. */
export class LeaseDesk implements RenewalDesk {
  readonly #lessor: Lessor;
  readonly #requests: LeaderRequests;
  readonly #dependencies: LeaseDeskDependencies;
  readonly #pauses = new Set<() => void>();
  /** Takes the renewals that arrive now; it has not gone anywhere yet. */
  #open: RenewalBatch | undefined;
  /** Renewals in the read queue. */
  #confirming = 0;
  /** Batches that arrived in this turn and go to the leader at its end. */
  #outgoing: RenewalBatch[] = [];
  #outgoingTimer: Timer | undefined;
  /** Batches that are tried again in a while. */
  #later: RenewalBatch[] = [];
  #laterTimer: Timer | undefined;
  #isClosed = false;

  constructor(lessor: Lessor, requests: LeaderRequests, dependencies: LeaseDeskDependencies) {
    this.#lessor = lessor;
    this.#requests = requests;
    this.#dependencies = dependencies;
  }

  /** Whether this member decides about leases. */
  get isPrimary(): boolean {
    return this.#lessor.isPrimary;
  }

  /** Monotonic milliseconds at which a lease runs out; only on the leader, else undefined. */
  deadlineMillis(id: bigint): number | undefined {
    return this.#lessor.isPrimary ? this.#lessor.deadlineMillis(id) : undefined;
  }

  /** Renews a lease; its owner hears of it once. */
  // Hot: what comes out of one read of a socket shares a batch.
  renew(renewal: LeaseRenewal): void {
    const batch = (this.#open ??= this.#openBatch());
    batch.renewals.push(renewal);
    if (batch.renewals.length < renewalsPerBatch) return;
    this.#open = undefined;
    this.#dispatch(batch);
  }

  /** Remaining whole seconds, -1 for an unknown lease; undefined when no leader answered. */
  async remainingSeconds(id: bigint): Promise<number | undefined> {
    const { clock, timeoutMillis } = this.#dependencies;
    const deadline = clock.monotonicMillis() + timeoutMillis;
    for (;;) {
      const seconds = this.#lessor.isPrimary
        ? await this.#lookHere(id)
        : await this.#lookThere(id, deadline - clock.monotonicMillis());
      if (seconds !== undefined) return seconds;
      if (clock.monotonicMillis() + retryMillis >= deadline || this.#isClosed) return undefined;
      await this.#pause();
    }
  }

  /** Ends what waits for a leader. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#pauses) wake();
    this.#outgoingTimer?.cancel();
    this.#laterTimer?.cancel();
    const batches = this.#outgoing.concat(this.#later);
    this.#outgoing = [];
    this.#later = [];
    for (const batch of batches) batch.fail();
  }

  /** Answers another member's question; undefined when this member does not lead. */
  async answer(kind: number, payload: Uint8Array): Promise<Uint8Array | undefined> {
    const ids = decodeIds(payload);
    const [first] = ids;
    if (first === undefined || ids.length > renewalsPerMessage) return undefined;
    if (kind === LeaderRequestKind.leaseRenew) return this.#renewFor(ids);
    if (kind !== LeaderRequestKind.leaseTimeToLive) return undefined;
    const seconds = await this.#lookHere(idOfHalves(first.idHigh, first.idLow));
    return seconds === undefined ? undefined : encodeSeconds([seconds]);
  }

  handleConfirmed(batch: RenewalBatch, failure: ReadFailure | undefined): void {
    this.#confirming -= batch.renewals.length;
    if (failure !== undefined || this.#lessor.term !== batch.term) this.retry(batch);
    else this.#lessor.renew(batch);
  }

  retry(batch: RenewalBatch): void {
    const { clock, timers } = this.#dependencies;
    if (this.#isClosed || clock.monotonicMillis() + retryMillis >= batch.endMillis) {
      batch.fail();
      return;
    }
    this.#later.push(batch);
    this.#laterTimer ??= timers.setTimer(retryMillis, () => {
      this.#laterTimer = undefined;
      const batches = this.#later;
      this.#later = [];
      for (const each of batches) this.#dispatch(each);
    });
  }

  #openBatch(): RenewalBatch {
    const { clock, timeoutMillis } = this.#dependencies;
    const batch = new RenewalBatch(this, clock.monotonicMillis() + timeoutMillis);
    // Still in this turn: a round that starts later covers all that the batch has taken by then.
    queueMicrotask(() => {
      if (this.#open !== batch) return;
      this.#open = undefined;
      this.#dispatch(batch);
    });
    return batch;
  }

  #dispatch(batch: RenewalBatch): void {
    const { term } = this.#lessor;
    if (this.#isClosed) {
      batch.fail();
    } else if (term !== undefined) {
      this.#confirm(batch, term);
    } else if (this.#dependencies.leader() === undefined) {
      this.retry(batch);
    } else {
      this.#outgoing.push(batch);
      this.#outgoingTimer ??= this.#dependencies.timers.setImmediate(() => this.#sendOutgoing());
    }
  }

  #confirm(batch: RenewalBatch, term: number): void {
    const count = batch.renewals.length;
    if (this.#confirming + count > confirmationsMax) {
      this.retry(batch);
      return;
    }
    this.#confirming += count;
    batch.term = term;
    this.#dependencies.read(batch);
  }

  #sendOutgoing(): void {
    this.#outgoingTimer = undefined;
    const batches = this.#outgoing;
    this.#outgoing = [];
    let message: RenewalBatch[] = [];
    let count = 0;
    for (const batch of batches) {
      if (count + batch.renewals.length > renewalsPerMessage) {
        this.#forward(message);
        message = [];
        count = 0;
      }
      message.push(batch);
      count += batch.renewals.length;
    }
    this.#forward(message);
  }

  /** Asks the leader for a turn's renewals at once. */
  #forward(batches: readonly RenewalBatch[]): void {
    const to = this.#dependencies.leader();
    if (to === undefined) {
      for (const batch of batches) this.retry(batch);
      return;
    }
    const payload = encodeIds(batches.flatMap(({ renewals }) => renewals));
    const asked = this.#requests.ask(to, LeaderRequestKind.leaseRenew, payload, attemptMillis);
    void asked.then((answer) => {
      const seconds = answer.kind === "answer" ? decodeSeconds(answer.payload) : [];
      let index = 0;
      for (const { renewals, endMillis } of batches) {
        const left = new RenewalBatch(this, endMillis);
        for (const renewal of renewals) {
          const ttlSeconds = seconds[index++];
          if (ttlSeconds === undefined) left.renewals.push(renewal);
          else renewal.finish(ttlSeconds);
        }
        if (left.renewals.length > 0) this.retry(left);
      }
    });
  }

  /** Renews for another member. Leases whose end is under way are left open: it asks again. */
  #renewFor(ids: readonly IdHalves[]): Promise<Uint8Array | undefined> {
    return this.#whenConfirmed(() =>
      encodeSeconds(ids.map(({ idHigh, idLow }) => this.#lessor.tryRenew(idHigh, idLow))),
    );
  }

  #lookHere(id: bigint): Promise<number | undefined> {
    return this.#whenConfirmed(() => this.#lessor.remainingSeconds(id));
  }

  async #lookThere(id: bigint, leftMillis: number): Promise<number | undefined> {
    const to = this.#dependencies.leader();
    if (to === undefined) return undefined;
    const timeout = Math.min(leftMillis, attemptMillis);
    const kind = LeaderRequestKind.leaseTimeToLive;
    const answer = await this.#requests.ask(
      to,
      kind,
      encodeIds([{ idHigh: highOfId(id), idLow: lowOfId(id) }]),
      timeout,
    );
    return answer.kind === "answer" ? decodeSeconds(answer.payload)[0] : undefined;
  }

  /** Runs `body` when a quorum has confirmed that this member leads, in the term it led in. */
  #whenConfirmed<Result>(body: () => Result): Promise<Result | undefined> {
    const { term } = this.#lessor;
    if (term === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const read = new ListenedRead((failure) => {
        const isConfirmed = failure === undefined && this.#lessor.term === term;
        resolve(isConfirmed ? body() : undefined);
      });
      this.#dependencies.read(read);
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#pauses.delete(wake);
        resolve();
      };
      const timer = this.#dependencies.timers.setTimer(retryMillis, wake);
      this.#pauses.add(wake);
    });
  }
}
