import { rangeEndAll, type Key } from "../key.ts";

/**
 * Half-open key intervals and what hangs on them; finds all that contain a key.
 *
 * An AVL tree by (begin, end) in which each node knows the greatest end below it, so that subtrees
 * that end before the key are passed over (Cormen et al., "Introduction to Algorithms", 14.3):
 *
 *                 [d, k) max z
 *     [a, c) max c            [f, z) max z
 *
 * Searching `e` skips the left subtree, because its max end `c` is not above `e`.
 */
export class IntervalTree<Item> {
  #root: IntervalNode<Item> | undefined;
  #size = 0;

  /** Different intervals. */
  get size(): number {
    return this.#size;
  }

  /** Hangs an item on an interval. O(log n). */
  add(begin: Key, rangeEnd: Key, item: Item): void {
    const end = endOf(rangeEnd);
    let node = this.#root;
    while (node !== undefined) {
      const order = compare(begin, end, node);
      if (order === 0) {
        node.items.add(item);
        return;
      }
      node = order < 0 ? node.left : node.right;
    }
    this.#root = insert(this.#root, new IntervalNode(begin, end, item));
    this.#size++;
  }

  /** Takes an item off; a missing one is fine. O(log n). */
  delete(begin: Key, rangeEnd: Key, item: Item): void {
    const end = endOf(rangeEnd);
    let node = this.#root;
    while (node !== undefined) {
      const order = compare(begin, end, node);
      if (order === 0) {
        if (!node.items.delete(item) || node.items.size > 0) return;
        this.#root = remove(this.#root, begin, end);
        this.#size--;
        return;
      }
      node = order < 0 ? node.left : node.right;
    }
  }

  /**
   * Visits the items of all intervals that contain `key`, without changing the tree. O(log n +
   * found).
   */
  stab(key: Key, visit: (item: Item) => void): void {
    stabNode(this.#root, key, visit);
  }
}

/** Above every key, because keys hold no character beyond U+00FF. */
const infinity: Key = "\uffff";

class IntervalNode<Item> {
  begin: Key;
  end: Key;
  items: Set<Item>;
  maxEnd: Key;
  height = 1;
  left: IntervalNode<Item> | undefined = undefined;
  right: IntervalNode<Item> | undefined = undefined;

  constructor(begin: Key, end: Key, item: Item) {
    this.begin = begin;
    this.end = end;
    this.maxEnd = end;
    this.items = new Set([item]);
  }
}

function endOf(rangeEnd: Key): Key {
  return rangeEnd === rangeEndAll ? infinity : rangeEnd;
}

function compare<Item>(begin: Key, end: Key, node: IntervalNode<Item>): number {
  if (begin !== node.begin) return begin < node.begin ? -1 : 1;
  if (end !== node.end) return end < node.end ? -1 : 1;
  return 0;
}

function stabNode<Item>(
  node: IntervalNode<Item> | undefined,
  key: Key,
  visit: (item: Item) => void,
): void {
  if (node === undefined || node.maxEnd <= key) return;
  stabNode(node.left, key, visit);
  if (key < node.begin) return;
  if (key < node.end) for (const item of node.items) visit(item);
  stabNode(node.right, key, visit);
}

function insert<Item>(
  node: IntervalNode<Item> | undefined,
  added: IntervalNode<Item>,
): IntervalNode<Item> {
  if (node === undefined) return added;
  if (compare(added.begin, added.end, node) < 0) node.left = insert(node.left, added);
  else node.right = insert(node.right, added);
  return balance(node);
}

function remove<Item>(
  node: IntervalNode<Item> | undefined,
  begin: Key,
  end: Key,
): IntervalNode<Item> | undefined {
  if (node === undefined) return undefined;
  const order = compare(begin, end, node);
  if (order < 0) node.left = remove(node.left, begin, end);
  else if (order > 0) node.right = remove(node.right, begin, end);
  else if (node.left === undefined) return node.right;
  else if (node.right === undefined) return node.left;
  else {
    const next = leftmost(node.right);
    node.begin = next.begin;
    node.end = next.end;
    node.items = next.items;
    node.right = remove(node.right, next.begin, next.end);
  }
  return balance(node);
}

function leftmost<Item>(node: IntervalNode<Item>): IntervalNode<Item> {
  let at = node;
  while (at.left !== undefined) at = at.left;
  return at;
}

function balance<Item>(node: IntervalNode<Item>): IntervalNode<Item> {
  update(node);
  const tilt = heightOf(node.left) - heightOf(node.right);
  if (tilt > 1 && node.left !== undefined) {
    if (heightOf(node.left.left) < heightOf(node.left.right)) node.left = rotateLeft(node.left);
    return rotateRight(node);
  }
  if (tilt < -1 && node.right !== undefined) {
    if (heightOf(node.right.right) < heightOf(node.right.left)) {
      node.right = rotateRight(node.right);
    }
    return rotateLeft(node);
  }
  return node;
}

function rotateLeft<Item>(node: IntervalNode<Item>): IntervalNode<Item> {
  const top = node.right;
  if (top === undefined) return node;
  node.right = top.left;
  top.left = node;
  update(node);
  update(top);
  return top;
}

function rotateRight<Item>(node: IntervalNode<Item>): IntervalNode<Item> {
  const top = node.left;
  if (top === undefined) return node;
  node.left = top.right;
  top.right = node;
  update(node);
  update(top);
  return top;
}

function update<Item>(node: IntervalNode<Item>): void {
  const { left, right } = node;
  node.height = 1 + Math.max(heightOf(left), heightOf(right));
  let { end } = node;
  if (left !== undefined && left.maxEnd > end) end = left.maxEnd;
  if (right !== undefined && right.maxEnd > end) end = right.maxEnd;
  node.maxEnd = end;
}

function heightOf<Item>(node: IntervalNode<Item> | undefined): number {
  return node === undefined ? 0 : node.height;
}
