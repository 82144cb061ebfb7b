/**
 * When leases run out: kept only by the leader, on the monotonic clock (L1, L3, L7).
 *
 * A binary heap orders leases by the time of their next *check*, which is never later than their
 * deadline. A renewal only moves the deadline: O(1), no allocation, no heap work, whatever the
 * number of leases. When a check finds the deadline moved, the lease goes back into the heap.
 *
 * ```
 * heap:  check at 10 s → lease A (deadline 10 s)      renew A at 8 s, TTL 10 s:
 *        check at 12 s → lease B                        A.deadline = 18 s, heap unchanged
 *                                                     at 10 s: A popped, pushed back at 18 s
 * ```
 */
export class LeaseSchedule {
  readonly #leases = new Map<bigint, ScheduledLease>();
  readonly #heap: ScheduledLease[] = [];
  readonly #retryMillis: number;

  /** @param retryMillis - An expiry that was proposed and not applied is proposed again after this. */
  constructor(retryMillis: number) {
    this.#retryMillis = retryMillis;
  }

  /** Number of leases that are watched. */
  get size(): number {
    return this.#leases.size;
  }

  /** Forgets everything: this member no longer leads. */
  clear(): void {
    this.#leases.clear();
    this.#heap.length = 0;
  }

  /**
   * Starts to watch a lease with its full TTL.
   *
   * @param extensionMillis - Added once, at a change of leader: the old leader may have renewed the
   *   lease up to the moment it lost its quorum (L1).
   */
  add(id: bigint, ttlSeconds: number, nowMillis: number, extensionMillis: number): void {
    const ttlMillis = ttlSeconds * 1000;
    const deadline = nowMillis + ttlMillis + extensionMillis;
    const lease = { id, ttlMillis, deadline, checkAt: deadline, isExpiring: false };
    this.#leases.set(id, lease);
    this.#push(lease);
  }

  /** Stops to watch a lease that was revoked. The heap drops it at its next check. */
  remove(id: bigint): void {
    this.#leases.delete(id);
  }

  /** What is known of a lease; undefined for one that is not watched. */
  state(id: bigint): "live" | "expiring" | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined) return undefined;
    return lease.isExpiring ? "expiring" : "live";
  }

  /** Renews a live lease; returns its TTL in seconds, undefined when it is unknown or expiring (L4). */
  renew(id: bigint, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.isExpiring) return undefined;
    lease.deadline = nowMillis + lease.ttlMillis;
    return lease.ttlMillis / 1000;
  }

  /** Milliseconds until the deadline, negative when it has passed; undefined for an unknown lease. */
  remainingMillis(id: bigint, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined ? undefined : lease.deadline - nowMillis;
  }

  /** Ids with their remaining time, the next to run out first. O(n log n): for listings only. */
  byRemainingTime(): readonly bigint[] {
    return [...this.#leases.values()].sort((a, b) => a.deadline - b.deadline).map(({ id }) => id);
  }

  /**
   * Takes leases whose deadline has passed. Each is expiring from now on and is returned again only
   * if it still exists after the retry time.
   *
   * @param limit - Most leases returned by one call, so that one turn stays short.
   */
  takeDue(nowMillis: number, limit: number): bigint[] {
    const due: bigint[] = [];
    while (due.length < limit) {
      const lease = this.#heap[0];
      if (lease === undefined || lease.checkAt > nowMillis) break;
      this.#pop();
      if (this.#leases.get(lease.id) !== lease) continue;
      if (lease.deadline > nowMillis) {
        lease.checkAt = lease.deadline;
      } else {
        due.push(lease.id);
        lease.isExpiring = true;
        lease.checkAt = nowMillis + this.#retryMillis;
      }
      this.#push(lease);
    }
    return due;
  }

  #push(lease: ScheduledLease): void {
    const heap = this.#heap;
    let position = heap.length;
    heap.push(lease);
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.checkAt <= lease.checkAt) break;
      heap[position] = above;
      position = parent;
    }
    heap[position] = lease;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && right.checkAt < below.checkAt) {
        child += 1;
        below = right;
      }
      if (below.checkAt >= last.checkAt) break;
      heap[position] = below;
      position = child;
    }
    heap[position] = last;
  }
}

interface ScheduledLease {
  readonly id: bigint;
  readonly ttlMillis: number;
  /** Monotonic milliseconds. */
  deadline: number;
  /** When the heap looks at it next; the key of the heap. */
  checkAt: number;
  isExpiring: boolean;
}
