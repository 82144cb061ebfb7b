/**
 * Keeps one instance registered: the row exists under a lease of ours, or we are working on it.
 *
 *   registering --> registered --(lease lost, row removed)--> registering --> registered
 *        |              |--(health check fails)--> withdrawn --(it passes)--> registered
 *        |              `--(another process writes the row)--> displaced
 *        `-- (another process has the row) --> displaced
 *
 * Rows are written by compare-and-set on their mod revision: a write of unknown outcome is looked
 * at again, and a row that another process took over meanwhile is never overwritten.
 */
import { setMaxListeners } from "node:events";

import {
  compare,
  EtcdError,
  formatInstance,
  op,
  ServerError,
  WatchCompactedError,
  type Client,
  type Comparison,
  type Instance,
  type Txn,
} from "@quorate/client";
import type { Timers } from "@quorate/platform";

import { InstanceConflictError, SessionLostError } from "./errors.ts";
import { toInstance, type InstanceInit } from "./instance.ts";
import { openSession, type Session } from "./session.ts";
import { isAborted, LinkedSignal, pause } from "./signals.ts";

/** What a registration is doing. */
export type RegistrationState = "registering" | "registered" | "withdrawn" | "displaced" | "closed";

/** A change of a registration's state, for logs and metrics. */
export interface RegistrationEvent {
  readonly state: RegistrationState;
  /** What led to it, when it was a failure. */
  readonly cause: unknown;
}

/** Options of {@link Registry.register}. */
export interface RegistrationOptions {
  /** How long the row outlives a process that dies. @default 15 */
  readonly ttlSeconds?: number;
  /**
   * What to do when the row exists: `replace` takes it over, as a restarted copy wants to; `fail`
   * throws InstanceConflictError. @default "replace"
   */
  readonly onConflict?: "replace" | "fail";
  /**
   * Checks the instance; while it throws, the row is withdrawn. The signal aborts when the check
   * takes longer than the interval, which counts as a failure. @default always healthy
   */
  readonly health?: (signal: AbortSignal) => void | Promise<void>;
  /** Time between two checks. @default a third of the TTL */
  readonly healthIntervalMillis?: number;
  /** Told of every change of state; must not throw. @default none */
  readonly onEvent?: (event: RegistrationEvent) => void;
}

const retryFirstMillis = 100;
const retryLastMillis = 5_000;

/** An instance that is kept registered; see the file comment. */
export class Registration implements AsyncDisposable {
  readonly key: string;
  readonly #client: Client;
  readonly #options: RegistrationOptions;
  readonly #closed = new AbortController();
  readonly #lost = new AbortController();
  /** Leases our row may carry: the present one and the one before, which may still be running. */
  #ownLeases: readonly bigint[] = [];
  #instance: Instance;
  #session: Session | undefined;
  #state: RegistrationState = "registering";
  #token = 0;
  #isHealthy = true;
  /** Writes of the row follow one another. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #loops: Promise<unknown> = Promise.resolve();

  private constructor(
    client: Client,
    key: string,
    instance: Instance,
    options: RegistrationOptions,
  ) {
    this.#client = client;
    this.key = key;
    this.#instance = instance;
    this.#options = options;
    setMaxListeners(0, this.#closed.signal, this.#lost.signal);
  }

  /** Writes the row once, then keeps it; throws what keeps the first write away. @internal */
  static async open(
    client: Client,
    key: string,
    instance: Instance,
    options: RegistrationOptions,
  ): Promise<Registration> {
    const registration = new Registration(client, key, instance, options);
    await registration.#open();
    return registration;
  }

  /** What is registered. */
  get instance(): Instance {
    return this.#instance;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** Create revision of the row; another one after each re-registration. */
  get token(): number {
    return this.#token;
  }

  /** Lease of the row at present; 0n when there is none. */
  get leaseId(): bigint {
    return this.#session?.leaseId ?? 0n;
  }

  /** Aborts when the row belongs to another process, or the registration was closed. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Condition for transactions: the row is there and written under our present lease. */
  guard(): readonly Comparison[] {
    return [
      compare.createRevision(this.key, "==", this.#token),
      compare.lease(this.key, "==", this.leaseId),
    ];
  }

  /** A transaction that already has the guard as its conditions. */
  txn(): Txn {
    return this.#client.txn().if(...this.guard());
  }

  /**
   * Changes address, metadata or tags.
   *
   * @throws InvalidInstanceError; InstanceConflictError when displaced.
   */
  async update(
    changes: Partial<Pick<InstanceInit, "address" | "metadata" | "tags">>,
  ): Promise<void> {
    this.#instance = toInstance({ ...this.#instance, ...changes });
    if (this.#state === "displaced") throw new InstanceConflictError(this.key);
    const session = this.#session;
    if (session?.isAlive() === true && this.#isHealthy) await this.#write(session, false);
  }

  /** Removes the row at once and stops. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await this.#loops;
    const session = this.#session;
    this.#session = undefined;
    if (this.#state !== "displaced") this.#enter("closed", undefined);
    this.#lost.abort();
    // Ends the row as well: it is bound to the lease.
    await session?.[Symbol.asyncDispose]();
  }

  /** As {@link Registration.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(): Promise<void> {
    const session = await this.#openSession();
    try {
      const revision = await this.#write(session, this.#options.onConflict !== "fail");
      this.#loops = Promise.all([this.#keep(session, revision), this.#watchHealth()]);
    } catch (error) {
      this.#closed.abort();
      // A call that nobody but the loss has cancelled.
      const isLoss =
        session.lost.aborted && !this.#client.closed.aborted && error instanceof EtcdError;
      await session[Symbol.asyncDispose]();
      if (isLoss) throw new SessionLostError(`register "${this.key}"`, session.lost.reason);
      throw error;
    }
  }

  async #openSession(): Promise<Session> {
    const session = await openSession(this.#client, {
      ttlSeconds: this.#options.ttlSeconds ?? 15,
      signal: this.#closed.signal,
    });
    const previous = this.#session?.leaseId;
    this.#ownLeases = previous === undefined ? [session.leaseId] : [session.leaseId, previous];
    this.#session = session;
    return session;
  }

  /** Lives from session to session until closed or displaced. */
  async #keep(first: Session, firstRevision: number): Promise<void> {
    using linked = new LinkedSignal(this.#closed.signal, this.#lost.signal, this.#client.closed);
    const over = linked.signal;
    let session: Session | undefined = first;
    let revision = firstRevision;
    let waitMillis = retryFirstMillis;
    while (!over.aborted) {
      try {
        if (session === undefined) {
          session = await this.#openSession();
          revision = 0;
        }
        await this.#serve(session, revision);
      } catch (error) {
        if (isAborted(over)) return;
        if (error instanceof InstanceConflictError) {
          this.#displace(error);
          return;
        }
        if (this.#state !== "registering") waitMillis = retryFirstMillis;
        this.#enter("registering", error);
        // The store has ended the lease before its own clock said so.
        if (isLeaseGone(error)) session?.detach();
        const { random } = this.#client.runtime;
        await pause(this.#client, waitMillis / 2 + random.nextInt(waitMillis / 2), over);
        waitMillis = Math.min(waitMillis * 2, retryLastMillis);
      }
      revision = 0;
      if (session?.isAlive() !== true) session = undefined;
    }
  }

  /** Watches the row while the session lives; throws when it ended or was taken over. */
  async #serve(session: Session, fromRevision: number): Promise<void> {
    using linked = new LinkedSignal(session.lost, this.#closed.signal, this.#client.closed);
    const { signal } = linked;
    let revision = fromRevision;
    for (;;) {
      // Nothing known of the row: write it, which also finds out whose it is.
      if (revision === 0) revision = await this.#restore(session);
      try {
        const watcher = this.#client.watch(this.key, { startRevision: revision + 1, signal });
        for await (const event of watcher) {
          if (event.type === "put" && event.kv.lease !== session.leaseId) {
            throw new InstanceConflictError(this.key);
          }
          if (event.type === "delete" && this.#isHealthy) await this.#write(session, false);
        }
      } catch (error) {
        if (session.lost.aborted) {
          throw new SessionLostError(`keep "${this.key}" registered`, session.lost.reason);
        }
        if (!(error instanceof WatchCompactedError)) throw error;
        revision = 0;
      }
    }
  }

  /** Brings the row to what it should be; returns a revision from which to watch it. */
  async #restore(session: Session): Promise<number> {
    if (this.#isHealthy) return this.#write(session, false);
    const { signal } = this.#closed;
    const seen = await this.#client.range(this.key, { keysOnly: true, signal });
    this.#enter("withdrawn", undefined);
    return seen.revision;
  }

  /**
   * Writes the row unless another process has it.
   *
   * @param mayReplace - Takes the row over from whoever has it.
   * @returns Revision of the row as written.
   */
  #write(session: Session, mayReplace: boolean): Promise<number> {
    const write = this.#lastWrite.then(() => this.#compareAndSet(session, mayReplace));
    this.#lastWrite = write.catch(() => undefined);
    return write;
  }

  async #compareAndSet(session: Session, mayReplace: boolean): Promise<number> {
    using linked = new LinkedSignal(session.lost, this.#closed.signal);
    const { signal } = linked;
    for (;;) {
      const row = await this.#client.get(this.key, { signal });
      const isOurs = row === undefined || this.#ownLeases.includes(row.lease);
      if (!isOurs && !mayReplace) throw new InstanceConflictError(this.key);
      const value = formatInstance(this.#instance);
      if (row?.lease === session.leaseId && row.text() === value) {
        this.#token = row.createRevision;
        this.#enter("registered", undefined);
        return row.modRevision;
      }
      try {
        const set = await this.#client
          .txn()
          .if(compare.modRevision(this.key, "==", row?.modRevision ?? 0))
          .then(op.put(this.key, value, { lease: session.leaseId }))
          .commit({ signal });
        if (set.succeeded) {
          this.#token = row?.createRevision ?? set.revision;
          this.#enter("registered", undefined);
          return set.revision;
        }
      } catch (error) {
        if (!(error instanceof EtcdError) || !error.isOutcomeUnknown || signal.aborted) throw error;
      }
    }
  }

  /** Withdraws and restores the row as the health check says. */
  async #watchHealth(): Promise<void> {
    const { health } = this.#options;
    if (health === undefined) return;
    using linked = new LinkedSignal(this.#closed.signal, this.#lost.signal, this.#client.closed);
    const over = linked.signal;
    const ttlMillis = (this.#options.ttlSeconds ?? 15) * 1_000;
    const intervalMillis = this.#options.healthIntervalMillis ?? ttlMillis / 3;
    while (!over.aborted) {
      await pause(this.#client, intervalMillis, over);
      if (isAborted(over)) return;
      const failure = await checkHealth(health, intervalMillis, this.#client.runtime.timers);
      const isHealthy = failure === undefined;
      if (isHealthy === this.#isHealthy) continue;
      this.#isHealthy = isHealthy;
      try {
        await this.#showHealth(failure);
      } catch (error) {
        // Tried again with the next check.
        this.#isHealthy = !isHealthy;
        if (error instanceof InstanceConflictError) this.#displace(error);
      }
    }
  }

  async #showHealth(failure: unknown): Promise<void> {
    const session = this.#session;
    if (session?.isAlive() !== true) return;
    if (this.#isHealthy) {
      await this.#write(session, false);
      return;
    }
    await this.#lastWrite;
    await this.#client
      .txn()
      .if(compare.lease(this.key, "==", session.leaseId))
      .then(op.delete(this.key))
      .commit();
    this.#enter("withdrawn", failure);
  }

  #displace(error: InstanceConflictError): void {
    this.#enter("displaced", error);
    this.#session?.detach();
    this.#lost.abort(error);
  }

  #enter(state: RegistrationState, cause: unknown): void {
    if (this.#state === state || this.#state === "displaced") return;
    this.#state = state;
    this.#options.onEvent?.({ state, cause });
  }
}

function isLeaseGone(error: unknown): boolean {
  return error instanceof ServerError && error.code === "lease-not-found";
}

/** Runs one check; returns what it threw, or that it took too long. */
async function checkHealth(
  health: (signal: AbortSignal) => void | Promise<void>,
  limitMillis: number,
  timers: Timers,
): Promise<unknown> {
  const controller = new AbortController();
  const late = controller.signal;
  const timer = timers.setTimer(limitMillis, () => {
    controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
  });
  try {
    await Promise.race([
      Promise.resolve(health(late)),
      new Promise<never>((_resolve, reject) => {
        late.addEventListener("abort", () => reject(new Error("The health check took too long")), {
          once: true,
        });
      }),
    ]);
    return undefined;
  } catch (error) {
    return error ?? new Error("The health check failed");
  } finally {
    timer.cancel();
  }
}
