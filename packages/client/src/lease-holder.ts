import { setMaxListeners } from "node:events";

import type { Timer } from "@quorate/platform";

import { LeaseLostError, type LeaseLossReason } from "./errors.ts";
import type { KeptLease, LeaseKeeper } from "./lease-keeper.ts";
import type { CallOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/**
 * A lease that is renewed in the background.
 *
 * The server cannot end it before TTL after the last renewal was *sent*; `lost` fires a margin
 * earlier, on the monotonic clock, so whoever stops on `lost` stops in time. A process that was
 * paused learns it late: ask {@link Lease.isAlive} right before an act that depends on it, and let
 * the resource check a fencing token where that is not enough (K3).
 */
export interface Lease extends AsyncDisposable {
  readonly id: bigint;
  /** TTL of the latest grant. */
  readonly ttlSeconds: number;
  /** Aborts once, with a {@link LeaseLostError}, when the lease is or may soon be gone. */
  readonly lost: AbortSignal;
  /** Whether the lease exists for certain; looks at the clock, so it is right after a pause too. */
  isAlive(): boolean;
  /** Milliseconds until `lost` fires unless a renewal comes before; 0 when lost. */
  remainingMillis(): number;
  /**
   * Renews now, beside the background.
   *
   * @throws {@link LeaseLostError} when it is lost.
   */
  keepAliveOnce(options?: CallOptions): Promise<void>;
  /** Stops renewing and lets the lease run out by itself; `lost` fires. Idempotent. */
  release(): void;
  /** Ends the lease and its keys on the server; `lost` fires. Idempotent. */
  revoke(options?: CallOptions): Promise<void>;
}

/** The grant a holder starts from. @internal */
export interface LeaseHolderOptions {
  readonly id: bigint;
  readonly sentMillis: number;
  readonly ttlSeconds: number;
  readonly marginMillis: number | undefined;
}

/** What a holder needs of its client. @internal */
export interface LeaseHolderDependencies {
  readonly runtime: Runtime;
  readonly keeper: Pick<LeaseKeeper, "add" | "remove">;
  readonly closedSignal: AbortSignal;
  readonly revoke: (id: bigint, options: CallOptions) => Promise<void>;
  readonly keepAliveOnce: (id: bigint, options: CallOptions) => Promise<number>;
}

/** Clocks drift; this share of the TTL is given away by default. */
const driftShare = 0.05;
const marginMinMillis = 250;

/** The {@link Lease} of a client. @internal */
export class LeaseHolder implements Lease, KeptLease {
  readonly id: bigint;
  readonly #dependencies: LeaseHolderDependencies;
  readonly #marginMillis: number | undefined;
  readonly #lost = new AbortController();
  readonly #onClosed: () => void;
  #ttlSeconds: number;
  #sentMillis: number;
  #lostAtMillis: number;
  #timer: Timer | undefined;
  #isRevoked = false;
  #lossReason: LeaseLossReason = "expired";

  constructor(options: LeaseHolderOptions, dependencies: LeaseHolderDependencies) {
    this.id = options.id;
    this.#dependencies = dependencies;
    this.#marginMillis = options.marginMillis;
    this.#ttlSeconds = options.ttlSeconds;
    this.#sentMillis = options.sentMillis;
    this.#lostAtMillis = this.#lostAt(options.sentMillis, options.ttlSeconds);
    setMaxListeners(0, this.#lost.signal);
    this.#onClosed = (): void => this.#lose("client-closed");
    dependencies.closedSignal.addEventListener("abort", this.#onClosed, { once: true });
    if (dependencies.closedSignal.aborted) {
      this.#lose("client-closed");
      return;
    }
    dependencies.keeper.add(this, options.sentMillis);
    this.#arm();
  }

  get ttlSeconds(): number {
    return this.#ttlSeconds;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isAlive(): boolean {
    return this.remainingMillis() > 0;
  }

  remainingMillis(): number {
    if (this.#lost.signal.aborted) return 0;
    const leftMillis = this.#lostAtMillis - this.#dependencies.runtime.clock.monotonicMillis();
    // After a pause the timer may not have run yet; the clock decides.
    if (leftMillis <= 0) this.#lose("deadline");
    return Math.max(0, leftMillis);
  }

  async keepAliveOnce(options: CallOptions = {}): Promise<void> {
    if (!this.isAlive()) throw new LeaseLostError(this.id, this.#lossReason);
    const sentMillis = this.#dependencies.runtime.clock.monotonicMillis();
    try {
      this.renewed(sentMillis, await this.#dependencies.keepAliveOnce(this.id, options));
    } catch (error) {
      if (error instanceof LeaseLostError) this.expired();
      throw error;
    }
  }

  release(): void {
    this.#lose("revoked");
  }

  async revoke(options: CallOptions = {}): Promise<void> {
    this.#lose("revoked");
    if (this.#isRevoked || this.#dependencies.closedSignal.aborted) return;
    this.#isRevoked = true;
    await this.#dependencies.revoke(this.id, options);
  }

  /** Revokes; a failure is left to the TTL, which ends the lease anyway. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.revoke();
    } catch (error) {
      this.#dependencies.runtime.logger?.warn("Cannot revoke a lease; it will expire", {
        lease: this.id,
        error: error instanceof Error ? error.message : "unknown",
      });
    }
  }

  /** @internal */
  renewed(sentMillis: number, ttlSeconds: number): void {
    // An answer that comes after the promise was given up cannot bring it back.
    if (!this.isAlive()) return;
    this.#ttlSeconds = ttlSeconds;
    // Answers of the background and of keepAliveOnce may cross; the newest question counts.
    if (sentMillis < this.#sentMillis) return;
    this.#sentMillis = sentMillis;
    this.#lostAtMillis = this.#lostAt(sentMillis, ttlSeconds);
    this.#arm();
  }

  /** @internal */
  expired(): void {
    this.#lose("expired");
  }

  #lostAt(sentMillis: number, ttlSeconds: number): number {
    const ttlMillis = ttlSeconds * 1_000;
    const wanted = this.#marginMillis ?? Math.max(marginMinMillis, ttlMillis * driftShare);
    return sentMillis + ttlMillis - Math.min(wanted, ttlMillis / 2);
  }

  #arm(): void {
    const { clock, timers } = this.#dependencies.runtime;
    this.#timer?.cancel();
    const waitMillis = Math.max(0, this.#lostAtMillis - clock.monotonicMillis());
    this.#timer = timers.setTimer(waitMillis, () => {
      if (this.isAlive()) this.#arm();
    });
  }

  #lose(reason: LeaseLossReason): void {
    if (this.#lost.signal.aborted) return;
    this.#lossReason = reason;
    this.#timer?.cancel();
    this.#dependencies.keeper.remove(this.id);
    this.#dependencies.closedSignal.removeEventListener("abort", this.#onClosed);
    this.#lost.abort(new LeaseLostError(this.id, reason));
  }
}
