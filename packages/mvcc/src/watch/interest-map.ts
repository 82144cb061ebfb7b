import { rangeEndNone, type Key } from "../key.ts";
import { Interest } from "./interest.ts";
import { IntervalTree } from "./interval-tree.ts";

/** All interests, found by the key that changed: single keys by hash, ranges by interval tree. */
export class InterestMap {
  readonly #byKey = new Map<Key, Interest>();
  readonly #byRange = new Map<string, Interest>();
  readonly #tree = new IntervalTree<Interest>();

  /** The interest in a key or range; made when nobody has it yet. O(log n) */
  of(key: Key, rangeEnd: Key): Interest {
    const isKey = rangeEnd === rangeEndNone;
    const found = isKey ? this.#byKey.get(key) : this.#byRange.get(rangeName(key, rangeEnd));
    if (found !== undefined) return found;
    const interest = new Interest(key, rangeEnd);
    if (isKey) {
      this.#byKey.set(key, interest);
    } else {
      this.#byRange.set(rangeName(key, rangeEnd), interest);
      this.#tree.add(key, rangeEnd, interest);
    }
    return interest;
  }

  /** Nobody has the interest any more. O(log n) */
  delete(interest: Interest): void {
    const { key, rangeEnd } = interest;
    if (rangeEnd === rangeEndNone) {
      this.#byKey.delete(key);
      return;
    }
    this.#byRange.delete(rangeName(key, rangeEnd));
    this.#tree.delete(key, rangeEnd, interest);
  }

  /** All interests. */
  *all(): IterableIterator<Interest> {
    yield* this.#byKey.values();
    yield* this.#byRange.values();
  }

  /** Visits the interests in a key; the visitor must not change the map. */
  match(key: Key, visit: (interest: Interest) => void): void {
    const same = this.#byKey.get(key);
    if (same !== undefined) visit(same);
    if (this.#tree.size > 0) this.#tree.stab(key, visit);
  }
}

/** Unambiguous: keys hold no character beyond U+00FF. */
function rangeName(key: Key, rangeEnd: Key): string {
  return `${key}\uffff${rangeEnd}`;
}
