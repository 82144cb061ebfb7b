/**
 * Lease questions of clients, answered by whichever member leads: here when this one does, else by
 * asking the leader. Renewing and looking are idempotent, so a lost answer is asked for again until
 * the request's time is over.
 *
 * ```
 * renew ─► this member leads ─► read queue: one round for a turn's renewals ─► lessor
 *     └──► another leads ─────► all of a turn in one message ─► one round there ─► its lessor
 *              ▲                        │
 *              └─ 50 ms ◄─ no answer ◄──┘
 * ```
 */
import type { Clock, Timer, Timers } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import { LeaderRequestKind, type LeaderRequests } from "./leader-requests.ts";
import { decodeIds, decodeSeconds, encodeIds, encodeSeconds } from "./lease-frames.ts";
import type { LeaseRenewal, RenewalDesk } from "./lease-renewal.ts";
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

/** See the head of the file. */
export class LeaseDesk implements RenewalDesk {
  readonly #lessor: Lessor;
  readonly #requests: LeaderRequests;
  readonly #dependencies: LeaseDeskDependencies;
  readonly #pauses = new Set<() => void>();
  /** Renewals that arrived in this turn and go to the leader at its end. */
  #outgoing: LeaseRenewal[] = [];
  #outgoingTimer: Timer | undefined;
  /** Renewals that are tried again in a while. */
  #later: LeaseRenewal[] = [];
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
  renew(renewal: LeaseRenewal): void {
    const { clock, timeoutMillis } = this.#dependencies;
    renewal.desk = this;
    renewal.endMillis = clock.monotonicMillis() + timeoutMillis;
    this.#dispatch(renewal);
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
    const renewals = this.#outgoing.concat(this.#later);
    this.#outgoing = [];
    this.#later = [];
    for (const renewal of renewals) renewal.finish(undefined);
  }

  /** Answers another member's question; undefined when this member does not lead. */
  async answer(kind: number, payload: Uint8Array): Promise<Uint8Array | undefined> {
    const ids = decodeIds(payload);
    const [first] = ids;
    if (first === undefined || ids.length > renewalsPerMessage) return undefined;
    if (kind === LeaderRequestKind.leaseRenew) return this.#renewFor(ids);
    if (kind !== LeaderRequestKind.leaseTimeToLive) return undefined;
    const seconds = await this.#lookHere(first);
    return seconds === undefined ? undefined : encodeSeconds([seconds]);
  }

  handleConfirmed(renewal: LeaseRenewal, failure: ReadFailure | undefined): void {
    if (failure !== undefined || this.#lessor.term !== renewal.term) this.#retry(renewal);
    else this.#lessor.renew(renewal);
  }

  #dispatch(renewal: LeaseRenewal): void {
    const { term } = this.#lessor;
    if (term !== undefined) {
      renewal.term = term;
      this.#dependencies.read(renewal);
    } else if (this.#dependencies.leader() === undefined) {
      this.#retry(renewal);
    } else {
      this.#outgoing.push(renewal);
      this.#outgoingTimer ??= this.#dependencies.timers.setImmediate(() => this.#sendOutgoing());
    }
  }

  #retry(renewal: LeaseRenewal): void {
    const { clock, timers } = this.#dependencies;
    if (this.#isClosed || clock.monotonicMillis() + retryMillis >= renewal.endMillis) {
      renewal.finish(undefined);
      return;
    }
    this.#later.push(renewal);
    this.#laterTimer ??= timers.setTimer(retryMillis, () => {
      this.#laterTimer = undefined;
      const renewals = this.#later;
      this.#later = [];
      for (const each of renewals) this.#dispatch(each);
    });
  }

  #sendOutgoing(): void {
    this.#outgoingTimer = undefined;
    const renewals = this.#outgoing;
    this.#outgoing = [];
    for (let begin = 0; begin < renewals.length; begin += renewalsPerMessage) {
      this.#forward(renewals.slice(begin, begin + renewalsPerMessage));
    }
  }

  /** Asks the leader for a turn's renewals at once. */
  #forward(renewals: readonly LeaseRenewal[]): void {
    const to = this.#dependencies.leader();
    if (to === undefined) {
      for (const renewal of renewals) this.#retry(renewal);
      return;
    }
    const payload = encodeIds(renewals.map(({ id }) => id));
    const asked = this.#requests.ask(to, LeaderRequestKind.leaseRenew, payload, attemptMillis);
    void asked.then((answer) => {
      const seconds = answer.kind === "answer" ? decodeSeconds(answer.payload) : [];
      for (const [index, renewal] of renewals.entries()) {
        const ttlSeconds = seconds[index];
        if (ttlSeconds === undefined) this.#retry(renewal);
        else renewal.finish(ttlSeconds);
      }
    });
  }

  /** Renews for another member. Leases whose end is under way are left open: it asks again. */
  #renewFor(ids: readonly bigint[]): Promise<Uint8Array | undefined> {
    return this.#whenConfirmed(() => encodeSeconds(ids.map((id) => this.#lessor.tryRenew(id))));
  }

  #lookHere(id: bigint): Promise<number | undefined> {
    return this.#whenConfirmed(() => this.#lessor.remainingSeconds(id));
  }

  async #lookThere(id: bigint, leftMillis: number): Promise<number | undefined> {
    const to = this.#dependencies.leader();
    if (to === undefined) return undefined;
    const timeout = Math.min(leftMillis, attemptMillis);
    const kind = LeaderRequestKind.leaseTimeToLive;
    const answer = await this.#requests.ask(to, kind, encodeIds([id]), timeout);
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
