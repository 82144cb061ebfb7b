import type { Key } from "../key.ts";
import type { BucketName } from "./backend.ts";
import type { LayerCursor, ScanLayer } from "./merge-scan.ts";
import { lowerBoundOf, SortedRows } from "./sorted-rows.ts";

/** Marks a removed row in an overlay. */
export const removedRow: unique symbol = Symbol("removed row");

/** What an overlay knows of a row. */
export type OverlayValue = Uint8Array | typeof removedRow;

/** One staged write. */
export interface StagedWrite {
  readonly bucket: BucketName;
  readonly key: Key;
  readonly value: OverlayValue;
  /** Number of the next write of the same row; greater than any number if there is none yet. */
  next: number;
}

/** Newest staged writes of one bucket. */
export class RowLayer implements ScanLayer {
  readonly #rows = new SortedRows<StagedWrite>();

  get size(): number {
    return this.#rows.size;
  }

  get(key: Key): OverlayValue | undefined {
    return this.#rows.get(key)?.value;
  }

  /**
   * Sets the newest write of a row and returns the one before. Removals come in any order, from
   * compaction by the thousand: they are not put into order.
   */
  set(write: StagedWrite): StagedWrite | undefined {
    const { key, value } = write;
    const before = this.#rows.get(key);
    if (value === removedRow) this.#rows.setUnordered(key, write);
    else {
      if (before?.value === removedRow) this.#rows.delete(key);
      this.#rows.set(key, write);
    }
    return before;
  }

  cursor(begin: Key, end: Key | undefined): LayerCursor {
    return new RowCursor(this.#rows.orderedKeys(), begin, end);
  }
}

/** A place among the ordered keys of a layer. */
class RowCursor implements LayerCursor {
  key: Key | undefined;
  readonly #keys: readonly Key[];
  readonly #end: Key | undefined;
  #position: number;

  constructor(keys: readonly Key[], begin: Key, end: Key | undefined) {
    this.#keys = keys;
    this.#end = end;
    this.#position = lowerBoundOf(keys, begin);
    this.key = this.#keyAtPosition();
  }

  advance(): void {
    this.#position++;
    this.key = this.#keyAtPosition();
  }

  #keyAtPosition(): Key | undefined {
    const key = this.#keys[this.#position];
    return key === undefined || (this.#end !== undefined && key >= this.#end) ? undefined : key;
  }
}
