import type { Key } from "../key.ts";
import { KeyHistory, type FoundVersion } from "./key-history.ts";
import { KeyTree, type KeyVisitor } from "./key-tree.ts";

/**
 * Which versions of which keys exist: the in-memory half of the store.
 *
 * Rebuilt from bucket `key` at start; the values stay on disk.
 */
export class KeyIndex {
  readonly #tree: KeyTree;

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

  /** Versions of a key, live or not; undefined if there are none. O(log n). */
  find(key: Key): KeyHistory | undefined {
    return this.#tree.find(key);
  }

  /** Versions of a live key. O(log n). */
  findLive(key: Key): KeyHistory | undefined {
    const history = this.#tree.find(key);
    return history === undefined || history.isEnded ? undefined : history;
  }

  /** Records a put and returns the key's history, whose newest version it is. O(log n). */
  put(key: Key, main: number, sub: number): KeyHistory {
    const history = this.#tree.find(key);
    if (history === undefined) {
      const created = new KeyHistory(main, sub, main, 1, false);
      this.#tree.add(key, created);
      return created;
    }
    if (history.isEnded) this.#tree.changeLive(1);
    history.put(main, sub);
    return history;
  }

  /** Records a deletion; returns false, and does nothing, if the key is not live. O(log n). */
  delete(key: Key, main: number, sub: number): boolean {
    const history = this.findLive(key);
    if (history === undefined) return false;
    history.end(main, sub);
    this.#tree.changeLive(-1);
    return true;
  }

  /** Records a put read from the store; rows must come in order of revision. */
  restorePut(key: Key, main: number, sub: number, create: number, version: number): void {
    const history = this.#tree.find(key);
    if (history === undefined) {
      this.#tree.add(key, new KeyHistory(main, sub, create, version, false));
      return;
    }
    if (history.isEnded) this.#tree.changeLive(1);
    history.restorePut(main, sub, create, version);
  }

  /** Records a tombstone read from the store; compaction may have dropped the puts before it. */
  restoreTombstone(key: Key, main: number, sub: number): void {
    const history = this.#tree.find(key);
    if (history === undefined) {
      this.#tree.add(key, new KeyHistory(main, sub, 0, 0, true));
      return;
    }
    if (history.isEnded) return;
    history.end(main, sub);
    this.#tree.changeLive(-1);
  }

  /** Visits keys of a range in order, deleted ones too; the visitor must not write. */
  visit(begin: Key, rangeEnd: Key, visit: KeyVisitor): void {
    this.#tree.visit(begin, rangeEnd, visit);
  }

  /** Live keys in a range now. O(log n). */
  countLive(begin: Key, rangeEnd: Key): number {
    return this.#tree.countLive(begin, rangeEnd);
  }

  /** Keys alive in a range at a revision. O(keys in range). */
  countAt(begin: Key, rangeEnd: Key, revision: number, found: FoundVersion): number {
    let count = 0;
    this.#tree.visit(begin, rangeEnd, (_key, history) => {
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
    this.#tree.visit(begin, "\0", (key, history) => {
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
}

/** Bounds of one slice of a compaction. */
export interface CompactLimits {
  /** Most keys looked at. */
  readonly keysMax: number;
  /** Stop behind the key that brings the dropped versions to this number. */
  readonly versionsMax: number;
}

/** Told about a version that is no longer in the index. */
export type DropRow = (main: number, sub: number, isTombstone: boolean) => void;
