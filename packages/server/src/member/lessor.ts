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
import type { LeaseRecord } from "@quorate/state-machine";
import type { LeaseRenewal } from "./lease-renewal.ts";
import { LeaseSchedule } from "./lease-schedule.ts";

/** What the lessor acts on. */
export interface LessorTarget {
  /** The replicated leases. */
  readonly leases: {
    has(id: bigint): boolean;
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
  readonly onRenewed: () => void;
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
  readonly #waitingForRevoke = new Map<bigint, LeaseRenewal[]>();
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
    for (const waiting of undecided) for (const renewal of waiting) renewal.settle("no-leader");
  }

  /** A grant was applied. */
  handleGrant(id: bigint, ttlSeconds: number): void {
    if (this.#term === undefined) return;
    this.#schedule.add(id, ttlSeconds, this.#now(), 0);
  }

  /** Revokes or expiries were applied: renewals that waited for them end. */
  handleRevocations(): void {
    for (const [id, waiting] of this.#waitingForRevoke) {
      let ttlSeconds: number | undefined = 0;
      // Revoked and granted again in one go: it is the new lease that is renewed.
      if (this.#target.leases.has(id)) ttlSeconds = this.#schedule.renew(id, this.#now());
      if (ttlSeconds === undefined) continue;
      this.#waitingForRevoke.delete(id);
      for (const renewal of waiting) renewal.finish(ttlSeconds);
    }
  }

  /**
   * Renews a lease, after a quorum has confirmed this leadership. Ends with the TTL in seconds, 0
   * for a lease that does not exist; for one past its time when it is gone.
   */
  renew(renewal: LeaseRenewal): void {
    const ttlSeconds = this.tryRenew(renewal.id);
    if (ttlSeconds !== undefined) {
      renewal.finish(ttlSeconds);
      return;
    }
    const waiting = this.#waitingForRevoke.get(renewal.id);
    if (waiting === undefined) this.#waitingForRevoke.set(renewal.id, [renewal]);
    else waiting.push(renewal);
  }

  /**
   * Renews a lease, after a quorum has confirmed this leadership.
   *
   * @returns TTL in seconds, 0 for a lease that does not exist; undefined for one past its time,
   *   which nobody can answer for before its end is applied (L4).
   */
  tryRenew(id: bigint): number | undefined {
    const now = this.#now();
    const lease = this.#target.leases.get(id);
    if (lease === undefined) return 0;
    let ttlSeconds = this.#schedule.renew(id, now);
    if (ttlSeconds === undefined && this.#schedule.state(id) === undefined) {
      this.#scheduleFull(lease);
      ttlSeconds = this.#schedule.renew(id, now);
    }
    if (ttlSeconds !== undefined) this.#dependencies.onRenewed();
    return ttlSeconds;
  }

  /** Whole seconds left, rounded down; 0 when past its time, -1 when there is no such lease. */
  remainingSeconds(id: bigint): number {
    const lease = this.#target.leases.get(id);
    if (lease === undefined) return -1;
    this.#ensureScheduled(lease);
    const millis = this.#schedule.remainingMillis(id, this.#now()) ?? 0;
    return Math.max(0, Math.floor(millis / 1000));
  }

  /** Monotonic milliseconds at which a lease runs out; undefined for one not scheduled yet. */
  deadlineMillis(id: bigint): number | undefined {
    return this.#schedule.remainingMillis(id, 0);
  }

  #ensureScheduled(lease: LeaseRecord): void {
    if (this.#schedule.state(lease.id) !== undefined) return;
    this.#scheduleFull(lease);
  }

  #scheduleFull({ id, ttlSeconds, remainingTtlSeconds }: LeaseRecord): void {
    const remaining = remainingTtlSeconds > 0 ? remainingTtlSeconds : ttlSeconds;
    const shortened = (remaining - ttlSeconds) * 1000;
    const extension = shortened + this.#options.promotionExtensionMillis;
    this.#schedule.add(id, ttlSeconds, this.#now(), extension);
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
    const exists = (id: bigint): boolean => this.#target.leases.has(id);
    this.#schedule.sweep(looksPerScan, exists);
    const taken = this.#schedule.takeDue(now, expiriesPerScan, looksPerScan);
    const due = taken.filter(exists);
    if (due.length > 0) {
      this.#dependencies.onExpired(due.length);
      this.#target.proposeExpiry(due, term);
    }
    const { timers } = this.#dependencies;
    const hasMore = (this.#schedule.nextCheckAt ?? Infinity) <= now;
    const again = (): void => this.#scan();
    if (!hasMore) this.#scanTimer = timers.setTimer(this.#options.scanMillis, again);
    else if (taken.length < expiriesPerScan) this.#scanTimer = timers.setImmediate(again);
    else this.#scanTimer = timers.setTimer(massExpiryMillis, again);
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMillis();
  }
}
