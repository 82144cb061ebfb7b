import { assert } from "../assert.ts";
import { rangeEndAll, rangeEndNone, type Key } from "../key.ts";
import type { KeyHistory } from "./key-history.ts";

/**
 * What the tree holds of a key: a history, or for a key that was put once and nothing else, which
 * in most stores are most, the main revision of that put alone (sub revision 0).
 */
export type KeyEntry = KeyHistory | number;

/**
 * A B+ tree from keys to their histories.
 *
 * Leaves hold two parallel arrays (keys, entries) and are linked; inner nodes hold children and
 * the
 * lower bound of each child but the leftmost. Every node counts the *live* keys below it, so that
 * counting a range at the current revision costs two descents, not a walk:
 *
 *     inner  live 5   separators ["m"]
 *       leaf live 3   a b d(ended) f
 *       leaf live 2   m q
 *
 * A full node splits in the middle, or at its end when the new key is the greatest, so that keys
 * written in order leave full nodes. A node that loses its last key is removed; sparse neighbours
 * under one parent are merged.
 */
export class KeyTree {
  readonly #nodeSizeMax: number;
  #root: Node;
  #size = 0;
  /** Where the last `find` ended; `add` and `changeLive` act there. */
  #leaf: Leaf;
  #position = 0;

  /** @param nodeSizeMax - Most keys of a leaf and children of an inner node, at least 4. */
  constructor(nodeSizeMax: number = defaultNodeSizeMax) {
    this.#nodeSizeMax = nodeSizeMax;
    this.#leaf = new Leaf();
    this.#root = this.#leaf;
  }

  /** Keys in the tree, ended ones included. */
  get size(): number {
    return this.#size;
  }

  /** Keys whose newest version is not a tombstone. */
  get liveSize(): number {
    return this.#root.live;
  }

  /** Finds a key and remembers the place for `add` and `changeLive`. O(log n). */
  find(key: Key): KeyEntry | undefined {
    const leaf = this.#leafOf(key);
    const position = lowerBound(leaf.keys, key);
    this.#leaf = leaf;
    this.#position = position;
    return leaf.keys[position] === key ? leaf.entries[position] : undefined;
  }

  /** Adds a key that the directly preceding `find` did not find. */
  add(key: Key, entry: KeyEntry): void {
    if (this.#leaf.keys.length >= this.#nodeSizeMax) this.#makeRoom(key);
    insertAt(this.#leaf.keys, this.#position, key);
    insertAt(this.#leaf.entries, this.#position, entry);
    this.#size++;
    if (isLive(entry)) this.changeLive(1);
  }

  /** Replaces the entry of the key that the directly preceding `find` found, alive as before. */
  replace(entry: KeyEntry): void {
    this.#leaf.entries[this.#position] = entry;
  }

  /** Corrects the counts after the key of the directly preceding `find` began or ended a life. */
  changeLive(difference: 1 | -1): void {
    let node: Node | undefined = this.#leaf;
    while (node !== undefined) {
      node.live += difference;
      node = node.parent;
    }
  }

  /** Removes a key whose history is empty and not live. */
  remove(key: Key): void {
    if (this.find(key) === undefined) return;
    const leaf = this.#leaf;
    leaf.keys.splice(this.#position, 1);
    leaf.entries.splice(this.#position, 1);
    this.#size--;
    if (leaf.keys.length === 0) this.#removeNode(leaf);
    else if (leaf.keys.length < this.#nodeSizeMax / 4) this.#mergeLeaf(leaf);
  }

  /**
   * Visits keys of a range in order, ended ones too; the visitor must not change the tree.
   *
   * @param visit - Returns false to stop.
   */
  visit(begin: Key, rangeEnd: Key, visit: EntryVisitor): void {
    if (rangeEnd === rangeEndNone) {
      const entry = this.find(begin);
      if (entry !== undefined) visit(begin, entry);
      return;
    }
    let leaf: Leaf | undefined = this.#leafOf(begin);
    let position = lowerBound(leaf.keys, begin);
    while (leaf !== undefined) {
      const { keys, entries } = leaf;
      const count = keys.length;
      const last = keys[count - 1];
      const isInside = rangeEnd === rangeEndAll || (last !== undefined && last < rangeEnd);
      for (; position < count; position++) {
        const key = keys[position];
        const entry = entries[position];
        if (key === undefined || entry === undefined) break;
        if (!isInside && key >= rangeEnd) return;
        if (!visit(key, entry)) return;
      }
      position = 0;
      leaf = leaf.next;
    }
  }

  /** Counts live keys of a range. O(log n x node size). */
  countLive(begin: Key, rangeEnd: Key): number {
    if (rangeEnd === rangeEndNone) return isLive(this.find(begin)) ? 1 : 0;
    const behind = rangeEnd === rangeEndAll ? this.liveSize : this.#liveBefore(rangeEnd);
    return Math.max(0, behind - this.#liveBefore(begin));
  }

  #leafOf(key: Key): Leaf {
    let node = this.#root;
    while (!node.isLeaf) {
      const child: Node | undefined = node.children[upperBound(node.separators, key)];
      assert(child !== undefined, "an inner node has one child more than separators");
      node = child;
    }
    return node;
  }

  #liveBefore(key: Key): number {
    let node = this.#root;
    let count = 0;
    while (!node.isLeaf) {
      const { children }: Inner = node;
      const index = upperBound(node.separators, key);
      for (let at = 0; at < index; at++) count += children[at]?.live ?? 0;
      const child: Node | undefined = children[index];
      assert(child !== undefined, "an inner node has one child more than separators");
      node = child;
    }
    const position = lowerBound(node.keys, key);
    if (node.live === node.keys.length) return count + position;
    for (let at = 0; at < position; at++) if (isLive(node.entries[at])) count++;
    return count;
  }

  /** Splits the full leaf of the last `find` and moves the place of insertion along. */
  #makeRoom(key: Key): void {
    const leaf = this.#leaf;
    const right = new Leaf();
    right.next = leaf.next;
    right.before = leaf;
    const isAppend = leaf.next === undefined && this.#position === leaf.keys.length;
    if (leaf.next !== undefined) leaf.next.before = right;
    leaf.next = right;
    const middle = isAppend ? leaf.keys.length : leaf.keys.length >>> 1;
    right.keys = leaf.keys.slice(middle);
    right.entries = leaf.entries.slice(middle);
    leaf.keys.length = middle;
    leaf.entries.length = middle;
    for (const entry of right.entries) if (isLive(entry)) right.live++;
    leaf.live -= right.live;
    const separator = right.keys[0] ?? key;
    this.#insertChild(leaf, separator, right, isAppend);
    if (key >= separator) {
      this.#leaf = right;
      this.#position -= middle;
    }
  }

  /** Inserts `right` behind `left` under its parent, whose counts already include both. */
  #insertChild(left: Node, separator: Key, right: Node, isAppend: boolean): void {
    let { parent } = left;
    if (parent === undefined) {
      parent = new Inner();
      parent.children.push(left);
      parent.live = left.live + right.live;
      left.parent = parent;
      this.#root = parent;
    }
    right.parent = parent;
    const index = parent.children.indexOf(left);
    insertAt(parent.children, index + 1, right);
    insertAt(parent.separators, index, separator);
    if (parent.children.length > this.#nodeSizeMax) this.#splitInner(parent, isAppend);
  }

  #splitInner(inner: Inner, isAppend: boolean): void {
    const right = new Inner();
    const middle = isAppend ? inner.children.length - 1 : inner.children.length >>> 1;
    const separator = inner.separators[middle - 1];
    assert(separator !== undefined, "a full inner node has separators");
    right.children = inner.children.slice(middle);
    right.separators = inner.separators.slice(middle);
    inner.children.length = middle;
    inner.separators.length = middle - 1;
    for (const child of right.children) {
      child.parent = right;
      right.live += child.live;
    }
    inner.live -= right.live;
    this.#insertChild(inner, separator, right, isAppend);
  }

  /** Takes an empty node out of its parent; the last leaf stays as an empty root. */
  #removeNode(node: Node): void {
    const { parent } = node;
    if (parent === undefined) {
      this.#leaf = new Leaf();
      this.#root = this.#leaf;
      return;
    }
    if (node.isLeaf) unlink(node);
    const index = parent.children.indexOf(node);
    parent.children.splice(index, 1);
    parent.separators.splice(Math.max(0, index - 1), 1);
    if (parent.children.length === 0) this.#removeNode(parent);
    else this.#shrink(parent);
  }

  #mergeLeaf(leaf: Leaf): void {
    const { parent } = leaf;
    if (parent === undefined) return;
    const index = parent.children.indexOf(leaf);
    const left = index > 0 ? parent.children[index - 1] : leaf;
    const right = index > 0 ? leaf : parent.children[1];
    if (left?.isLeaf !== true || right?.isLeaf !== true) return;
    if (left.keys.length + right.keys.length > this.#nodeSizeMax / 2) return;
    left.keys = left.keys.concat(right.keys);
    left.entries = left.entries.concat(right.entries);
    left.live += right.live;
    this.#removeNode(right);
  }

  /** Merges a sparse inner node with its neighbour, and drops a root with a single child. */
  #shrink(inner: Inner): void {
    const { parent } = inner;
    if (parent === undefined) {
      const only = inner.children[0];
      if (inner.children.length > 1 || only === undefined) return;
      only.parent = undefined;
      this.#root = only;
      if (!only.isLeaf) this.#shrink(only);
      return;
    }
    if (inner.children.length >= this.#nodeSizeMax / 4) return;
    const index = parent.children.indexOf(inner);
    const leftIndex = index > 0 ? index - 1 : 0;
    const left = parent.children[leftIndex];
    const right = parent.children[leftIndex + 1];
    const separator = parent.separators[leftIndex];
    if (left?.isLeaf !== false || right?.isLeaf !== false || separator === undefined) return;
    if (left.children.length + right.children.length > this.#nodeSizeMax / 2) return;
    for (const child of right.children) child.parent = left;
    left.children = left.children.concat(right.children);
    left.separators = [...left.separators, separator, ...right.separators];
    left.live += right.live;
    this.#removeNode(right);
  }
}

/** Told about a key; returns false to stop. */
export type EntryVisitor = (key: Key, entry: KeyEntry) => boolean;

/** Measured best of 32 to 256 for 10^6 keys, see DESIGN.md. */
const defaultNodeSizeMax = 64;

type Node = Leaf | Inner;

class Leaf {
  readonly isLeaf = true;
  keys: Key[] = [];
  entries: KeyEntry[] = [];
  live = 0;
  parent: Inner | undefined = undefined;
  next: Leaf | undefined = undefined;
  before: Leaf | undefined = undefined;
}

class Inner {
  readonly isLeaf = false;
  separators: Key[] = [];
  children: Node[] = [];
  live = 0;
  parent: Inner | undefined = undefined;
}

function isLive(entry: KeyEntry | undefined): boolean {
  return typeof entry === "number" || entry?.isEnded === false;
}

/** First position whose key is not below `key`. */
function lowerBound(keys: readonly Key[], key: Key): number {
  let begin = 0;
  let end = keys.length;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    const at = keys[middle];
    if (at !== undefined && at < key) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

/** First position whose key is above `key`. */
function upperBound(keys: readonly Key[], key: Key): number {
  let begin = 0;
  let end = keys.length;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    const at = keys[middle];
    if (at !== undefined && at <= key) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

/** Hot: a plain loop is several times faster than `splice` on arrays of this size. */
function insertAt<T>(items: T[], position: number, item: T): void {
  const count = items.length;
  if (position === count) {
    items.push(item);
    return;
  }
  const last = items[count - 1];
  if (last === undefined) return;
  items.push(last);
  for (let at = count - 1; at > position; at--) {
    const before = items[at - 1];
    if (before !== undefined) items[at] = before;
  }
  items[position] = item;
}

function unlink(leaf: Leaf): void {
  if (leaf.before !== undefined) leaf.before.next = leaf.next;
  if (leaf.next !== undefined) leaf.next.before = leaf.before;
}
