import { pageHeadBytes, pageKinds } from "./lmdb-meta.ts";

/**
 * One page of a tree, in a block of pages that were read together.
 *
 * Head: page number, transaction (uint64), padding, flags, end of the offsets, begin of the nodes
 * (uint16; an overflow page has the number of its pages, uint32, for both). Offsets count from
 * behind the head:
 *
 *     | head | offset 0, 1, 2 … | free space | … node 2, node 0, node 1 |
 *                               ^ lower      ^ upper
 *
 * Node: 32 bits of size of the data, flags, size of the key (uint16), key, data, padded to an even
 * length. Nodes of branch pages have a page number of 48 bits for size and flags, and no data. In
 * place of data that is too large there is where it is: page, transaction, pages (uint64).
 */
export class LmdbPage {
  /** Bytes of the block of pages. */
  bytes: Buffer = Buffer.alloc(0);
  number = 0;
  #view: DataView = new DataView(this.bytes.buffer, 0, 0);
  /** Where the page begins in its block. */
  #begin = 0;
  readonly #pageBytes: number;
  readonly #keyBytesMax: number;
  readonly #transaction: number;
  /** Size of the node that begins at an offset, by half the offset; all zero between pages. */
  readonly #tiles: Uint16Array;

  /** @param transaction - Of the meta page in force; no page is newer. */
  constructor(pageBytes: number, transaction: number) {
    this.#pageBytes = pageBytes;
    this.#transaction = transaction;
    this.#tiles = new Uint16Array(pageBytes / 2);
    // A node of a key and the record of a tree must fit into a page twice.
    const nodeBytesMax = (((pageBytes - pageHeadBytes) / 2) & -2) - 2;
    this.#keyBytesMax = nodeBytesMax - nodeHeadBytes - 48;
  }

  /** Looks at a page. */
  moveTo(bytes: Buffer, begin: number, number: number): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#begin = begin;
    this.number = number;
  }

  /** Nodes of a page of a tree. */
  get nodeCount(): number {
    return this.#view.getUint16(this.#begin + 20, true) >> 1;
  }

  /** Pages of a value that begins here; 0 if none does. */
  overflowPages(): number {
    const isHead = this.headProblem(pageKinds.overflow) === undefined;
    return isHead ? this.#view.getUint32(this.#begin + 20, true) : 0;
  }

  /** What is wrong with the head of a page of some kind. */
  headProblem(kind: number): string | undefined {
    const at = this.#begin;
    const view = this.#view;
    const number = readUint64(view, at);
    if (number !== this.number) return `its number is ${number}`;
    const flags = view.getUint16(at + 18, true);
    if (flags !== kind) return `its flags are 0x${flags.toString(16)}, wanted 0x${kind}`;
    const transaction = readUint64(view, at + 8);
    if (transaction <= this.#transaction) return undefined;
    return `it is of transaction ${transaction}, the last one was ${this.#transaction}`;
  }

  /**
   * What is wrong with a page of a tree as such: head and bounds, and nodes that do not fill what
   * is theirs without a gap. Hot: twice over all nodes, 10 ns each.
   */
  problem(kind: 1 | 2): string | undefined {
    const head = this.headProblem(kind);
    if (head !== undefined) return head;
    const lower = this.#view.getUint16(this.#begin + 20, true);
    const upper = this.#view.getUint16(this.#begin + 22, true);
    const end = this.#pageBytes - pageHeadBytes;
    if (((lower | upper) & 1) !== 0 || lower > upper || upper > end) {
      return `its bounds are ${lower} and ${upper}`;
    }
    const count = lower >> 1;
    if (count === 0) return "it is empty";
    for (let node = 0; node < count; node++) {
      const problem = this.#layTile(kind, node, upper, end);
      if (problem !== undefined) return `node ${node} ${problem}`;
    }
    const tiles = this.#tiles;
    let found = 0;
    for (let at = upper; at < end; found++) {
      const size = tiles[at >> 1] ?? 0;
      if (size === 0) return `there is no node at ${at}`;
      tiles[at >> 1] = 0;
      at += size;
    }
    return found === count ? undefined : "its nodes overlap";
  }

  #layTile(kind: number, node: number, upper: number, end: number): string | undefined {
    const view = this.#view;
    const content = this.#begin + pageHeadBytes;
    const offset = view.getUint16(content + node * 2, true);
    if ((offset & 1) !== 0 || offset < upper || offset > end - nodeHeadBytes) {
      return `is said to be at ${offset}`;
    }
    const at = content + offset;
    const keyBytes = view.getUint16(at + 6, true);
    let size = nodeHeadBytes + keyBytes;
    if (kind === pageKinds.leaf) {
      const flags = view.getUint16(at + 4, true);
      if (flags > nodeFlags.subtree) return `has flags 0x${flags.toString(16)}`;
      if (keyBytes === 0 || keyBytes > this.#keyBytesMax) return `has a key of ${keyBytes} bytes`;
      size += flags === nodeFlags.overflow ? placeBytes : view.getUint32(at, true);
    }
    if (offset + size > end) return "reaches beyond the page";
    if (this.#tiles[offset >> 1] !== 0) return "is at the place of another";
    this.#tiles[offset >> 1] = (size + 1) & -2;
    return undefined;
  }

  /** Where a node begins in the block. */
  #node(node: number): number {
    const content = this.#begin + pageHeadBytes;
    return content + this.#view.getUint16(content + node * 2, true);
  }

  /** Key of a node; a view. */
  key(node: number): Buffer {
    const begin = this.#node(node) + nodeHeadBytes;
    return this.bytes.subarray(begin, begin + this.#view.getUint16(begin - 2, true));
  }

  /** Flags of a node of a leaf, one of {@link nodeFlags}. */
  flags(node: number): number {
    return this.#view.getUint16(this.#node(node) + 4, true);
  }

  /** Page below a node of a branch. */
  child(node: number): number {
    const at = this.#node(node);
    return this.#view.getUint32(at, true) + this.#view.getUint16(at + 4, true) * 2 ** 32;
  }

  /** Size of the value of a node of a leaf, wherever it is. */
  valueBytes(node: number): number {
    return this.#view.getUint32(this.#node(node), true);
  }

  /** Value of a node of a leaf, if it is here; a view. */
  value(node: number): Buffer {
    const begin = this.#dataOf(node);
    return this.bytes.subarray(begin, begin + this.valueBytes(node));
  }

  /** First page and number of pages of a value that is elsewhere. */
  place(node: number): { readonly first: number; readonly count: number } {
    const begin = this.#dataOf(node);
    return { first: readUint64(this.#view, begin), count: readUint64(this.#view, begin + 16) };
  }

  #dataOf(node: number): number {
    const at = this.#node(node);
    return at + nodeHeadBytes + this.#view.getUint16(at + 6, true);
  }
}

/** Flags of nodes: a value, the place of a value, the record of a tree. */
export const nodeFlags = { value: 0, overflow: 1, subtree: 2 } as const;

const nodeHeadBytes = 8;
const placeBytes = 24;

/** Inexact above 2^53, where all numbers are wrong alike. */
function readUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
