/** Truths made by hand, for the tests of checkers. */
import type {
  Truth,
  TruthEvent,
  TruthLeaseEvent,
  TruthPair,
  TruthRevision,
} from "../history/truth.ts";

/** One change of a script. */
export type Change =
  readonly ["put", key: string, value: string, lease?: bigint] | readonly ["delete", key: string];

/**
 * Writes a {@link Truth}: each `at` is one revision at a time, one log entry each unless told.
 *
 * ```ts
 * const truth = new TruthScript().at(10, ["put", "a", "1"]).at(20, ["delete", "a"]).truth();
 * ```
 */
export class TruthScript {
  readonly #revisions: TruthRevision[] = [];
  readonly #leases: TruthLeaseEvent[] = [];
  readonly #compactions: { readonly revision: number; readonly atMillis: number }[] = [];
  readonly #pairs = new Map<string, TruthPair>();
  #index = 1;

  /** One revision with its changes, in an entry of its own. */
  at(atMillis: number, ...changes: readonly Change[]): this {
    this.#index += 1;
    return this.and(atMillis, ...changes);
  }

  /** One more revision in the entry before, by a client. */
  and(atMillis: number, ...changes: readonly Change[]): this {
    return this.#add(atMillis, changes, true);
  }

  grant(atMillis: number, leaseId: bigint, ttlSeconds: number): this {
    this.#index += 1;
    const index = this.#index;
    this.#leases.push({ kind: "granted", leaseId, ttlSeconds, isExpiry: false, index, atMillis });
    return this;
  }

  /** The end of a lease, with the given deletions as its revision; none without. */
  end(atMillis: number, leaseId: bigint, isExpiry: boolean, ...keys: readonly string[]): this {
    this.#index += 1;
    return this.endBeside(atMillis, leaseId, isExpiry, ...keys);
  }

  /** The same in the entry before. */
  endBeside(
    atMillis: number,
    leaseId: bigint,
    isExpiry: boolean,
    ...keys: readonly string[]
  ): this {
    const index = this.#index;
    this.#leases.push({ kind: "revoked", leaseId, ttlSeconds: 0, isExpiry, index, atMillis });
    return keys.length === 0 ? this : this.andEnd(atMillis, ...keys);
  }

  /** One more revision in the entry before, by the end of a lease. */
  andEnd(atMillis: number, ...keys: readonly string[]): this {
    const changes = keys.map((key) => ["delete", key] as const);
    return this.#add(atMillis, changes, false);
  }

  compact(atMillis: number, revision: number): this {
    this.#compactions.push({ revision, atMillis });
    return this;
  }

  truth(): Truth {
    return {
      revisions: this.#revisions,
      leases: this.#leases,
      compactions: this.#compactions,
      final: this.#pairs,
    };
  }

  #add(atMillis: number, changes: readonly Change[], isWrite: boolean): this {
    const revision = this.#revisions.length + 2;
    const events = changes.map((change) => this.#apply(change, revision));
    this.#revisions.push({ revision, events, index: this.#index, isWrite, atMillis });
    return this;
  }

  #apply(change: Change, revision: number): TruthEvent {
    const [kind, key, value = "", lease = 0n] = change;
    const previous = this.#pairs.get(key);
    if (kind === "delete") {
      this.#pairs.delete(key);
      const version = 0;
      const fields = { createRevision: 0, modRevision: revision, version, lease: 0n, previous };
      return { kind, key, value: "", ...fields };
    }
    const pair = {
      value,
      createRevision: previous?.createRevision ?? revision,
      modRevision: revision,
      version: (previous?.version ?? 0) + 1,
      lease,
    };
    this.#pairs.set(key, pair);
    return { kind, key, ...pair, previous };
  }
}
