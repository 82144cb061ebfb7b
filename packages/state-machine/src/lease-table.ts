// The replicated half of leasing: which leases exist, their TTLs, and which keys hang on them. When
// a lease is due is decided by the leader, outside; here nothing knows the time (P8).
//
// Ids are signed 64-bit; a row's key is the id's 8 bytes, so negative ids come back negative (C32).
// Most leases hold one key or none, so a lease stores a lone key directly and makes a set only from
// the second one on: 10^6 leases with a key each cost no sets (C49).
import type { Backend, Key } from "@quorate/mvcc";
import { assert } from "./assert.ts";
import { ByteReader, ByteReaderError, ByteWriter } from "./bytes.ts";
import { MalformedRequestError } from "./errors.ts";
import { idOfRowKey, rowKeyOfId } from "./row-key.ts";

/** What is replicated about a lease, without its keys. */
export interface LeaseRecord {
  /** Any signed 64-bit number but 0. */
  readonly id: bigint;
  /** Granted TTL in seconds, 1 to {@link leaseTtlMaxSeconds}. */
  readonly ttlSeconds: number;
  /** Seconds left at the last checkpoint; 0 when none was made. */
  readonly remainingTtlSeconds: number;
  /** Set when the lease ends: who keeps the record sees it here and need not look the id up. */
  readonly isRevoked: boolean;
}

/** Longest TTL that can be granted, in seconds. */
export const leaseTtlMaxSeconds = 9_000_000_000;

/** The leases and their keys; each change is staged in bucket `lease` at once. */
export class LeaseTable {
  readonly #backend: Backend;
  readonly #leases = new Map<bigint, Lease>();
  readonly #leaseOfKey = new Map<Key, Lease>();

  /** Starts empty; see {@link LeaseTable.load}. */
  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Number of leases. */
  get size(): number {
    return this.#leases.size;
  }

  /** Number of keys attached to any lease. */
  get attachedKeys(): number {
    return this.#leaseOfKey.size;
  }

  /**
   * Replaces the content by the rows of bucket `lease` and the keys found in the store.
   *
   * @param attached - Live keys with a lease, as the store saw them when it was opened.
   * @throws {@link MalformedRequestError} for rows that this class cannot have written.
   * @remarks O(leases + attached keys).
   */
  load(attached: ReadonlyMap<Key, bigint>): void {
    for (const lease of this.#leases.values()) lease.isRevoked = true;
    this.#leases.clear();
    this.#leaseOfKey.clear();
    this.#backend.scan("lease", { begin: "" }, (key, value) => {
      const lease = decodeLease(BigInt.asIntN(64, idOfRowKey(key)), value);
      this.#leases.set(lease.id, lease);
      return true;
    });
    for (const [key, id] of attached) this.attach(key, id);
  }

  /** Whether a lease with the id exists. */
  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  /** The lease with the id. */
  get(id: bigint): LeaseRecord | undefined {
    return this.#leases.get(id);
  }

  /** All leases, in no particular order. */
  records(): IterableIterator<LeaseRecord> {
    return this.#leases.values();
  }

  /** Keys attached to a lease, in byte order; empty when the lease does not exist. O(k log k). */
  keysOf(id: bigint): readonly Key[] {
    const keys = this.#leases.get(id)?.keys;
    if (keys === undefined) return [];
    return typeof keys === "string" ? [keys] : [...keys].sort();
  }

  /** Lease of a key, 0n when it has none. */
  leaseOf(key: Key): bigint {
    return this.#leaseOfKey.get(key)?.id ?? 0n;
  }

  /** Adds a lease; the caller has checked that the id is free and not 0. */
  grant(id: bigint, ttlSeconds: number): void {
    assert(id !== 0n && !this.#leases.has(id), "a granted lease id is free and not 0");
    this.#store({ id, ttlSeconds, remainingTtlSeconds: 0, isRevoked: false, keys: undefined });
  }

  /** Notes the seconds left; a lease that does not exist is passed over. */
  checkpoint(id: bigint, remainingTtlSeconds: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.remainingTtlSeconds = remainingTtlSeconds;
    this.#store(lease);
  }

  /** Removes a lease and takes its keys off; the caller deletes them from the store. */
  remove(id: bigint): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) lease.isRevoked = true;
    const keys = lease?.keys;
    if (typeof keys === "string") this.#leaseOfKey.delete(keys);
    else if (keys !== undefined) for (const key of keys) this.#leaseOfKey.delete(key);
    this.#leases.delete(id);
    this.#backend.delete("lease", rowKeyOfId(id));
  }

  /**
   * Moves a key to a lease.
   *
   * @param id - 0n detaches; else the lease exists, which the caller has checked.
   */
  attach(key: Key, id: bigint): void {
    if (id === 0n) {
      this.detach(key);
      return;
    }
    const lease = this.#leases.get(id);
    assert(lease !== undefined, "a key is attached to an existing lease");
    const previous = this.#leaseOfKey.get(key);
    if (previous === lease) return;
    if (previous !== undefined) removeKey(previous, key);
    addKey(lease, key);
    this.#leaseOfKey.set(key, lease);
  }

  /** Takes a key off its lease, if it has one. */
  detach(key: Key): void {
    // Hot: every put and delete comes here, and most stores attach few keys.
    if (this.#leaseOfKey.size === 0) return;
    const lease = this.#leaseOfKey.get(key);
    if (lease === undefined) return;
    removeKey(lease, key);
    this.#leaseOfKey.delete(key);
  }

  #store(lease: Lease): void {
    this.#leases.set(lease.id, lease);
    const writer = new ByteWriter(16);
    writer.varint(lease.ttlSeconds);
    writer.varint(lease.remainingTtlSeconds);
    this.#backend.put("lease", rowKeyOfId(lease.id), writer.finish());
  }
}

interface Lease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  remainingTtlSeconds: number;
  isRevoked: boolean;
  /** A single key stands for itself; never an empty set. */
  keys: Key | Set<Key> | undefined;
}

function addKey(lease: Lease, key: Key): void {
  if (lease.keys === undefined) lease.keys = key;
  else if (typeof lease.keys === "string") lease.keys = new Set([lease.keys, key]);
  else lease.keys.add(key);
}

function removeKey(lease: Lease, key: Key): void {
  if (typeof lease.keys === "string") {
    if (lease.keys === key) lease.keys = undefined;
  } else if (lease.keys !== undefined) {
    lease.keys.delete(key);
    if (lease.keys.size === 0) lease.keys = undefined;
  }
}

function decodeLease(id: bigint, value: Uint8Array): Lease {
  try {
    const reader = new ByteReader(value);
    const ttlSeconds = reader.varint();
    const remainingTtlSeconds = reader.varint();
    reader.end();
    return { id, ttlSeconds, remainingTtlSeconds, isRevoked: false, keys: undefined };
  } catch (error) {
    if (error instanceof ByteReaderError) throw new MalformedRequestError(`lease row ${id}`, error);
    throw error;
  }
}
