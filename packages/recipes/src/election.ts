import {
  op,
  WatchCompactedError,
  type Bytes,
  type CallOptions,
  type Client,
  type Comparison,
  type KeyValue,
  type Txn,
} from "@quorate/client";

import { NotOwnerError, WaitCancelledError } from "./errors.ts";
import type { WaitOptions } from "./mutex.ts";
import { Ownership } from "./ownership.ts";
import { findPlace, joinQueue, leaveQueue, waitForHead, type HeadPlace } from "./owner-queue.ts";
import type { Session } from "./session.ts";
import { isAborted, untilAvailable } from "./signals.ts";

/** Who leads, as seen in the store. */
export interface Leader {
  /** The leader's key, `<name>/<lease id in hex>`. */
  readonly key: string;
  /** The leader's fencing token. */
  readonly token: number;
  /** What the leader last proclaimed. */
  readonly value: KeyValue;
  /** Store revision at which that was so. */
  readonly revision: number;
}

/**
 * An election: candidates queue, the oldest leads until it resigns or its session ends.
 *
 * Shares its layout with `etcdctl elect` and etcd's Go package `concurrency`.
 *
 * @example
 * ```ts
 * import { connect, op } from "@quorate/client";
 * import { Election, openSession } from "@quorate/recipes";
 *
 * await using client = connect({ endpoints: ["127.0.0.1:2379"] });
 * await using session = await openSession(client, { ttlSeconds: 10 });
 * const election = new Election(client, "aggregator/shard-7");
 * await using leadership = await election.campaign(session, "host-1:6000");
 * const flushed = await leadership.txn().then(op.put("aggregator/flushed-7", "now")).commit();
 * if (!flushed.succeeded) throw new Error("somebody else leads");
 * ```
 */
export class Election {
  readonly client: Client;
  readonly name: string;

  /** @param name - Prefix of the candidates' keys; no slash at the end. */
  constructor(client: Client, name: string) {
    this.client = client;
    this.name = name;
  }

  /**
   * Stands as a candidate and waits until elected.
   *
   * @param value - What observers see of us, such as an address.
   * @throws SessionLostError when the session ends first; WaitCancelledError;
   *   AlreadyQueuedError when this session is a candidate already.
   */
  async campaign(session: Session, value: Bytes, options: WaitOptions = {}): Promise<Leadership> {
    const place = await joinQueue(session, this.name, value, options.signal);
    return new Leadership(await waitForHead(place, options.signal));
  }

  /**
   * Takes up the candidacy, or leadership, of an earlier process with the same session.
   *
   * @throws NotOwnerError when the session is no candidate.
   */
  async resume(session: Session, options: WaitOptions = {}): Promise<Leadership> {
    return new Leadership(await waitForHead(await findPlace(session, this.name), options.signal));
  }

  /** The present leader; undefined when there is no candidate. */
  async leader(options: CallOptions = {}): Promise<Leader | undefined> {
    return (await this.#look(options)).leader;
  }

  /**
   * Follows the leaders: the present one, each new value of it, then the next.
   *
   * A slow reader, or a change while the connection was lost, may skip leaders that were
   * replaced meanwhile; what is yielded never goes back in time.
   * @throws WaitCancelledError when the signal ends it.
   */
  async *observe(options: WaitOptions = {}): AsyncGenerator<Leader, void, undefined> {
    const { signal } = options;
    const callOptions = signal === undefined ? {} : { signal };
    const ended = signal ?? this.client.closed;
    let lastModRevision = 0;
    for (;;) {
      if (isAborted(signal)) {
        throw new WaitCancelledError(`observe "${this.name}"`, signal?.reason);
      }
      const { leader, revision } = await untilAvailable(
        this.client,
        () => this.#look(callOptions),
        ended,
      );
      if (leader !== undefined && leader.value.modRevision > lastModRevision) {
        lastModRevision = leader.value.modRevision;
        yield leader;
      }
      const watched = leader === undefined ? { prefix: `${this.name}/` } : leader.key;
      const watchOptions = { startRevision: revision + 1, ...callOptions };
      try {
        for await (const event of this.client.watch(watched, watchOptions)) {
          // A deletion, or the first candidate: see who is the oldest now.
          if (leader === undefined || event.type === "delete") break;
          lastModRevision = event.kv.modRevision;
          yield { ...leader, value: event.kv, revision: event.kv.modRevision };
        }
      } catch (error) {
        // History is gone, or the signal ended it: the head of the loop tells which.
        if (!(error instanceof WatchCompactedError) && !isAborted(signal)) throw error;
      }
    }
  }

  async #look(
    options: CallOptions,
  ): Promise<{ readonly leader: Leader | undefined; readonly revision: number }> {
    const oldest = await this.client.range(
      { prefix: `${this.name}/` },
      { ...options, sort: { by: "create-revision" }, limit: 1 },
    );
    const { revision } = oldest;
    const value = oldest.kvs[0];
    if (value === undefined) return { leader: undefined, revision };
    const leader = { key: value.keyText(), token: value.createRevision, value, revision };
    return { leader, revision };
  }
}

/** A leadership that was won. What a leader writes goes through {@link Leadership.txn} (K4). */
export class Leadership implements AsyncDisposable {
  readonly #ownership: Ownership;
  readonly #place: HeadPlace;

  /** @internal */
  constructor(place: HeadPlace) {
    this.#place = place;
    this.#ownership = new Ownership(place.session, place.key, place.createRevision, place.revision);
  }

  /** The leader's key, `<name>/<lease id in hex>`. */
  get key(): string {
    return this.#ownership.key;
  }

  /** Fencing token, greater than that of every leader before: the epoch of this leadership. */
  get token(): number {
    return this.#ownership.token;
  }

  /** Aborts with an OwnershipLostError before another can lead. */
  get lost(): AbortSignal {
    return this.#ownership.lost;
  }

  /** Whether we lead as far as is known here; looks at the clock, asks nobody. */
  isHeld(): boolean {
    return this.#ownership.isHeld();
  }

  /** Asks the store whether we still lead; old as soon as the answer is here. */
  isLeader(options: CallOptions = {}): Promise<boolean> {
    return this.#ownership.verify(options);
  }

  /** Condition for transactions that holds only while we lead (K3, K4). */
  guard(): Comparison {
    return this.#ownership.guard();
  }

  /** A transaction that already has the guard as its condition. */
  txn(): Txn {
    return this.#ownership.txn();
  }

  /**
   * Tells observers a new value without a new election.
   *
   * @throws NotOwnerError when we do not lead any more.
   */
  async proclaim(value: Bytes, options: CallOptions = {}): Promise<void> {
    const lease = this.#place.session.leaseId;
    const said = await this.txn()
      .then(op.put(this.key, value, { lease }))
      .commit(options);
    if (said.succeeded) return;
    this.#ownership.lose("key");
    throw new NotOwnerError("proclaim", this.key);
  }

  /** Leaves the leadership to the next candidate; `lost` fires. Idempotent. */
  async resign(): Promise<void> {
    this.#ownership.lose("released");
    await leaveQueue(this.#place);
  }

  /** As {@link Leadership.resign}; a failure is left to the session's TTL. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.resign().catch(() => undefined);
  }
}
