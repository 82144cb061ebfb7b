import { highOfId, IdTable, type LeaseRecord, lowOfId } from "@quorate/state-machine";

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
  readonly #leases = new IdTable<ScheduledLease>();
  readonly #heap: ScheduledLease[] = [];
  readonly #retryMillis: number;
  /** Place in the table that the next sweep begins at. */
  #sweepPlace = 0;

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
    this.#sweepPlace = 0;
  }

  /**
   * Starts to watch a lease with its full TTL.
   *
   * @param extensionMillis - Added once, at a change of leader: the old leader may have renewed the
   *   lease up to the moment it lost its quorum (L1).
   */
  add(record: LeaseRecord, nowMillis: number, extensionMillis: number): void {
    const { id } = record;
    this.remove(id);
    const deadline = nowMillis + record.ttlSeconds * 1000 + extensionMillis;
    const lease = new ScheduledLease(record, deadline);
    this.#leases.set(highOfId(id), lowOfId(id), lease);
    this.#push(lease);
  }

  /** Stops to watch a lease that was revoked. O(log n). */
  remove(id: bigint): void {
    const high = highOfId(id);
    const low = lowOfId(id);
    const lease = this.#leases.get(high, low);
    if (lease === undefined) return;
    this.#leases.delete(high, low);
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
   * @param looks - Most places looked at by one call. One that is passed over, because another one
   *   was removed meanwhile, is met by the next round of calls.
   */
  sweep(looks: number): void {
    for (let count = 0; count < looks; count += 1) {
      if (this.#sweepPlace >= this.#leases.places) {
        this.#sweepPlace = 0;
        return;
      }
      const lease = this.#leases.at(this.#sweepPlace);
      // Another lease may move to the place of the one removed: look there again.
      if (lease?.record.isRevoked === true) this.remove(lease.record.id);
      else this.#sweepPlace += 1;
    }
  }

  /** What is known of a lease that exists, by the halves of its id; undefined when unwatched. */
  find(idHigh: number, idLow: number): ScheduledLease | undefined {
    const lease = this.#leases.get(idHigh, idLow);
    return lease === undefined || lease.record.isRevoked ? undefined : lease;
  }

  /** Renews a lease; returns the TTL in seconds, undefined for one that is expiring (L4). */
  renew(lease: ScheduledLease, nowMillis: number): number | undefined {
    if (lease.isExpiring) return undefined;
    lease.deadline = nowMillis + lease.ttlMillis;
    return lease.record.ttlSeconds;
  }

  /**
   * Takes leases that exist and whose deadline has passed. Each is expiring from now on and is
   * returned again only if it still exists after the retry time.
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
      if (lease.record.isRevoked) {
        this.remove(lease.record.id);
        continue;
      }
      if (lease.deadline > nowMillis) {
        lease.checkAt = lease.deadline;
      } else {
        due.push(lease.record.id);
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

/** A lease under watch; what is not read-only belongs to the schedule. */
// Hot: each renewal writes one. A class, as V8 makes slow objects of literals with spreads.
export class ScheduledLease {
  readonly record: LeaseRecord;
  readonly ttlMillis: number;
  /** When it runs out, in monotonic milliseconds. */
  deadline: number;
  /** When the heap looks at it next; the key of the heap. */
  checkAt: number;
  /** Its end was proposed: nobody can renew it. */
  isExpiring = false;
  /** Where it stands in the heap. */
  position = 0;

  constructor(record: LeaseRecord, deadline: number) {
    this.record = record;
    this.ttlMillis = record.ttlSeconds * 1000;
    this.deadline = deadline;
    this.checkAt = deadline;
  }
}
