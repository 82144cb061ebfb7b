import type { Key } from "../key.ts";
import { isVersionKey, mainOf, revisionKey } from "../revision-key.ts";
import type { BucketName } from "./backend.ts";
import type { ScanLayer } from "./merge-scan.ts";
import { removedRow, RowLayer, type OverlayValue, type StagedWrite } from "./row-layer.ts";
import { SlabPool, type Slab } from "./slab.ts";
import { VersionRows } from "./version-rows.ts";

/**
 * Rows that are not in LMDB yet: their newest values for readers, and the writes in order for the
 * commit.
 *
 * The order matters: a commit may be cut into several transactions, each of whole units, and a row
 * such as the applied index must have in each the value it had at its last unit (C25). Versions
 * that the store makes, nearly all writes, stand in {@link VersionRows}; all else in a list.
 */
export class Overlay {
  readonly versions: VersionRows;
  readonly writes: StagedWrite[] = [];
  /** Ends of groups of whole units, ascending: what one transaction takes at the least. */
  readonly groups: OverlayPoint[] = [];
  /** End of the last unit. */
  readonly #end: OverlayPoint = { versions: 0, writes: 0 };
  /** Rows before the end of the last group. */
  #groupRows = 0;
  readonly #groupRowsMax: number;
  readonly #rows: Readonly<Record<BucketName, RowLayer>>;
  /** Greatest main revision in a row key of bucket `key` that was written out of order. */
  #writtenMain = 0;
  /** Greatest mark of the ended units; undefined if none had one. */
  mark: number | undefined = undefined;
  sizeBytes = 0;

  /** @param groupRowsMax - Most rows of a group of several units. */
  constructor(pool: SlabPool = new SlabPool(0), groupRowsMax: number = Number.MAX_SAFE_INTEGER) {
    this.versions = new VersionRows(pool);
    this.#groupRowsMax = groupRowsMax;
    this.#rows = layersOfBuckets();
  }

  get writeCount(): number {
    return this.versions.size + this.writes.length;
  }

  /** Number of `writes` up to the end of the last unit. */
  get endedWrites(): number {
    return this.#end.writes;
  }

  /** Whether writes were staged behind the last ended unit. */
  get hasOpenUnit(): boolean {
    return this.#end.versions + this.#end.writes !== this.writeCount;
  }

  get(bucket: BucketName, key: Key): OverlayValue | undefined {
    const value = this.#rows[bucket].get(key);
    return value === undefined && bucket === "key" ? this.versions.get(key) : value;
  }

  /** As `get`, for the row of a version that is no tombstone. */
  getVersion(main: number, sub: number): OverlayValue | undefined {
    if (main <= this.#writtenMain) {
      const written = this.#rows.key.get(revisionKey(main, sub, false));
      if (written !== undefined) return written;
    }
    const row = this.versions.find(main, sub);
    return row < 0 ? undefined : this.versions.view(row);
  }

  /** Layers for a scan, the one that wins first. */
  layers(bucket: BucketName): readonly ScanLayer[] {
    return bucket === "key" ? [this.#rows[bucket], this.versions] : [this.#rows[bucket]];
  }

  /** Stages a version and returns its memory; undefined if it does not come in order. */
  stageVersion(main: number, sub: number, isTombstone: boolean, size: number): Slab | undefined {
    if (main <= this.#writtenMain || !this.versions.isNext(main, sub)) return undefined;
    this.sizeBytes += rowKeyBytes + size;
    return this.versions.stage(main, sub, isTombstone, size);
  }

  /** Stages any row. */
  stage(bucket: BucketName, key: Key, value: OverlayValue): void {
    const write: StagedWrite = { bucket, key, value, next: Number.MAX_SAFE_INTEGER };
    const before = this.#rows[bucket].set(write);
    if (before !== undefined) before.next = this.writes.length;
    this.writes.push(write);
    if (bucket === "key") {
      const main = isVersionKey(key) ? mainOf(key) : Number.MAX_SAFE_INTEGER;
      if (main > this.#writtenMain) this.#writtenMain = main;
    }
    this.sizeBytes += key.length + (value === removedRow ? 0 : value.length);
  }

  endUnit(mark: number | undefined): void {
    if (!this.hasOpenUnit) return;
    const end = this.#end;
    const rows = end.versions + end.writes;
    if (rows > this.#groupRows && this.writeCount - this.#groupRows > this.#groupRowsMax) {
      this.groups.push({ versions: end.versions, writes: end.writes });
      this.#groupRows = rows;
    }
    end.versions = this.versions.size;
    end.writes = this.writes.length;
    if (mark !== undefined) this.mark = Math.max(mark, this.mark ?? 0);
  }

  /** Closes the last group; nothing may be staged any more. */
  seal(): void {
    this.groups.push({ versions: this.#end.versions, writes: this.#end.writes });
  }
}

/** A place in the order of staging. */
export interface OverlayPoint {
  /** Versions before it. */
  versions: number;
  /** Other writes before it. */
  writes: number;
}

/** Length of a version's row key. */
const rowKeyBytes = 17;

function layersOfBuckets(): Readonly<Record<BucketName, RowLayer>> {
  return {
    key: new RowLayer(),
    lease: new RowLayer(),
    auth: new RowLayer(),
    authUsers: new RowLayer(),
    authRoles: new RowLayer(),
    members: new RowLayer(),
    alarm: new RowLayer(),
    meta: new RowLayer(),
  };
}
