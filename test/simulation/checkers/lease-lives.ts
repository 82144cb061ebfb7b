import type { CallWindow } from "../history/lease-history.ts";
import type { Truth } from "../history/truth.ts";
import { TruthView } from "../history/truth-view.ts";

/** A lease from its grant to its end; an id may be granted again later. */
export interface LeaseLife {
  readonly leaseId: bigint;
  readonly ttlSeconds: number;
  /** When a process first had it, by log index and time. */
  readonly grantedIndex: number;
  readonly grantedMillis: number;
  /** `Infinity` for a lease that outlived the run. */
  readonly endedIndex: number;
  readonly endedMillis: number;
  readonly isExpired: boolean;
}

/** The lives of all leases of a run. */
export class LeaseLives {
  readonly #lives = new Map<bigint, LeaseLife[]>();
  readonly #view: TruthView;

  constructor(truth: Truth) {
    this.#view = new TruthView(truth);
    for (const { kind, leaseId, ttlSeconds, isExpiry, index, atMillis } of truth.leases) {
      const lives = this.#lives.get(leaseId) ?? [];
      this.#lives.set(leaseId, lives);
      if (kind === "granted") {
        lives.push({
          leaseId,
          ttlSeconds,
          grantedIndex: index,
          grantedMillis: atMillis,
          ...{ endedIndex: Infinity, endedMillis: Infinity, isExpired: false },
        });
        continue;
      }
      const life = lives.pop();
      if (life === undefined) continue;
      const end = { endedIndex: index, endedMillis: atMillis, isExpired: isExpiry };
      lives.push({ ...life, ...end });
    }
  }

  /** All of them, in order of id. */
  all(): readonly LeaseLife[] {
    return [...this.#lives.values()].flat();
  }

  of(leaseId: bigint): readonly LeaseLife[] {
    return this.#lives.get(leaseId) ?? [];
  }

  /** Lives of an id that a call may have met. */
  during(leaseId: bigint, { sentMillis, answeredMillis }: CallWindow): readonly LeaseLife[] {
    return this.of(leaseId).filter(
      ({ grantedMillis, endedMillis }) =>
        grantedMillis <= answeredMillis && endedMillis >= sentMillis,
    );
  }

  /** Whether a lease existed for the whole of a call. */
  isAliveThroughout(leaseId: bigint, { sentMillis, answeredMillis }: CallWindow): boolean {
    return this.of(leaseId).some(
      ({ grantedMillis, endedMillis }) =>
        grantedMillis < sentMillis && endedMillis > answeredMillis,
    );
  }

  /**
   * Whether these were all leases, after some change of them that had happened by then. There were
   * none before the first: a member that has applied nothing yet may say so at any time.
   */
  wasSet(leaseIds: readonly bigint[], millis: number): boolean {
    const wanted = new Set(leaseIds);
    const alive = new Set<bigint>();
    if (wanted.size === 0) return true;
    for (const { kind, leaseId, atMillis } of this.#view.truth.leases) {
      if (atMillis > millis) return false;
      if (kind === "granted") alive.add(leaseId);
      else alive.delete(leaseId);
      if (alive.size === wanted.size && leaseIds.every((id) => alive.has(id))) return true;
    }
    return false;
  }

  /** Whether the keys are those that hung on the lease at some moment of the call. */
  hadKeys(leaseId: bigint, keys: readonly string[], window: CallWindow): boolean {
    const wanted = JSON.stringify([...keys].sort());
    const candidates = this.#view.keysWith("");
    const last = this.#view.revisionAt(window.answeredMillis);
    for (let at = this.#view.revisionAt(window.sentMillis); at <= last; at += 1) {
      const attached = candidates.filter((key) => this.#view.pairAt(key, at)?.lease === leaseId);
      if (JSON.stringify(attached) === wanted) return true;
    }
    return false;
  }
}
