import type { Key } from "../key.ts";
import { bucketNames, type BucketName } from "./backend.ts";
import { SortedRows } from "./sorted-rows.ts";

/** Marks a removed row in an overlay. */
export const removedRow: unique symbol = Symbol("removed row");

/** What an overlay knows of a row. */
export type OverlayValue = Uint8Array | typeof removedRow;

/**
 * Rows that are not in LMDB yet: their newest values for readers, and the writes in order for the
 * commit.
 *
 * The order matters: a commit may be cut into several transactions, each of whole units, and a row
 * such as the applied index must have in each the value it had at that unit (C25).
 */
export class Overlay {
  readonly #buckets = new Map<BucketName, SortedRows<OverlayValue>>();
  readonly writeBuckets: BucketName[] = [];
  readonly writeKeys: Key[] = [];
  readonly writeValues: OverlayValue[] = [];
  /** Number of writes at the end of each unit, ascending. */
  readonly unitEnds: number[] = [];
  /** Greatest mark of the ended units; undefined if none had one. */
  mark: number | undefined = undefined;
  sizeBytes = 0;

  constructor() {
    for (const name of bucketNames) this.#buckets.set(name, new SortedRows());
  }

  get writeCount(): number {
    return this.writeKeys.length;
  }

  /** Whether writes were staged behind the last ended unit. */
  get hasOpenUnit(): boolean {
    return (this.unitEnds[this.unitEnds.length - 1] ?? 0) !== this.writeKeys.length;
  }

  get(bucket: BucketName, key: Key): OverlayValue | undefined {
    return this.#buckets.get(bucket)?.get(key);
  }

  rows(bucket: BucketName): SortedRows<OverlayValue> | undefined {
    return this.#buckets.get(bucket);
  }

  /** Removals come in any order, from compaction by the thousand: they are not put into order. */
  stage(bucket: BucketName, key: Key, value: OverlayValue): void {
    const rows = this.#buckets.get(bucket);
    if (value === removedRow) rows?.setUnordered(key, value);
    else {
      if (rows?.get(key) === removedRow) rows.delete(key);
      rows?.set(key, value);
    }
    this.writeBuckets.push(bucket);
    this.writeKeys.push(key);
    this.writeValues.push(value);
    this.sizeBytes += key.length + (value === removedRow ? 0 : value.length);
  }

  endUnit(mark: number | undefined): void {
    if (!this.hasOpenUnit) return;
    this.unitEnds.push(this.writeKeys.length);
    if (mark !== undefined) this.mark = Math.max(mark, this.mark ?? 0);
  }
}
