import { assert } from "../assert.ts";

/**
 * All versions of one key that are still in the store, newest generation first.
 *
 * A *generation* is a life of the key: from the put that creates it to the tombstone that ends it.
 * The newest version stands inline, so that a key written once costs one small object and no array.
 *
 * One key `k`, step by step (`main.sub`, T = tombstone):
 *
 *     put at 2, put at 5   { newest 5.0, create 2, version 2, older [2.0] }
 *     delete at 7          { newest 7.0 T, create 2, version 2, older [2.0 5.0] }
 *     put at 9             { newest 9.0, create 9, version 1 } -> previous { newest 7.0 T, ... }
 *     compact at 5         previous loses 2.0:                    previous { 7.0 T, older [5.0] }
 *     compact at 7         5.0 goes, the tombstone stays for watchers that start at 7 (C41)
 *     compact at 8         the whole previous generation goes:    { newest 9.0, create 9, version 1 }
 *
 * As etcd `server/storage/mvcc/key_index.go`, with another layout.
 */
export class KeyHistory {
  /** Main revision of the newest version. Invariant: above every main in `older` and `previous`,
   *  or equal with a greater `sub`. */
  main: number;
  sub: number;
  /** Main revision that created this generation; 0 if compaction left only its tombstone. */
  create: number;
  /** Puts in this generation so far, those that compaction dropped included. */
  version: number;
  /** Whether the newest version is a tombstone, which ends the generation. */
  isEnded: boolean;
  /** Versions of this generation before the newest, ascending: main, sub, main, sub, ... */
  older: number[] | undefined;
  /** The generation before this one. */
  previous: KeyHistory | undefined;

  constructor(main: number, sub: number, create: number, version: number, isEnded: boolean) {
    this.main = main;
    this.sub = sub;
    this.create = create;
    this.version = version;
    this.isEnded = isEnded;
    this.older = undefined;
    this.previous = undefined;
  }

  /** Appends a put. */
  put(main: number, sub: number): void {
    if (this.isEnded) this.#beginGeneration(main, sub, main, 1);
    else {
      this.#pushNewest(main, sub);
      this.version++;
    }
  }

  /** Appends a tombstone; the generation must not have ended. */
  end(main: number, sub: number): void {
    assert(!this.isEnded, "a tombstone follows a put");
    this.#pushNewest(main, sub);
    this.isEnded = true;
  }

  /** Appends a put read from the store at start, with the numbers stored there. */
  restorePut(main: number, sub: number, create: number, version: number): void {
    if (this.isEnded || this.create !== create) this.#beginGeneration(main, sub, create, version);
    else {
      this.#pushNewest(main, sub);
      this.version = version;
    }
  }

  /**
   * Finds the version in force at a revision and puts it into `found`.
   *
   * @returns false if the key is not alive there.
   */
  findAt(revision: number, found: FoundVersion): boolean {
    let generation: KeyHistory | undefined = this;
    while (generation !== undefined) {
      if (generation.main <= revision) {
        if (generation.isEnded) return false;
        found.set(generation.main, generation.sub, generation.create, generation.version);
        return true;
      }
      const { older } = generation;
      const count = older === undefined ? 0 : countAtOrBelow(older, revision);
      if (older !== undefined && count > 0) {
        const behind = older.length / 2 - count;
        const version = generation.version - behind - (generation.isEnded ? 0 : 1);
        const at = (count - 1) * 2;
        found.set(older[at] ?? 0, older[at + 1] ?? 0, generation.create, version);
        return true;
      }
      generation = generation.previous;
    }
    return false;
  }

  /**
   * Drops what nobody at or above `bound` can see: all but the newest version at or below it, and
   * that one too if it is a tombstone before `bound`.
   *
   * @param drop - Told each dropped version, oldest first in each generation.
   * @returns true if nothing is left of the key.
   */
  compact(bound: number, drop: DropVersion): boolean {
    let newer: KeyHistory | undefined;
    let generation: KeyHistory | undefined = this;
    while (generation !== undefined) {
      const { older } = generation;
      if (generation.main <= bound) {
        generation.previous = keepTombstoneAt(bound, generation.previous, drop);
        if (older !== undefined) dropOlder(older, older.length / 2, drop);
        generation.older = undefined;
        if (!generation.isEnded) return false;
        if (generation.main === bound) {
          generation.create = 0;
          generation.version = 0;
          return false;
        }
        drop(generation.main, generation.sub, true);
        if (newer === undefined) return generation.previous === undefined;
        newer.previous = generation.previous;
        return false;
      }
      const count = older === undefined ? 0 : countAtOrBelow(older, bound);
      if (older !== undefined && count > 0) {
        generation.previous = keepTombstoneAt(bound, generation.previous, drop);
        dropOlder(older, count - 1, drop);
        if (count > 1) generation.older = older.slice((count - 1) * 2);
        return false;
      }
      newer = generation;
      generation = generation.previous;
    }
    return false;
  }

  #beginGeneration(main: number, sub: number, create: number, version: number): void {
    const ended = new KeyHistory(this.main, this.sub, this.create, this.version, this.isEnded);
    ended.older = this.older;
    ended.previous = this.previous;
    this.main = main;
    this.sub = sub;
    this.create = create;
    this.version = version;
    this.isEnded = false;
    this.older = undefined;
    this.previous = ended;
  }

  #pushNewest(main: number, sub: number): void {
    if (this.older === undefined) this.older = [this.main, this.sub];
    else this.older.push(this.main, this.sub);
    this.main = main;
    this.sub = sub;
  }
}

/** Told about a version that compaction drops. */
export type DropVersion = (main: number, sub: number, isTombstone: boolean) => void;

/** Result slot of {@link KeyHistory.findAt}, made once and reused. */
export class FoundVersion {
  main = 0;
  sub = 0;
  create = 0;
  version = 0;

  set(main: number, sub: number, create: number, version: number): void {
    this.main = main;
    this.sub = sub;
    this.create = create;
    this.version = version;
  }
}

/** How many pairs of `older` have a main revision at or below `revision`. */
function countAtOrBelow(older: readonly number[], revision: number): number {
  let begin = 0;
  let end = older.length / 2;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    if ((older[middle * 2] ?? 0) <= revision) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

function dropOlder(older: readonly number[], count: number, drop: DropVersion): void {
  for (let at = 0; at < count * 2; at += 2) drop(older[at] ?? 0, older[at + 1] ?? 0, false);
}

/**
 * Drops generations that a newer version at or below `bound` hides, but for tombstones at `bound`
 * itself: one transaction may delete a key and put it again.
 */
function keepTombstoneAt(
  bound: number,
  generation: KeyHistory | undefined,
  drop: DropVersion,
): KeyHistory | undefined {
  if (generation === undefined) return undefined;
  const previous = keepTombstoneAt(bound, generation.previous, drop);
  if (generation.older !== undefined) {
    dropOlder(generation.older, generation.older.length / 2, drop);
  }
  if (!generation.isEnded || generation.main !== bound) {
    drop(generation.main, generation.sub, generation.isEnded);
    return previous;
  }
  generation.older = undefined;
  generation.create = 0;
  generation.version = 0;
  generation.previous = previous;
  return generation;
}
