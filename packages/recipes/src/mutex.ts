import type { CallOptions, Comparison, RangeResult, Txn } from "@quorate/client";

import { Ownership } from "./ownership.ts";
import { findPlace, joinQueue, leaveQueue, waitForHead, type HeadPlace } from "./owner-queue.ts";
import type { Session } from "./session.ts";

/** How a wait for a lock or a leadership is ended early. */
export interface WaitOptions {
  /** Leaves the queue; the wait then throws WaitCancelledError. @default none */
  readonly signal?: AbortSignal;
}

/**
 * A lock with a queue: held by one session at a time, in order of arrival.
 *
 * Shares its layout with `etcdctl lock`. Not re-entrant: a session holds a name once.
 *
 * @example
 * ```ts
 * import { connect, op } from "@quorate/client";
 * import { Mutex, openSession } from "@quorate/recipes";
 *
 * await using client = connect({ endpoints: ["127.0.0.1:2379"] });
 * await using session = await openSession(client, { ttlSeconds: 10 });
 * {
 *   await using lock = await new Mutex("jobs/nightly").lock(session);
 *   await lock.txn().then(op.put("jobs/nightly-state", "running")).commit();
 *   console.log("fencing token for others:", lock.token);
 * }
 * ```
 */
export class Mutex {
  readonly name: string;

  /** @param name - Prefix of the queue's keys; no slash at the end. */
  constructor(name: string) {
    this.name = name;
  }

  /**
   * Waits in the queue until the lock is ours.
   *
   * @throws SessionLostError when the session ends first; WaitCancelledError;
   *   AlreadyQueuedError when this session waits or holds already.
   */
  async lock(session: Session, options: WaitOptions = {}): Promise<Lock> {
    const place = await joinQueue(session, this.name, "", options.signal);
    return new Lock(await waitForHead(place, options.signal));
  }

  /** Takes the lock if it is free now; undefined when somebody has it. */
  async tryLock(session: Session, options: WaitOptions = {}): Promise<Lock | undefined> {
    const place = await joinQueue(session, this.name, "", options.signal);
    let oldest: RangeResult;
    try {
      oldest = await session.client.range(
        { prefix: place.prefix },
        { ...options, sort: { by: "create-revision" }, limit: 1, keysOnly: true },
      );
    } catch (error) {
      // A place that nobody knows of would become a lock that nobody gives back.
      await leaveQueue(place).catch(() => undefined);
      throw error;
    }
    const owner = oldest.kvs[0];
    if (owner?.createRevision === place.createRevision && session.isAlive()) {
      return new Lock({ ...place, revision: oldest.revision });
    }
    await leaveQueue(place);
    return undefined;
  }

  /**
   * Takes up a lock, or the wait for it, of an earlier process with the same session.
   *
   * @throws NotOwnerError when the session has no place in the queue.
   */
  async resume(session: Session, options: WaitOptions = {}): Promise<Lock> {
    return new Lock(await waitForHead(await findPlace(session, this.name), options.signal));
  }
}

/** A lock that is held. Protects what checks it: see {@link Lock.guard} and {@link Lock.token}. */
export class Lock implements AsyncDisposable {
  readonly #ownership: Ownership;
  readonly #place: HeadPlace;

  /** @internal */
  constructor(place: HeadPlace) {
    this.#place = place;
    this.#ownership = new Ownership(place.session, place.key, place.createRevision, place.revision);
  }

  /** The owner key, `<name>/<lease id in hex>`. */
  get key(): string {
    return this.#ownership.key;
  }

  /** Fencing token, greater than that of every owner before; for resources outside the store. */
  get token(): number {
    return this.#ownership.token;
  }

  /** Aborts with an OwnershipLostError before another can have the lock. */
  get lost(): AbortSignal {
    return this.#ownership.lost;
  }

  /** Whether the lock is held as far as is known here; looks at the clock, asks nobody. */
  isHeld(): boolean {
    return this.#ownership.isHeld();
  }

  /** Asks the store whether the lock is still ours; old as soon as the answer is here. */
  isOwner(options: CallOptions = {}): Promise<boolean> {
    return this.#ownership.verify(options);
  }

  /** Condition for transactions that holds only while we have the lock (K3). */
  guard(): Comparison {
    return this.#ownership.guard();
  }

  /** A transaction that already has the guard as its condition. */
  txn(): Txn {
    return this.#ownership.txn();
  }

  /** Gives the lock to the next in the queue; `lost` fires. Idempotent. */
  async unlock(): Promise<void> {
    this.#ownership.lose("released");
    await leaveQueue(this.#place);
  }

  /** As {@link Lock.unlock}; a failure is left to the session's TTL. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlock().catch(() => undefined);
  }
}
