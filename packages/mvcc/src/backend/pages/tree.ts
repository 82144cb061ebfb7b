import { pageKinds, type TreeRecord } from "./lmdb-meta.ts";
import type { LmdbPage } from "./lmdb-page.ts";
import type { PageMap, RefusePage } from "./page-map.ts";

/** The pages of a file, and what is done about damage. */
export interface Pages {
  /** Looks at branches. */
  readonly branch: LmdbPage;
  /** Looks at leaves. */
  readonly leaf: LmdbPage;
  readonly map: PageMap;
  readonly refuse: RefusePage;
  /** Reads some pages; the buffer is the caller's. */
  read(first: number, count: number): Promise<Buffer>;
}

/** Which of two keys comes first, as `Buffer.compare`. */
export type KeyOrder = (a: Buffer, b: Buffer) => number;

/** Of rows and of names. */
export const byteOrder: KeyOrder = (a, b) => a.compare(b);

/** Of the list of free pages: keys are numbers of 8 bytes, others are out of any order. */
export const numberOrder: KeyOrder = (a, b) => {
  if (a.length !== 8 || b.length !== 8) return Number.NaN;
  const difference = a.readBigUInt64LE(0) - b.readBigUInt64LE(0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

/** Keys below a page: not before `lower`, before `upper`; undefined is without bound. */
interface Bounds {
  readonly lower: Buffer | undefined;
  readonly upper: Buffer | undefined;
}

/** A branch above leaves; it has no bytes where the root is a leaf. */
interface LowBranch {
  readonly page: number;
  readonly bytes: Buffer | undefined;
  readonly bounds: Bounds;
  readonly tree: Tree;
}

/** A leaf that a branch leads to. */
export interface PromisedLeaf {
  readonly page: number;
  readonly branch: LowBranch;
  readonly child: number;
}

/** Depth that LMDB has room for. */
const depthMax = 32;
const noBounds: Bounds = { lower: undefined, upper: undefined };

/** One tree. Its branches are walked first; whoever reads the leaves hands them back. */
export class Tree {
  readonly #record: TreeRecord;
  readonly #order: KeyOrder;
  /** Page of the record. */
  readonly #from: number;
  #entries = 0;

  constructor(record: TreeRecord, from: number, order: KeyOrder) {
    this.#record = record;
    this.#from = from;
    this.#order = order;
  }

  /** Walks the branches; hands out the leaves. Reads each branch, one after the other. */
  async walk(pages: Pages, found: (leaf: PromisedLeaf) => void): Promise<void> {
    const { root, depth, entries } = this.#record;
    const isNone = root === undefined;
    if (isNone ? depth !== 0 || entries !== 0 : depth < 1 || depth > depthMax) {
      pages.refuse(this.#from, `it tells of a tree of depth ${depth} and ${entries} rows`);
    }
    if (isNone) return;
    if (depth === 1) {
      const branch = { page: this.#from, bytes: undefined, bounds: noBounds, tree: this };
      found({ page: root, branch, child: 0 });
      return;
    }
    const open = [{ page: root, from: this.#from, level: 1, bounds: noBounds }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { page, level, bounds } = next;
      pages.map.take(page, 1, next.from);
      const bytes = await pages.read(page, 1);
      const count = this.#checkBranch(pages, page, bytes, bounds);
      const branch = { page, bytes, bounds, tree: this };
      for (let child = 0; child < count; child++) {
        pages.branch.moveTo(bytes, 0, page);
        const below = pages.branch.child(child);
        if (level === depth - 1) found({ page: below, branch, child });
        else {
          const inside = boundsOf(pages, branch, child);
          open.push({ page: below, from: page, level: level + 1, bounds: inside });
        }
      }
    }
  }

  /** Number of children of a branch that is sound. */
  #checkBranch(pages: Pages, number: number, bytes: Buffer, bounds: Bounds): number {
    const { branch } = pages;
    branch.moveTo(bytes, 0, number);
    const problem = branch.problem(pageKinds.branch);
    if (problem !== undefined) pages.refuse(number, problem);
    const { nodeCount } = branch;
    // LMDB bears a single child in the list of free pages alone.
    if (nodeCount < 2 && this.#order !== numberOrder) pages.refuse(number, "it has one child");
    let before = bounds.lower;
    // The first key of a branch is never looked at.
    for (let node = 1; node < nodeCount; node++) {
      const key = branch.key(node);
      if (before !== undefined && !(this.#order(before, key) < 0)) {
        pages.refuse(number, `node ${node} is out of order`);
      }
      before = key;
    }
    if (before !== undefined && bounds.upper !== undefined) {
      const isBelow = this.#order(before, bounds.upper) < 0;
      if (!isBelow) pages.refuse(number, "its last node is out of order");
    }
    return nodeCount;
  }

  /**
   * Checks a leaf as such, where it stands in the tree, and its number of rows; `pages.leaf` has
   * been moved to it.
   */
  checkLeaf(pages: Pages, branch: LowBranch, child: number): void {
    const { leaf } = pages;
    const problem = leaf.problem(pageKinds.leaf);
    if (problem !== undefined) pages.refuse(leaf.number, problem);
    const { lower, upper } = boundsOf(pages, branch, child);
    const isAbove = lower === undefined || this.#order(lower, leaf.key(0)) <= 0;
    const isBelow = upper === undefined || this.#order(leaf.key(leaf.nodeCount - 1), upper) < 0;
    if (!isAbove || !isBelow) {
      pages.refuse(leaf.number, `its keys are not those that page ${branch.page} says`);
    }
    this.#entries += leaf.nodeCount;
  }

  /** Rows of a leaf ascend. The rows of buckets do if all scans say so, which every start does. */
  checkOrder(pages: Pages): void {
    const { leaf } = pages;
    for (let node = 1; node < leaf.nodeCount; node++) {
      if (this.#order(leaf.key(node - 1), leaf.key(node)) < 0) continue;
      pages.refuse(leaf.number, `node ${node} is out of order`);
    }
  }

  /** Once all leaves were there. */
  checkEntries(pages: Pages): void {
    const { entries } = this.#record;
    if (this.#entries === entries) return;
    pages.refuse(this.#from, `it tells of a tree of ${entries} rows, there are ${this.#entries}`);
  }
}

/** Keys that belong below a child of a branch. */
function boundsOf(pages: Pages, { page, bytes, bounds }: LowBranch, child: number): Bounds {
  if (bytes === undefined) return bounds;
  const { branch } = pages;
  branch.moveTo(bytes, 0, page);
  return {
    lower: child === 0 ? bounds.lower : branch.key(child),
    upper: child + 1 < branch.nodeCount ? branch.key(child + 1) : bounds.upper,
  };
}
