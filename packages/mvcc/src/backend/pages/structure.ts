/**
 * Whether LMDB may be let at a file: it believes what pages say of pages, of their own inside and
 * of which are free; a flipped bit there ends the process by a signal, or the data later (B7).
 *
 * First the meta page that LMDB takes, then the list of free pages, the names of the trees and
 * their branches: few pages, each read by itself. Then the file from its begin to its end, for the
 * leaves and the first pages of large values:
 *
 *     meta ─► list of free pages                        PageMap: free
 *       └───► names ─► branches ─► … ─► promised leaves PageMap: leaf, with branch and child
 *     block after block: leaf? ─► nodes, keys between those of the branch, large values
 *
 * Only what the transaction in force reaches is looked at: others, a torn one among them, may have
 * left anything in pages that are free. What is inside of rows is the business of their checksums.
 */
import {
  metaLayout,
  pageBytesMax,
  pageHeadBytes,
  pageKinds,
  pickMeta,
  readTree,
  treeBytes,
  type LmdbMeta,
} from "./lmdb-meta.ts";
import { FreeRecord } from "./free-list.ts";
import { LmdbPage, nodeFlags } from "./lmdb-page.ts";
import { PageMap, type RefusePage } from "./page-map.ts";
import { byteOrder, numberOrder, Tree, type Pages, type PromisedLeaf } from "./tree.ts";

/** Reads up to `target.length` bytes; returns their number. */
export type ReadAt = (target: Uint8Array, position: number) => Promise<number>;

/** Told what is damaged; does not return. */
export type Refuse = (what: string) => never;

/** What was found in a sound file. */
export interface LmdbStructure {
  /** Pages of the transaction in force. */
  readonly pages: number;
  /** Those that are neither used nor free: lost, but harmless. */
  readonly lostPages: number;
}

/** Bytes read at once: an event loop is held up for less than a millisecond. */
const blockBytes = 1024 * 1024;

/**
 * Reads through a file that nobody writes to. O(file) reads and time; memory is 1 % of the file.
 *
 * @param refuse - Told of the first damage that is found.
 */
export async function checkStructure(
  read: ReadAt,
  sizeBytes: number,
  refuse: Refuse,
): Promise<LmdbStructure> {
  const head = Buffer.alloc(pageBytesMax + metaLayout.end);
  const meta = pickMeta(head.subarray(0, await read(head, 0)));
  if (typeof meta === "string") return refuse(`its structure is damaged: ${meta}`);
  return new StructureCheck(read, sizeBytes, meta, refuse).run();
}

class StructureCheck implements Pages {
  readonly branch: LmdbPage;
  readonly leaf: LmdbPage;
  readonly map: PageMap;
  readonly refuse: RefusePage;
  readonly #read: ReadAt;
  readonly #meta: LmdbMeta;
  /** Branches above the leaves that are still to be read. */
  readonly #branches: PromisedLeaf["branch"][] = [];

  constructor(read: ReadAt, sizeBytes: number, meta: LmdbMeta, refuse: Refuse) {
    const { pageBytes, transaction, lastPage } = meta;
    this.#read = read;
    this.#meta = meta;
    this.refuse = (page, what) => refuse(`its structure is damaged: page ${page}: ${what}`);
    this.branch = new LmdbPage(pageBytes, transaction);
    this.leaf = new LmdbPage(pageBytes, transaction);
    this.map = new PageMap(Math.floor(sizeBytes / pageBytes), lastPage, this.refuse);
  }

  async run(): Promise<LmdbStructure> {
    const { freeTree, mainTree, transaction, lastPage } = this.#meta;
    const metaPage = transaction % 2;
    await this.#readSmallTree(new Tree(freeTree, metaPage, numberOrder), () =>
      this.#takeFreePages(),
    );
    this.map.checkBehind();
    if (mainTree.flags !== 0)
      this.refuse(metaPage, `the tree of names has flags ${mainTree.flags}`);
    const trees: Tree[] = [];
    await this.#readSmallTree(new Tree(mainTree, metaPage, byteOrder), () => {
      for (let node = 0; node < this.leaf.nodeCount; node++) trees.push(this.#treeAt(node));
      return Promise.resolve();
    });
    for (const tree of trees) {
      await tree.walk(this, (promised) => {
        this.#promise(promised);
      });
    }
    await this.#readLeaves();
    for (const tree of trees) tree.checkEntries(this);
    return { pages: lastPage + 1, lostPages: lastPage + 1 - this.map.accounted };
  }

  async read(first: number, count: number): Promise<Buffer> {
    const { pageBytes } = this.#meta;
    const bytes = Buffer.allocUnsafeSlow(count * pageBytes);
    const size = await this.#read(bytes, first * pageBytes);
    if (size < bytes.length) this.refuse(first, "it cannot be read to its end");
    return bytes;
  }

  /** Reads a tree leaf by leaf; `visit` finds `leaf` moved to each. */
  async #readSmallTree(tree: Tree, visit: () => Promise<void>): Promise<void> {
    const leaves: PromisedLeaf[] = [];
    await tree.walk(this, (promised) => leaves.push(promised));
    for (const { page, branch, child } of leaves) {
      this.map.take(page, 1, branch.page);
      this.leaf.moveTo(await this.read(page, 1), 0, page);
      tree.checkLeaf(this, branch, child);
      tree.checkOrder(this);
      await visit();
    }
    tree.checkEntries(this);
  }

  /** The records of free pages in a leaf. */
  async #takeFreePages(): Promise<void> {
    const { leaf, map, refuse } = this;
    for (let node = 0; node < leaf.nodeCount; node++) {
      const { number } = leaf;
      const key = leaf.key(node);
      const transaction = key.length === 8 ? Number(key.readBigUInt64LE(0)) : 0;
      if (transaction < 1 || transaction > this.#meta.transaction) {
        refuse(number, `node ${node} has the free pages of transaction ${transaction}`);
      }
      const size = leaf.valueBytes(node);
      const record = new FreeRecord(number, size, map, refuse);
      const flags = leaf.flags(node);
      if (flags === nodeFlags.value) record.push(leaf.value(node));
      else if (flags === nodeFlags.overflow) await this.#pushFreePages(record, node, size);
      else refuse(number, `node ${node} is not a record of free pages`);
      record.end();
    }
  }

  /** A record of free pages that is too large for its leaf. */
  async #pushFreePages(record: FreeRecord, node: number, sizeBytes: number): Promise<void> {
    const { leaf, map } = this;
    const { pageBytes } = this.#meta;
    const { first, count } = this.#checkPlace(node, sizeBytes);
    map.take(first, count, leaf.number);
    const step = Math.max(1, Math.floor(blockBytes / pageBytes));
    const head = new LmdbPage(pageBytes, this.#meta.transaction);
    for (let at = 0; at < count; at += step) {
      const bytes = await this.read(first + at, Math.min(step, count - at));
      if (at === 0) {
        head.moveTo(bytes, 0, first);
        this.#checkValueHead(head, count);
      }
      const end = sizeBytes + pageHeadBytes - at * pageBytes;
      record.push(bytes.subarray(at === 0 ? pageHeadBytes : 0, Math.min(bytes.length, end)));
    }
  }

  /** The tree whose record is in a node of a leaf. */
  #treeAt(node: number): Tree {
    const { leaf, refuse } = this;
    const isTree = leaf.flags(node) === nodeFlags.subtree && leaf.valueBytes(node) === treeBytes;
    if (!isTree) refuse(leaf.number, `node ${node} is not the record of a tree`);
    const value = leaf.value(node);
    const record = readTree(new DataView(value.buffer, value.byteOffset, value.length), 0);
    if (record.flags !== 0)
      refuse(leaf.number, `the tree of node ${node} has flags ${record.flags}`);
    return new Tree(record, leaf.number, byteOrder);
  }

  /** Leaves come with their branches, one branch after the other. */
  #promise({ page, branch, child }: PromisedLeaf): void {
    if (this.#branches.at(-1) !== branch) this.#branches.push(branch);
    this.map.expectLeaf(page, this.#branches.length - 1, child, branch.page);
  }

  async #readLeaves(): Promise<void> {
    const { pageBytes } = this.#meta;
    const step = Math.max(1, Math.floor(blockBytes / pageBytes));
    const block = Buffer.allocUnsafeSlow(step * pageBytes);
    for (let first = 0; first < this.map.count; first += step) {
      const end = Math.min(first + step, this.map.count);
      if (!this.map.isWanted(first, end)) continue;
      const bytes = (end - first) * pageBytes;
      const size = await this.#read(block.subarray(0, bytes), first * pageBytes);
      if (size < bytes) this.refuse(first, "it cannot be read to its end");
      for (let page = first; page < end; page++) {
        this.leaf.moveTo(block, (page - first) * pageBytes, page);
        this.#checkPage(page);
      }
    }
  }

  #checkPage(page: number): void {
    const { leaf, map } = this;
    const promised = map.leafAt(page);
    if (promised !== undefined) {
      const branch = this.#branches[promised.branch];
      branch?.tree.checkLeaf(this, branch, promised.child);
      this.#checkValues();
      return;
    }
    const announced = map.announcedAt(page);
    if (announced > 0) this.#checkValueHead(leaf, announced);
    else if (map.isUnknown(page)) {
      const pages = leaf.overflowPages();
      if (pages > 0) map.see(page, pages);
    }
  }

  /** Rows of a leaf whose values are elsewhere. */
  #checkValues(): void {
    const { leaf, map } = this;
    for (let node = 0; node < leaf.nodeCount; node++) {
      const flags = leaf.flags(node);
      if (flags === nodeFlags.value) continue;
      if (flags !== nodeFlags.overflow) this.refuse(leaf.number, `node ${node} is not a row`);
      const { first, count } = this.#checkPlace(node, leaf.valueBytes(node));
      map.expectValue(first, count, leaf.number);
    }
  }

  /** Where a large value is; it has room there. */
  #checkPlace(node: number, sizeBytes: number): { first: number; count: number } {
    const { leaf, refuse } = this;
    const { first, count } = leaf.place(node);
    const isRoom = count * this.#meta.pageBytes - pageHeadBytes >= sizeBytes;
    if (isRoom && count <= this.map.count) return { first, count };
    return refuse(leaf.number, `node ${node} has a value of ${sizeBytes} bytes in ${count} pages`);
  }

  #checkValueHead(head: LmdbPage, pages: number): void {
    const problem = head.headProblem(pageKinds.overflow);
    if (problem !== undefined) this.refuse(head.number, problem);
    const found = head.overflowPages();
    if (found !== pages) this.refuse(head.number, `it has ${found} pages, wanted ${pages}`);
  }
}
