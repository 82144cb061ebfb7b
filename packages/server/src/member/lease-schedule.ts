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
  #sweep: Iterator<bigint> | undefined;

  /** @param retryMillis - An expiry that was proposed and not applied is returned again then. */
  constructor(retryMillis: number) {
    this.#retryMillis = retryMillis;
  }

  /** Number of leases that are watched. */
  get size(): number {
    return this.#leases.size;
  }

  /** When the next lease has to be looked at; undefined for never. */
  get nextCheckAt(): number | undefined {
    return this.#heap[0]?.checkAt;
  }

  /** Forgets everything: this member no longer leads. */
  clear(): void {
    this.#leases.clear();
    this.#heap.length = 0;
    this.#sweep = undefined;
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
    this.remove(id);
    const lease = { id, ttlMillis, deadline, checkAt: deadline, isExpiring: false, position: 0 };
    this.#leases.set(id, lease);
    this.#push(lease);
  }

  /** Stops to watch a lease that was revoked. O(log n). */
  remove(id: bigint): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    const last = this.#heap.pop();
    if (last === undefined || last === lease) return;
    last.position = lease.position;
    this.#rise(last);
    this.#sink(last);
  }

  /**
   * Stops to watch leases that exist no more, some at each call: revoking need not look for them,
   * and a lease of many years that was revoked must not stay here for so long.
   *
   * @param looks - Most leases looked at by one call.
   */
  sweep(looks: number, exists: (id: bigint) => boolean): void {
    this.#sweep ??= this.#leases.keys();
    for (let count = 0; count < looks; count += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = undefined;
        return;
      }
      if (!exists(next.value)) this.remove(next.value);
    }
  }

  /** What is known of a lease; undefined for one that is not watched. */
  state(id: bigint): "live" | "expiring" | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined) return undefined;
    return lease.isExpiring ? "expiring" : "live";
  }

  /** Renews a live lease; returns the TTL in seconds, undefined unless live (L4). */
  renew(id: bigint, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.isExpiring) return undefined;
    lease.deadline = nowMillis + lease.ttlMillis;
    return lease.ttlMillis / 1000;
  }

  /** Milliseconds until the deadline, negative once it has passed; undefined when unknown. */
  remainingMillis(id: bigint, nowMillis: number): number | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined ? undefined : lease.deadline - nowMillis;
  }

  /**
   * Takes leases whose deadline has passed. Each is expiring from now on and is returned again only
   * if it still exists after the retry time.
   *
   * @param limit - Most leases returned by one call, so that one turn stays short.
   * @param looks - Most leases looked at by one call: all of 10^6 leases may have been renewed and
   *   have their check in one moment. `nextCheckAt` tells whether some are left.
   */
  takeDue(nowMillis: number, limit: number, looks: number = Infinity): bigint[] {
    const due: bigint[] = [];
    for (let count = 0; due.length < limit && count < looks; count += 1) {
      const lease = this.#heap[0];
      if (lease === undefined || lease.checkAt > nowMillis) break;
      if (lease.deadline > nowMillis) {
        lease.checkAt = lease.deadline;
      } else {
        due.push(lease.id);
        lease.isExpiring = true;
        lease.checkAt = nowMillis + this.#retryMillis;
      }
      this.#sink(lease);
    }
    return due;
  }

  #push(lease: ScheduledLease): void {
    lease.position = this.#heap.length;
    this.#heap.push(lease);
    this.#rise(lease);
  }

  /** Moves a lease towards the top until its parent is not checked later. */
  #rise(lease: ScheduledLease): void {
    const heap = this.#heap;
    let { position } = lease;
    while (position > 0) {
      const parent = heap[(position - 1) >> 1];
      if (parent === undefined || parent.checkAt <= lease.checkAt) break;
      const above = parent.position;
      heap[position] = parent;
      parent.position = position;
      position = above;
    }
    heap[position] = lease;
    lease.position = position;
  }

  /** Moves a lease towards the leaves until no child is checked earlier. */
  #sink(lease: ScheduledLease): void {
    const heap = this.#heap;
    let { position } = lease;
    for (;;) {
      const left = 2 * position + 1;
      let below = heap[left];
      if (below === undefined) break;
      const right = heap[left + 1];
      if (right !== undefined && right.checkAt < below.checkAt) below = right;
      if (below.checkAt >= lease.checkAt) break;
      const next = below.position;
      heap[position] = below;
      below.position = position;
      position = next;
    }
    heap[position] = lease;
    lease.position = position;
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
  /** Where it stands in the heap. */
  position: number;
}
