import type { Key } from "../key.ts";
import { KeyHistory, type FoundVersion } from "./key-history.ts";
import { KeyTree, type KeyEntry } from "./key-tree.ts";

/**
 * Which versions of which keys exist: the in-memory half of the store.
 *
 * Rebuilt from bucket `key` at start; the values stay on disk.
 */
export class KeyIndex {
  readonly #tree: KeyTree;
  /** Stands for the key that was put once and was found last. */
  readonly #once = new KeyHistory(0, 0, 0, 1, false);

  /** @param nodeSizeMax - Of the tree; only tests and benches set it. */
  constructor(nodeSizeMax?: number) {
    this.#tree = new KeyTree(nodeSizeMax);
  }

  /** Keys with at least one version, deleted ones included. */
  get size(): number {
    return this.#tree.size;
  }

  /** Live keys. */
  get liveSize(): number {
    return this.#tree.liveSize;
  }

  /**
   * Versions of a key, live or not; undefined if there are none. O(log n).
   *
   * @returns To read, and only until the next call: one object may stand for many keys.
   */
  find(key: Key): KeyHistory | undefined {
    const entry = this.#tree.find(key);
    return entry === undefined ? undefined : this.#read(entry);
  }

  /** Versions of a live key. O(log n). @returns As `find`. */
  findLive(key: Key): KeyHistory | undefined {
    const entry = this.#tree.find(key);
    if (typeof entry === "number") return this.#read(entry);
    return entry === undefined || entry.isEnded ? undefined : entry;
  }

  /**
   * Records a put. O(log n).
   *
   * @returns The key's history, whose newest version it is, as `find`.
   */
  put(key: Key, main: number, sub: number): KeyHistory {
    const entry = this.#tree.find(key);
    if (entry === undefined) return this.#read(this.#add(key, main, sub, main, 1));
    const history = this.#write(entry);
    if (history.isEnded) this.#tree.changeLive(1);
    history.put(main, sub);
    return history;
  }

  /** Records a deletion; returns false, and does nothing, if the key is not live. O(log n). */
  delete(key: Key, main: number, sub: number): boolean {
    const entry = this.#tree.find(key);
    if (entry === undefined) return false;
    const history = this.#write(entry);
    if (history.isEnded) return false;
    history.end(main, sub);
    this.#tree.changeLive(-1);
    return true;
  }

  /** Records a put read from the store; rows must come in order of revision. */
  restorePut(key: Key, main: number, sub: number, create: number, version: number): void {
    const entry = this.#tree.find(key);
    if (entry === undefined) {
      this.#add(key, main, sub, create, version);
      return;
    }
    const history = this.#write(entry);
    if (history.isEnded) this.#tree.changeLive(1);
    history.restorePut(main, sub, create, version);
  }

  /** Records a tombstone read from the store; compaction may have dropped the puts before it. */
  restoreTombstone(key: Key, main: number, sub: number): void {
    const entry = this.#tree.find(key);
    if (entry === undefined) {
      this.#tree.add(key, new KeyHistory(main, sub, 0, 0, true));
      return;
    }
    const history = this.#write(entry);
    if (history.isEnded) return;
    history.end(main, sub);
    this.#tree.changeLive(-1);
  }

  /** Visits keys of a range in order, deleted ones too; the visitor must not write. */
  visit(begin: Key, rangeEnd: Key, visit: KeyVisitor): void {
    this.#tree.visit(begin, rangeEnd, (key, entry) => visit(key, this.#read(entry)));
  }

  /** Live keys in a range now. O(log n). */
  countLive(begin: Key, rangeEnd: Key): number {
    return this.#tree.countLive(begin, rangeEnd);
  }

  /** Keys alive in a range at a revision. O(keys in range). */
  countAt(begin: Key, rangeEnd: Key, revision: number, found: FoundVersion): number {
    let count = 0;
    this.visit(begin, rangeEnd, (_key, history) => {
      if (history.findAt(revision, found)) count++;
      return true;
    });
    return count;
  }

  /**
   * Compacts the keys from `begin` on, as much as the limits allow.
   *
   * @returns Where to go on, or undefined at the end. Call again with the same bound.
   */
  compactSlice(begin: Key, bound: number, limits: CompactLimits, drop: DropRow): Key | undefined {
    let visited = 0;
    let dropped = 0;
    let rest: Key | undefined;
    const emptied: Key[] = [];
    this.visit(begin, "\0", (key, history) => {
      if (visited >= limits.keysMax || dropped >= limits.versionsMax) {
        rest = key;
        return false;
      }
      visited++;
      const isEmpty = history.compact(bound, (main, sub, isTombstone) => {
        dropped++;
        drop(main, sub, isTombstone);
      });
      if (isEmpty) emptied.push(key);
      return true;
    });
    for (const key of emptied) this.#tree.remove(key);
    return rest;
  }

  /** Adds a key that was just not found. */
  #add(key: Key, main: number, sub: number, create: number, version: number): KeyEntry {
    const isOnce = sub === 0 && create === main && version === 1;
    const entry = isOnce ? main : new KeyHistory(main, sub, create, version, false);
    this.#tree.add(key, entry);
    return entry;
  }

  #read(entry: KeyEntry): KeyHistory {
    if (typeof entry !== "number") return entry;
    const once = this.#once;
    once.main = entry;
    once.create = entry;
    return once;
  }

  /** The entry that was just found, as a history that may change. */
  #write(entry: KeyEntry): KeyHistory {
    if (typeof entry !== "number") return entry;
    const history = new KeyHistory(entry, 0, entry, 1, false);
    this.#tree.replace(history);
    return history;
  }
}

/** Told about a key; returns false to stop. The history is lent as that of `find`. */
export type KeyVisitor = (key: Key, history: KeyHistory) => boolean;

/** Bounds of one slice of a compaction. */
export interface CompactLimits {
  /** Most keys looked at. */
  readonly keysMax: number;
  /** Stop behind the key that brings the dropped versions to this number. */
  readonly versionsMax: number;
}

/** Told about a version that is no longer in the index. */
export type DropRow = (main: number, sub: number, isTombstone: boolean) => void;
