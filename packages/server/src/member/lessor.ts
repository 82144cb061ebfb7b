/**
 * The leader's half of leasing: when leases run out, who renewed them. The other half, which leases
 * exist, is replicated (`state-machine`).
 *
 * A renewal is answered only after a quorum has confirmed this leadership since the renewal
 * arrived, by the same round that linearizable reads use. A leader that was replaced while it was
 * paused or cut off can therefore neither keep a lease alive that its successor lets expire, nor
 * end one that its successor keeps (L1, L3, L4).
 */
import type { Clock, Timer, Timers } from "@quorate/platform";
import { highOfId, idOfHalves, type LeaseRecord, lowOfId } from "@quorate/state-machine";
import { type LeaseRenewal, RenewalBatch } from "./lease-renewal.ts";
import { LeaseSchedule, type ScheduledLease } from "./lease-schedule.ts";

/** What the lessor acts on. */
export interface LessorTarget {
  /** The replicated leases. */
  readonly leases: {
    get(id: bigint): LeaseRecord | undefined;
    records(): Iterable<LeaseRecord>;
  };
  /** Proposes the expiry of leases, void outside the term. */
  proposeExpiry(ids: readonly bigint[], term: number): void;
}

/** What the lessor needs from its surroundings. */
export interface LessorDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Leases that this leader found past their time. */
  readonly onExpired: (count: number) => void;
  readonly onRenewed: (count: number) => void;
}

/** Settings, in milliseconds. */
export interface LessorOptions {
  /** Added to every lease at a change of leader. */
  readonly promotionExtensionMillis: number;
  /** An expiry that was not applied is proposed again after this. */
  readonly expiryRetryMillis: number;
  /** How often due leases are looked for. @default 100 */
  readonly scanMillis: number;
}

/** Most leases that one log entry ends: keeps a mass expiry from stalling the others (V3). */
const expiriesPerScan = 1_000;
/** Pause between such entries while more leases are due: 10^5 end in 2 s, others get through. */
const massExpiryMillis = 10;
/** Leases looked at in one turn: about 10 ms on a slow machine. */
const looksPerScan = 20_000;
/** Leases taken into the schedule in one turn after an election (C49). */
const promotionsPerTurn = 10_000;

/** Follows one member's leadership. */
export class Lessor {
  readonly #options: LessorOptions;
  readonly #target: LessorTarget;
  readonly #dependencies: LessorDependencies;
  readonly #schedule: LeaseSchedule;
  /** By the id of a lease whose end is under way; each batch is one renewal. */
  readonly #waitingForRevoke = new Map<bigint, RenewalBatch[]>();
  #term: number | undefined;
  #scanTimer: Timer | undefined;
  #promotion: Iterator<LeaseRecord> | undefined;

  constructor(options: LessorOptions, target: LessorTarget, dependencies: LessorDependencies) {
    this.#options = options;
    this.#target = target;
    this.#dependencies = dependencies;
    this.#schedule = new LeaseSchedule(options.expiryRetryMillis);
  }

  /** Whether this member decides about leases. */
  get isPrimary(): boolean {
    return this.#term !== undefined;
  }

  /** The term that this member decides in; undefined when it does not. */
  get term(): number | undefined {
    return this.#term;
  }

  /** This member leads, and has applied everything that earlier leaders committed. */
  promote(term: number): void {
    this.demote();
    this.#term = term;
    this.#promotion = this.#target.leases.records()[Symbol.iterator]();
    this.#continuePromotion();
    this.#scan();
  }

  /** This member leads no more. */
  demote(): void {
    if (this.#term === undefined) return;
    this.#term = undefined;
    this.#promotion = undefined;
    this.#scanTimer?.cancel();
    this.#schedule.clear();
    const undecided = [...this.#waitingForRevoke.values()];
    this.#waitingForRevoke.clear();
    for (const waiting of undecided) for (const batch of waiting) batch.desk.retry(batch);
  }

  /** A grant was applied. */
  handleGrant(id: bigint): void {
    if (this.#term === undefined) return;
    const record = this.#target.leases.get(id);
    // One entry may grant a lease and end it.
    if (record !== undefined) this.#schedule.add(record, this.#now(), 0);
  }

  /** Revokes or expiries were applied: renewals that waited for them end. */
  handleRevocations(): void {
    for (const [id, waiting] of this.#waitingForRevoke) {
      // Revoked and granted again in one go: it is the new lease that is renewed.
      const ttlSeconds = this.#renew(highOfId(id), lowOfId(id), this.#now());
      if (ttlSeconds === undefined) continue;
      this.#waitingForRevoke.delete(id);
      for (const { renewals } of waiting) for (const each of renewals) each.finish(ttlSeconds);
    }
  }

  /**
   * Renews leases, after a quorum has confirmed this leadership. Each renewal ends with the TTL in
   * seconds, 0 for a lease that does not exist; for one past its time when it is gone.
   */
  renew(batch: RenewalBatch): void {
    const now = this.#now();
    let renewed = 0;
    for (const renewal of batch.renewals) {
      const ttlSeconds = this.#renew(renewal.idHigh, renewal.idLow, now);
      if (ttlSeconds === undefined) {
        this.#waitForRevoke(renewal, batch);
        continue;
      }
      if (ttlSeconds !== 0) renewed += 1;
      renewal.finish(ttlSeconds);
    }
    this.#dependencies.onRenewed(renewed);
  }

  /**
   * Renews a lease by the halves of its id, after a quorum has confirmed this leadership.
   *
   * @returns TTL in seconds, 0 for a lease that does not exist; undefined for one past its time,
   *   which nobody can answer for before its end is applied (L4).
   */
  tryRenew(idHigh: number, idLow: number): number | undefined {
    const ttlSeconds = this.#renew(idHigh, idLow, this.#now());
    if (ttlSeconds !== undefined && ttlSeconds !== 0) this.#dependencies.onRenewed(1);
    return ttlSeconds;
  }

  /** Whole seconds left, rounded down; 0 when past its time, -1 when there is no such lease. */
  remainingSeconds(id: bigint): number {
    const lease = this.#find(highOfId(id), lowOfId(id));
    if (lease === undefined) return -1;
    return Math.max(0, Math.floor((lease.deadline - this.#now()) / 1000));
  }

  /** Monotonic milliseconds at which a lease runs out; undefined for one not scheduled yet. */
  deadlineMillis(id: bigint): number | undefined {
    return this.#schedule.find(highOfId(id), lowOfId(id))?.deadline;
  }

  // Hot: test/bench, row leases-100000.
  #renew(idHigh: number, idLow: number, nowMillis: number): number | undefined {
    const lease = this.#find(idHigh, idLow);
    return lease === undefined ? 0 : this.#schedule.renew(lease, nowMillis);
  }

  /** A lease that exists. The promotion may not have come to it yet. */
  #find(idHigh: number, idLow: number): ScheduledLease | undefined {
    const lease = this.#schedule.find(idHigh, idLow);
    if (lease !== undefined) return lease;
    const record = this.#target.leases.get(idOfHalves(idHigh, idLow));
    if (record === undefined) return undefined;
    this.#scheduleFull(record);
    return this.#schedule.find(idHigh, idLow);
  }

  #waitForRevoke(renewal: LeaseRenewal, { desk, endMillis }: RenewalBatch): void {
    const alone = new RenewalBatch(desk, endMillis);
    alone.renewals.push(renewal);
    const id = idOfHalves(renewal.idHigh, renewal.idLow);
    const waiting = this.#waitingForRevoke.get(id);
    if (waiting === undefined) this.#waitingForRevoke.set(id, [alone]);
    else waiting.push(alone);
  }

  #ensureScheduled(record: LeaseRecord): void {
    const { id } = record;
    if (this.#schedule.find(highOfId(id), lowOfId(id)) === undefined) this.#scheduleFull(record);
  }

  #scheduleFull(record: LeaseRecord): void {
    const { ttlSeconds, remainingTtlSeconds } = record;
    const remaining = remainingTtlSeconds > 0 ? remainingTtlSeconds : ttlSeconds;
    const shortened = (remaining - ttlSeconds) * 1000;
    const extension = shortened + this.#options.promotionExtensionMillis;
    this.#schedule.add(record, this.#now(), extension);
  }

  #continuePromotion(): void {
    const iterator = this.#promotion;
    if (iterator === undefined) return;
    for (let count = 0; count < promotionsPerTurn; count += 1) {
      const next = iterator.next();
      if (next.done === true) {
        this.#promotion = undefined;
        return;
      }
      this.#ensureScheduled(next.value);
    }
    this.#dependencies.timers.setImmediate(() => {
      if (this.#promotion === iterator) this.#continuePromotion();
    });
  }

  #scan(): void {
    const term = this.#term;
    if (term === undefined) return;
    const now = this.#now();
    this.#schedule.sweep(looksPerScan);
    const due = this.#schedule.takeDue(now, expiriesPerScan, looksPerScan);
    if (due.length > 0) {
      this.#dependencies.onExpired(due.length);
      this.#target.proposeExpiry(due, term);
    }
    const { timers } = this.#dependencies;
    const hasMore = (this.#schedule.nextCheckAt ?? Infinity) <= now;
    const again = (): void => this.#scan();
    if (!hasMore) this.#scanTimer = timers.setTimer(this.#options.scanMillis, again);
    else if (due.length < expiriesPerScan) this.#scanTimer = timers.setImmediate(again);
    else this.#scanTimer = timers.setTimer(massExpiryMillis, again);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMillis();
  }
}
