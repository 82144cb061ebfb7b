import { setMaxListeners } from "node:events";

import {
  compare,
  WatchCompactedError,
  type CallOptions,
  type Client,
  type Comparison,
  type Txn,
} from "@quorate/client";

import { OwnershipLostError, type OwnershipLoss } from "./errors.ts";
import type { Session } from "./session.ts";
import { isAborted, LinkedSignal, pause } from "./signals.ts";

/** Pause before the own key is looked at again after an error of the way to the store. */
const recheckMillis = 200;

/**
 * The right to act as the owner of a name: a lock held, a leadership won.
 *
 * It protects nothing outside the store by itself. Inside, make every write that depends on it a
 * transaction with {@link Ownership.guard}; outside, pass {@link Ownership.token} along and have
 * the resource refuse smaller ones (K3).
 */
export class Ownership {
  readonly session: Session;
  /** The owner key, `<name>/<lease id in hex>`. */
  readonly key: string;
  /** Fencing token: the key's create revision, greater than that of every owner before. */
  readonly token: number;
  readonly #lost = new AbortController();
  readonly #onSessionLost: () => void;

  /** @param revision - Store revision at which the key was seen to be ours. @internal */
  constructor(session: Session, key: string, token: number, revision: number) {
    this.session = session;
    this.key = key;
    this.token = token;
    setMaxListeners(0, this.#lost.signal);
    this.#onSessionLost = (): void => this.lose("session", session.lost.reason);
    session.lost.addEventListener("abort", this.#onSessionLost, { once: true });
    if (session.lost.aborted) this.#onSessionLost();
    else void this.#watchKey(revision);
  }

  get client(): Client {
    return this.session.client;
  }

  /** Aborts with an {@link OwnershipLostError} before another can own the name. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether we own the name as far as is known here; looks at the clock, asks nobody. */
  isHeld(): boolean {
    return this.session.isAlive() && !this.#lost.signal.aborted;
  }

  /**
   * Condition for transactions: true only while this ownership lasts, decided by the store.
   *
   * @example
   * ```ts
   * import { connect, op } from "@quorate/client";
   * import { Mutex, openSession } from "@quorate/recipes";
   *
   * await using client = connect({ endpoints: ["127.0.0.1:2379"] });
   * await using session = await openSession(client);
   * await using lock = await new Mutex("job-lock").lock(session);
   * const written = await client.txn().if(lock.guard()).then(op.put("job", "done")).commit();
   * if (!written.succeeded) throw new Error("no longer the owner");
   * ```
   */
  guard(): Comparison {
    return compare.createRevision(this.key, "==", this.token);
  }

  /** A transaction that already has {@link Ownership.guard} as its condition. */
  txn(): Txn {
    return this.client.txn().if(this.guard());
  }

  /** Asks the store whether the key is still ours; old as soon as the answer is here. */
  async verify(options: CallOptions = {}): Promise<boolean> {
    if (!this.isHeld()) return false;
    const pair = await this.client.get(this.key, { ...options, keysOnly: true });
    if (pair?.createRevision === this.token) return this.isHeld();
    this.lose("key");
    return false;
  }

  /** @internal */
  lose(reason: OwnershipLoss, cause?: unknown): void {
    if (this.#lost.signal.aborted) return;
    this.session.lost.removeEventListener("abort", this.#onSessionLost);
    this.#lost.abort(new OwnershipLostError(this.key, reason, cause));
  }

  /** Notices when somebody else removes the key. */
  async #watchKey(fromRevision: number): Promise<void> {
    using over = new LinkedSignal(this.#lost.signal, this.client.closed);
    const { signal } = over;
    let startRevision = fromRevision + 1;
    while (!signal.aborted) {
      try {
        const options = { startRevision, only: "deletes", signal } as const;
        for await (const event of this.client.watch(this.key, options)) {
          if (event.kv.modRevision > this.token) this.lose("key");
        }
      } catch (error) {
        if (isAborted(signal)) return;
        if (error instanceof WatchCompactedError) startRevision = error.compactRevision;
        await pause(this.client, recheckMillis, signal);
        // History is gone or the watch was refused: ask for the key itself.
        await this.verify({ signal }).catch(() => true);
      }
    }
  }
}
