/**
 * Lease questions of clients, answered by whichever member leads: here when this one does, else by
 * asking the leader. Renewing and looking are idempotent, so a lost answer is asked for again until
 * the request's time is over.
 */
import type { Clock, Timers } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import { LeaderRequestKind, type LeaderRequests } from "./leader-requests.ts";
import type { Lessor } from "./lessor.ts";
import type { ReadListener } from "./read-queue.ts";

/** What the desk needs from its member. */
export interface LeaseDeskDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMillis: number;
  /** Another member that leads. */
  readonly leader: () => MemberId | undefined;
  readonly readIndex: (listener: ReadListener) => void;
}

/** Pause before a question is asked again. */
const retryMillis = 50;
/** A question without an answer is asked again after this: asking twice does no harm. */
const attemptMillis = 1_000;

/** See the head of the file. */
export class LeaseDesk {
  readonly #lessor: Lessor;
  readonly #requests: LeaderRequests;
  readonly #dependencies: LeaseDeskDependencies;
  readonly #pauses = new Set<() => void>();
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

  /**
   * Renews a lease. Never rejects.
   *
   * @returns TTL in seconds, 0 when the lease does not exist; undefined when no leader answered.
   */
  async renew(id: bigint): Promise<number | undefined> {
    return this.#ask(LeaderRequestKind.leaseRenew, id, () => this.#renewHere(id));
  }

  /** Remaining whole seconds, -1 for an unknown lease; undefined when no leader answered. */
  async remainingSeconds(id: bigint): Promise<number | undefined> {
    return this.#ask(LeaderRequestKind.leaseTimeToLive, id, () => this.#lookHere(id));
  }

  /** Ends what waits for a leader. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#pauses) wake();
  }

  /** Answers another member's question; undefined when this member does not lead. */
  async answer(kind: number, payload: Uint8Array): Promise<Uint8Array | undefined> {
    if (payload.length !== 8) return undefined;
    const id = Buffer.from(payload).readBigInt64LE(0);
    let seconds: number | undefined;
    if (kind === LeaderRequestKind.leaseRenew) seconds = await this.#renewHere(id);
    else if (kind === LeaderRequestKind.leaseTimeToLive) seconds = await this.#lookHere(id);
    if (seconds === undefined) return undefined;
    const answer = Buffer.allocUnsafe(8);
    answer.writeDoubleLE(seconds, 0);
    return answer;
  }

  async #ask(
    kind: LeaderRequestKind,
    id: bigint,
    here: () => Promise<number | undefined>,
  ): Promise<number | undefined> {
    const { clock, leader, timeoutMillis } = this.#dependencies;
    const deadline = clock.monotonicMillis() + timeoutMillis;
    const payload = Buffer.allocUnsafe(8);
    payload.writeBigInt64LE(id, 0);
    for (;;) {
      if (this.#lessor.isPrimary) {
        const seconds = await here();
        if (seconds !== undefined) return seconds;
      } else {
        const to = leader();
        const left = deadline - clock.monotonicMillis();
        if (to !== undefined) {
          const timeout = Math.min(left, attemptMillis);
          const answer = await this.#requests.ask(to, kind, payload, timeout);
          if (answer.kind === "answer" && answer.payload.length === 8) {
            return Buffer.from(answer.payload).readDoubleLE(0);
          }
        }
      }
      if (clock.monotonicMillis() + retryMillis >= deadline || this.#isClosed) return undefined;
      await this.#pause();
    }
  }

  #renewHere(id: bigint): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.#lessor.renew(id, (answer) => {
        resolve("ttlSeconds" in answer ? answer.ttlSeconds : undefined);
      });
    });
  }

  #lookHere(id: bigint): Promise<number | undefined> {
    return new Promise((resolve) => {
      if (!this.#lessor.isPrimary) {
        resolve(undefined);
        return;
      }
      this.#dependencies.readIndex((failure) => {
        const isAnswerable = failure === undefined && this.#lessor.isPrimary;
        resolve(isAnswerable ? this.#lessor.remainingSeconds(id) : undefined);
      });
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
