import { rangeEndNone, type Key } from "../key.ts";
import { IntervalTree } from "./interval-tree.ts";
import type { Watcher } from "./watcher.ts";

/** Watchers found by the key that changed: single keys by hash, ranges by interval tree. */
export class WatcherGroup {
  readonly #byKey = new Map<Key, Set<Watcher>>();
  readonly #byRange = new IntervalTree<Watcher>();
  readonly #all = new Set<Watcher>();

  get size(): number {
    return this.#all.size;
  }

  add(watcher: Watcher): void {
    this.#all.add(watcher);
    if (watcher.rangeEnd !== rangeEndNone) {
      this.#byRange.add(watcher.key, watcher.rangeEnd, watcher);
      return;
    }
    const same = this.#byKey.get(watcher.key);
    if (same === undefined) this.#byKey.set(watcher.key, new Set([watcher]));
    else same.add(watcher);
  }

  delete(watcher: Watcher): void {
    if (!this.#all.delete(watcher)) return;
    if (watcher.rangeEnd !== rangeEndNone) {
      this.#byRange.delete(watcher.key, watcher.rangeEnd, watcher);
      return;
    }
    const same = this.#byKey.get(watcher.key);
    same?.delete(watcher);
    if (same?.size === 0) this.#byKey.delete(watcher.key);
  }

  has(watcher: Watcher): boolean {
    return this.#all.has(watcher);
  }

  /** All watchers, in order of joining. */
  watchers(): IterableIterator<Watcher> {
    return this.#all.values();
  }

  /** Visits the watchers of a key; the visitor must not change the group. */
  match(key: Key, visit: (watcher: Watcher) => void): void {
    const same = this.#byKey.get(key);
    if (same !== undefined) for (const watcher of same) visit(watcher);
    if (this.#byRange.size > 0) this.#byRange.stab(key, visit);
  }
}
