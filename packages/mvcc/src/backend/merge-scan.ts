import type { Key } from "../key.ts";
import type { RowVisitor } from "./backend.ts";
import { removedRow, type OverlayValue } from "./row-layer.ts";

/** Staged rows of one bucket, over what is stored. */
export interface ScanLayer {
  /** Number of rows. */
  readonly size: number;
  get(key: Key): OverlayValue | undefined;
  /** A cursor at the first row key that is not below `begin`; it ends before `end`. */
  cursor(begin: Key, end: Key | undefined): LayerCursor;
}

/** A place among the ordered row keys of a layer. */
export interface LayerCursor {
  /** Undefined behind the last. */
  readonly key: Key | undefined;
  advance(): void;
}

/** A walk over stored rows in order. */
export interface StoredScan {
  /** Undefined behind the last row. */
  readonly key: Key | undefined;
  /** Value of the row; a lent one is valid until the next read of the database. */
  value(isLent: boolean): Uint8Array;
  advance(): void;
  close(): void;
}

/**
 * Visits the union of stored rows and overlay layers in order; for a key in several of them the
 * earliest layer wins, then the stored row.
 */
export function mergeScan(
  stored: StoredScan,
  layers: readonly ScanLayer[],
  begin: Key,
  end: Key | undefined,
  isLent: boolean,
  visit: RowVisitor,
): void {
  const filled: ScanLayer[] = [];
  const cursors: LayerCursor[] = [];
  for (const layer of layers) {
    if (layer.size === 0) continue;
    filled.push(layer);
    const cursor = layer.cursor(begin, end);
    if (cursor.key !== undefined) cursors.push(cursor);
  }
  try {
    while (stored.key !== undefined || cursors.length > 0) {
      const storedKey = stored.key;
      const key = advanceTo(cursors, storedKey);
      if (key === undefined) return;
      let value = newestOf(filled, key);
      if (storedKey === key) {
        value ??= stored.value(isLent);
        if (value !== removedRow && !visit(key, value)) return;
        stored.advance();
      } else if (value !== undefined && value !== removedRow && !visit(key, value)) return;
    }
  } finally {
    stored.close();
  }
}

/** The least key that is next anywhere; cursors that stand on it move on. */
function advanceTo(cursors: LayerCursor[], storedKey: Key | undefined): Key | undefined {
  let key = storedKey;
  for (const cursor of cursors) {
    if (key === undefined || (cursor.key !== undefined && cursor.key < key)) key = cursor.key;
  }
  let isFinished = false;
  for (const cursor of cursors) {
    if (cursor.key !== key) continue;
    cursor.advance();
    isFinished ||= cursor.key === undefined;
  }
  if (isFinished) dropFinished(cursors);
  return key;
}

/** What the earliest layer says of a key; layers know removed rows that no cursor comes upon. */
function newestOf(layers: readonly ScanLayer[], key: Key): OverlayValue | undefined {
  for (const layer of layers) {
    const value = layer.get(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

function dropFinished(cursors: LayerCursor[]): void {
  for (let at = cursors.length - 1; at >= 0; at--) {
    if (cursors[at]?.key === undefined) cursors.splice(at, 1);
  }
}
