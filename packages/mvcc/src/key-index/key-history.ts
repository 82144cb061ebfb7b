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
 *     compact at 7         5.0 goes, the tombstone stays: watchers may start at 7 (C41)
 *     compact at 8         the whole previous generation goes:    { newest 9.0, create 9, version
 *     1 }
 *
 * As etcd `server/storage/mvcc/key_index.go`, with another layout.
 */
export class KeyHistory {
  /** Main revision of the newest version. Invariant: above every main in `older` and `previous`,
   *  or equal with a greater `sub`. */
  main: number;
  sub: number;
  /** Main revision that created this generation; 0 if only its tombstone was found at start. */
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
      const count = older === undefined ? 0 : countBelow(older, revision + 1);
      if (older !== undefined && count > 0) {
        const behind = generation.olderCount - count;
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
   * Drops what nobody at or above `bound` can see: all versions before `bound`, but for the put
   * that
   * is still in force there. Versions at `bound` itself stay, tombstones and overwritten ones too:
   * they are events for watchers that start there (W9, C41).
   *
   * @param drop - Told each dropped version.
   * @returns true if nothing is left of the key.
   */
  compact(bound: number, drop: DropVersion): boolean {
    let newer: KeyHistory | undefined;
    let generation: KeyHistory | undefined = this;
    let isReplaced = false;
    while (generation !== undefined) {
      if (generation.main < bound) {
        dropAll(generation.previous, drop);
        generation.previous = undefined;
        generation.#dropOlder(generation.olderCount, drop);
        if (!generation.isEnded && !isReplaced) return false;
        drop(generation.main, generation.sub, generation.isEnded);
        if (newer !== undefined) newer.previous = undefined;
        return newer === undefined;
      }
      const { older } = generation;
      const before = older === undefined ? 0 : countBelow(older, bound);
      isReplaced ||= generation.main === bound || older?.[before * 2] === bound;
      if (before > 0) {
        dropAll(generation.previous, drop);
        generation.previous = undefined;
        generation.#dropOlder(isReplaced ? before : before - 1, drop);
        return false;
      }
      newer = generation;
      generation = generation.previous;
    }
    return false;
  }

  /** Versions in `older`. */
  get olderCount(): number {
    return this.older === undefined ? 0 : this.older.length / 2;
  }

  /** Drops the oldest versions of this generation. */
  #dropOlder(count: number, drop: DropVersion): void {
    const { older } = this;
    if (older === undefined || count === 0) return;
    for (let at = 0; at < count * 2; at += 2) drop(older[at] ?? 0, older[at + 1] ?? 0, false);
    this.older = count * 2 === older.length ? undefined : older.slice(count * 2);
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
    this.older = withPair(this.older, this.main, this.sub);
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

/**
 * Appends a pair. V8 makes room for 19 numbers when it grows an array of 2, and most keys have few
 * versions: the first arrays are made as long as they must be.
 */
function withPair(older: number[] | undefined, main: number, sub: number): number[] {
  if (older === undefined) return [main, sub];
  const { length } = older;
  if (length === 2) return [older[0] ?? 0, older[1] ?? 0, main, sub];
  if (length === 4) {
    return [older[0] ?? 0, older[1] ?? 0, older[2] ?? 0, older[3] ?? 0, main, sub];
  }
  older.push(main, sub);
  return older;
}

/** How many pairs of `older` have a main revision below `bound`. */
function countBelow(older: readonly number[], bound: number): number {
  let begin = 0;
  let end = older.length / 2;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    if ((older[middle * 2] ?? 0) < bound) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

/** Drops a generation and all before it. */
function dropAll(newest: KeyHistory | undefined, drop: DropVersion): void {
  for (let generation = newest; generation !== undefined; generation = generation.previous) {
    const { older } = generation;
    if (older !== undefined) {
      for (let at = 0; at < older.length; at += 2) drop(older[at] ?? 0, older[at + 1] ?? 0, false);
    }
    drop(generation.main, generation.sub, generation.isEnded);
  }
}
