import { isTombstoneKey, isVersionKey, mainOf, revisionKey, subOf } from "../revision-key.ts";
import type { Key } from "../key.ts";
import type { LayerCursor, ScanLayer } from "./merge-scan.ts";
import { checksumBytes } from "./row-checksum.ts";
import { slabBytes, type Slab, type SlabPool } from "./slab.ts";

/**
 * Staged rows of bucket `key` in the order in which the store makes them: main revisions without a
 * gap, sub revisions from 0. So a row is found by arithmetic, and nothing is made for it but three
 * small numbers; row keys exist only where somebody scans.
 *
 *     firstMain 7   firstRows [0 1 3]     row 0 = 7.0   row 1 = 8.0   row 2 = 8.1   row 3 = 9.0
 *                   positions [0 300 ..]  slab number x slab size + offset
 *                   lengths   [300 280 ..] the complement for a tombstone
 *
 * Behind each row there is room for its checksum.
 */
export class VersionRows implements ScanLayer {
  readonly #pool: SlabPool;
  readonly #slabs: Slab[] = [];
  #slab: Slab | undefined;
  #firstMain = 0;
  /** Number of the first row of each main revision. */
  readonly #firstRows: number[] = [];
  readonly #positions: number[] = [];
  readonly #lengths: number[] = [];

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#lengths.length;
  }

  /** Whether a version is the next one in order. */
  isNext(main: number, sub: number): boolean {
    const mains = this.#firstRows.length;
    if (mains === 0) return sub === 0;
    const last = this.#firstMain + mains - 1;
    if (main === last + 1) return sub === 0;
    return main === last && sub === this.size - (this.#firstRows[mains - 1] ?? 0);
  }

  /** Stages a version for which `isNext` holds. The caller fills `bytes` from `begin` on. Hot. */
  stage(main: number, sub: number, isTombstone: boolean, sizeBytes: number): Slab {
    const row = this.#lengths.length;
    if (row === 0) this.#firstMain = main;
    if (sub === 0) this.#firstRows.push(row);
    const storedBytes = sizeBytes + checksumBytes;
    let slab = this.#slab;
    if (slab === undefined || !slab.hasRoom(storedBytes)) slab = this.#add(storedBytes);
    slab.add(storedBytes);
    this.#positions.push((this.#slabs.length - 1) * slabBytes + slab.begin);
    this.#lengths.push(isTombstone ? ~sizeBytes : sizeBytes);
    return slab;
  }

  /** Number of a put's row; -1 if it is not here. */
  find(main: number, sub: number): number {
    const row = this.#rowAt(main - this.#firstMain, sub);
    return row >= 0 && (this.#lengths[row] ?? -1) >= 0 ? row : -1;
  }

  /** Stored bytes of a row; they stay valid. */
  view(row: number): Uint8Array {
    const position = this.#positions[row] ?? 0;
    const length = this.#lengths[row] ?? 0;
    const begin = position % slabBytes;
    const slab = this.#slabs[(position - begin) / slabBytes];
    if (slab === undefined) throw new RangeError(`Cannot read staged row ${row}: there is none`);
    return slab.view(begin, begin + (length < 0 ? ~length : length));
  }

  get(key: Key): Uint8Array | undefined {
    const row = this.#rowOf(key);
    return row < 0 ? undefined : this.view(row);
  }

  cursor(begin: Key, end: Key | undefined): LayerCursor {
    return new VersionCursor(this, this.#lowerBound(begin), end);
  }

  /** Row key of a row; undefined behind the last. O(log rows). */
  keyOf(row: number): Key | undefined {
    const length = this.#lengths[row];
    if (length === undefined) return undefined;
    const at = this.#mainAt(row);
    return revisionKey(this.#firstMain + at, row - (this.#firstRows[at] ?? 0), length < 0);
  }

  /** Visits rows `begin` to `end` (exclusive) in order, each with the room for its checksum. */
  visit(begin: number, end: number, visit: VersionVisitor): void {
    const slabs = this.#slabs;
    const firstRows = this.#firstRows;
    let at = this.#mainAt(begin);
    for (let row = begin; row < end; row++) {
      while (row >= (firstRows[at + 1] ?? end)) at++;
      const position = this.#positions[row] ?? 0;
      const length = this.#lengths[row] ?? 0;
      const slab = slabs[Math.floor(position / slabBytes)];
      if (slab === undefined) return;
      slab.start = position % slabBytes;
      slab.end = slab.start + (length < 0 ? ~length : length) + checksumBytes;
      visit(this.#firstMain + at, row - (firstRows[at] ?? 0), length < 0, slab);
    }
  }

  /** Gives the memory back; no row may be asked for any more. */
  release(): void {
    for (const slab of this.#slabs) this.#pool.give(slab);
    this.#slabs.length = 0;
    this.#slab = undefined;
  }

  #add(rowBytes: number): Slab {
    const slab = this.#pool.take(rowBytes);
    this.#slabs.push(slab);
    this.#slab = slab;
    return slab;
  }

  #rowOf(key: Key): number {
    if (!isVersionKey(key)) return -1;
    const row = this.#rowAt(mainOf(key) - this.#firstMain, subOf(key));
    const length = this.#lengths[row] ?? 0;
    return row >= 0 && length < 0 === isTombstoneKey(key) ? row : -1;
  }

  /**
   * Number of a row by its main revision, counted from the first; -1 if it is not here. Hot: most
   * that is asked for lies outside, and an index outside of an array is slow.
   */
  #rowAt(at: number, sub: number): number {
    const mains = this.#firstRows.length;
    if (at < 0 || at >= mains) return -1;
    const row = (this.#firstRows[at] ?? 0) + sub;
    const end = at + 1 < mains ? (this.#firstRows[at + 1] ?? 0) : this.size;
    return row < end ? row : -1;
  }

  /** Which main revision, counted from the first, a row belongs to. */
  #mainAt(row: number): number {
    let begin = 0;
    let end = this.#firstRows.length;
    while (begin < end) {
      const middle = (begin + end) >>> 1;
      if ((this.#firstRows[middle] ?? 0) <= row) begin = middle + 1;
      else end = middle;
    }
    return Math.max(0, begin - 1);
  }

  #lowerBound(key: Key): number {
    let begin = 0;
    let end = this.size;
    while (begin < end) {
      const middle = (begin + end) >>> 1;
      const at = this.keyOf(middle);
      if (at !== undefined && at < key) begin = middle + 1;
      else end = middle;
    }
    return begin;
  }
}

/** Receives a row: it lies in `slab` between `start` and `end`, its checksum's room included. */
export type VersionVisitor = (main: number, sub: number, isTombstone: boolean, slab: Slab) => void;

class VersionCursor implements LayerCursor {
  key: Key | undefined;
  readonly #rows: VersionRows;
  readonly #end: Key | undefined;
  #row: number;

  constructor(rows: VersionRows, row: number, end: Key | undefined) {
    this.#rows = rows;
    this.#row = row;
    this.#end = end;
    this.key = this.#keyAtRow();
  }

  advance(): void {
    this.#row++;
    this.key = this.#keyAtRow();
  }

  #keyAtRow(): Key | undefined {
    const key = this.#rows.keyOf(this.#row);
    return key === undefined || (this.#end !== undefined && key >= this.#end) ? undefined : key;
  }
}
