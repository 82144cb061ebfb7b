/**
 * Judges what holders of leases were told against what became of the leases (L1, L2, L3, L4, L6).
 *
 * A renewal that was answered counts from the moment it was *sent*: the server's count begins
 * later. Clocks may be wrong by a part of one, `driftMax`, so the server's count of a time may be
 * longer than the true one by that part, and a lease of 10 s may end 9.52 s after its renewal.
 *
 *     holder   --sent----------answered------------------------------
 *     server   -------renewed----------------------------expired-----
 *              |<------------ at least TTL / (1 + drift) ----->|
 */
import type { Coverage } from "../coverage.ts";
import type { CallWindow, LeaseCall, LeaseHistory } from "../history/lease-history.ts";
import type { Truth } from "../history/truth.ts";
import { check } from "./check-failure.ts";
import { LeaseLives, type LeaseLife } from "./lease-lives.ts";
import { checkRevocations } from "./lease-revocations.ts";

/** What a checker of leases must know about the world. */
export interface LeaseBounds {
  /** Most that any clock gains or loses, as a part of one; 0.05 is B13's. */
  readonly driftMax: number;
  readonly electionTimeoutMillis: number;
}

/** One millisecond for numbers that were rounded on the way. */
const roundingMillis = 1;

/** @throws CheckFailure with the promise that is broken. */
export function checkLeases(
  history: LeaseHistory,
  truth: Truth,
  coverage: Coverage,
  bounds: LeaseBounds,
): void {
  const lives = new LeaseLives(truth);
  const judge = new LeaseJudge(lives, history.calls, coverage, bounds);
  for (const call of history.calls) judge.call(call);
  checkRevocations(history.calls, lives, coverage);
  judge.expiriesOnTime(history, truth.leadershipsMillis ?? []);
}

class LeaseJudge {
  readonly #lives: LeaseLives;
  readonly #calls: readonly LeaseCall[];
  readonly #coverage: Coverage;
  readonly #bounds: LeaseBounds;
  /** Whether a wall clock has jumped in this run. */
  readonly #hasJumped: boolean;

  constructor(
    lives: LeaseLives,
    calls: readonly LeaseCall[],
    coverage: Coverage,
    bounds: LeaseBounds,
  ) {
    this.#lives = lives;
    this.#calls = calls;
    this.#coverage = coverage;
    this.#bounds = bounds;
    const faults = coverage.counts("faults");
    this.#hasJumped = faults.some(([kind, count]) => kind === "clock-jump" && count > 0);
  }

  call(call: LeaseCall): void {
    switch (call.kind) {
      case "grant":
        this.#grant(call);
        return;
      case "renewal":
        this.#renewal(call);
        return;
      case "revoke":
        if (call.outcome === "gone") this.#isGone(call, "L4", "a revoke was acknowledged");
        return;
      case "put":
        if (call.outcome.kind === "no-lease") this.#isGone(call, "L1", "a put found no lease");
        return;
      case "time-to-live":
        this.#timeToLive(call);
        return;
      case "list":
        this.#list(call);
        return;
      case "belief":
        this.#belief(call);
        return;
      case "hold":
    }
  }

  /**
   * L2: what nobody renews any more ends in time once the cluster is well; each leader that comes
   * before grants all of the time anew (L1).
   */
  expiriesOnTime(
    { healedMillis, endMillis }: LeaseHistory,
    leadershipsMillis: readonly number[],
  ): void {
    if (healedMillis === undefined) return;
    const { driftMax, electionTimeoutMillis } = this.#bounds;
    const touched = new Map<bigint, number>();
    for (const call of this.#calls) {
      const leaseId = idOf(call);
      if (leaseId === undefined) continue;
      touched.set(leaseId, Math.max(touched.get(leaseId) ?? 0, call.answeredMillis));
    }
    for (const [leaseId, touchedMillis] of touched) {
      for (const { ttlSeconds, endedMillis, grantedMillis } of this.#lives.of(leaseId)) {
        const quietMillis = Math.max(touchedMillis, healedMillis, grantedMillis);
        const ttlMillis = ttlSeconds * 1_000 * (1 + driftMax);
        const lateMillis = ttlMillis + 2 * electionTimeoutMillis + 1_000;
        let dueMillis = quietMillis + lateMillis;
        for (const atMillis of leadershipsMillis) {
          if (atMillis > quietMillis && atMillis <= dueMillis) dueMillis = atMillis + lateMillis;
        }
        if (dueMillis > endMillis) continue;
        check(endedMillis <= dueMillis, "L2", () => {
          const end = endedMillis === Infinity ? "not yet" : `at ${endedMillis}`;
          return `lease ${leaseId} of ${ttlSeconds} s, left alone at ${quietMillis}, ended ${end}`;
        });
        this.#coverage.checked("L2");
      }
    }
  }

  #grant(call: Extract<LeaseCall, { readonly kind: "grant" }>): void {
    const { wantedId, wantedTtlSeconds, outcome } = call;
    if (outcome.kind !== "ok") {
      if (outcome.kind === "unknown") return;
      const isTaken = this.#lives.during(wantedId, call).length > 0;
      check(isTaken, "L6", () => `lease ${wantedId} is said to exist and does not`);
      return;
    }
    const { leaseId, ttlSeconds } = outcome;
    check(wantedId === 0n || leaseId === wantedId, "L6", () => {
      return `lease ${leaseId} granted, expected ${wantedId}`;
    });
    check(ttlSeconds >= wantedTtlSeconds, "L6", () => {
      return `lease ${leaseId} granted for ${ttlSeconds} s, expected ${wantedTtlSeconds} s`;
    });
    const lives = this.#lives.during(leaseId, call);
    const isReal = lives.some((life) => life.ttlSeconds === ttlSeconds);
    check(isReal, "L6", () => `lease ${leaseId} of ${ttlSeconds} s is not in the store`);
    this.#coverage.checked("L6");
    this.#coverage.sometimes("lease with a negative id (C32)", leaseId < 0n);
    const isLarge = leaseId > BigInt(Number.MAX_SAFE_INTEGER);
    this.#coverage.sometimes("lease with an id beyond 2^53 (L6)", isLarge);
    this.#coverage.sometimes("lease of 30 days (C50)", ttlSeconds >= 2_592_000);
    this.#livesOn(lives, call, ttlSeconds);
  }

  #renewal(call: Extract<LeaseCall, { readonly kind: "renewal" }>): void {
    const { leaseId, ttlSeconds } = call;
    if (ttlSeconds === undefined) return;
    if (ttlSeconds === 0) {
      this.#isGone(call, "L1", "a renewal found no lease");
      return;
    }
    const lives = this.#lives.during(leaseId, call);
    check(lives.length > 0, "L4", () => {
      const ends = this.#lives.of(leaseId).map((life) => life.endedMillis);
      return `lease ${leaseId} renewed in ${textOf(call)} after its end at ${ends.join(", ")}`;
    });
    this.#coverage.checked("L4");
    this.#livesOn(lives, call, ttlSeconds);
  }

  /** L1, L3, L7: what was granted or renewed lives for its TTL. */
  #livesOn(lives: readonly LeaseLife[], window: CallWindow, ttlSeconds: number): void {
    const [life] = lives;
    // Granted again meanwhile: which of them the answer was about cannot be told.
    if (life === undefined || lives.length > 1) return;
    const { endedMillis, isExpired, leaseId } = life;
    if (isExpired) {
      const countedMillis = (endedMillis - window.sentMillis) * (1 + this.#bounds.driftMax);
      const isEarly = countedMillis + roundingMillis < ttlSeconds * 1_000;
      // Renewed by one leader while another one ended it.
      const isBeside = window.answeredMillis >= endedMillis;
      check(!isEarly, isBeside ? "L3" : "L1", () => {
        const renewal = `renewed in ${textOf(window)}`;
        return `lease ${leaseId} of ${ttlSeconds} s, ${renewal}, expired at ${endedMillis}`;
      });
      if (isBeside) this.#coverage.checked("L3");
    }
    this.#coverage.checked("L1");
    if (this.#hasJumped) this.#coverage.checked("L7");
  }

  /** An answer that says that there is no such lease. */
  #isGone(call: CallWindow & { readonly leaseId: bigint }, promise: string, what: string): void {
    const isAlive = this.#lives.isAliveThroughout(call.leaseId, call);
    check(!isAlive, promise, () => `${what}: ${call.leaseId} in ${textOf(call)}, and it is alive`);
    this.#coverage.checked(promise);
  }

  #timeToLive(call: Extract<LeaseCall, { readonly kind: "time-to-live" }>): void {
    const { leaseId, ttlSeconds, grantedTtlSeconds, keys } = call;
    if (ttlSeconds < 0) {
      this.#isGone(call, "L1", "a question for the rest found no lease");
      return;
    }
    const lives = this.#lives.during(leaseId, call);
    const life = lives.find((each) => each.ttlSeconds === grantedTtlSeconds);
    check(life !== undefined, "L6", () => {
      return `lease ${leaseId} is said to have ${grantedTtlSeconds} s in ${textOf(call)}`;
    });
    if (lives.length === 1) this.#hasRest(call);
    if (keys === undefined) return;
    check(this.#lives.hadKeys(leaseId, keys, call), "L5", () => {
      return `lease ${leaseId} is said to have keys ${JSON.stringify(keys)} in ${textOf(call)}`;
    });
    this.#coverage.checked("L5");
  }

  /** L1: what is left is no less than the last renewal promised. */
  #hasRest(call: Extract<LeaseCall, { readonly kind: "time-to-live" }>): void {
    for (const earlier of this.#calls) {
      if (earlier.answeredMillis > call.sentMillis) continue;
      const ttlSeconds = promisedSeconds(earlier, call.leaseId);
      if (ttlSeconds === 0) continue;
      // Of an earlier life of the same id.
      if (
        this.#lives.during(call.leaseId, { ...call, sentMillis: earlier.sentMillis }).length > 1
      ) {
        continue;
      }
      const passedMillis = call.answeredMillis - earlier.sentMillis;
      const leftSeconds = ttlSeconds - (passedMillis * (1 + this.#bounds.driftMax)) / 1_000;
      check(call.ttlSeconds + 1 + roundingMillis / 1_000 >= leftSeconds, "L1", () => {
        return `lease ${call.leaseId} has ${call.ttlSeconds} s left, expected ${leftSeconds} s`;
      });
    }
    this.#coverage.checked("L1");
  }

  /** A member lists what it holds, which may be old, but was so after some change of leases. */
  #list(call: Extract<LeaseCall, { readonly kind: "list" }>): void {
    const { leaseIds, answeredMillis } = call;
    check(this.#lives.wasSet(leaseIds, answeredMillis), "L6", () => {
      return `leases ${leaseIds.join(", ")} are listed in ${textOf(call)}, and never were these`;
    });
    this.#coverage.checked("L6");
  }

  /** The holder's own clock and the leader's may both be wrong, each in the worse direction. */
  #belief(call: Extract<LeaseCall, { readonly kind: "belief" }>): void {
    const { leaseId, sentMillis } = call;
    const life = this.#lives.of(leaseId).findLast((each) => each.grantedMillis <= sentMillis);
    check(life !== undefined, "L6", () => `a holder believes in lease ${leaseId}, never granted`);
    if (life?.isExpired !== true) return;
    const lateMillis = sentMillis - life.endedMillis;
    const allowedMillis = life.ttlSeconds * 1_000 * 2 * this.#bounds.driftMax;
    check(lateMillis <= allowedMillis, "L1", () => {
      return `lease ${leaseId} is believed in at ${sentMillis}, ${lateMillis} ms after its end`;
    });
    this.#coverage.checked("L1");
  }
}

/** Seconds that an answered call promised for a lease; 0 for none. */
function promisedSeconds(call: LeaseCall, leaseId: bigint): number {
  if (call.kind === "renewal" && call.leaseId === leaseId) return call.ttlSeconds ?? 0;
  if (call.kind !== "grant" || call.outcome.kind !== "ok") return 0;
  return call.outcome.leaseId === leaseId ? call.outcome.ttlSeconds : 0;
}

/** The lease that a call may have renewed or made. */
function idOf(call: LeaseCall): bigint | undefined {
  switch (call.kind) {
    case "grant":
      return call.outcome.kind === "ok" ? call.outcome.leaseId : undefined;
    case "list":
      return undefined;
    default:
      return call.leaseId;
  }
}

function textOf({ sentMillis, answeredMillis }: CallWindow): string {
  return `[${sentMillis}, ${answeredMillis}]`;
}
