import type { Key } from "../key.ts";
import type { RowVisitor } from "./backend.ts";
import { copyLent } from "../lent.ts";
import type { LmdbRow } from "./lmdb-environment.ts";
import { removedRow, type OverlayValue } from "./overlay.ts";
import { lowerBoundOf, type SortedRows } from "./sorted-rows.ts";

/**
 * Visits the union of stored rows and overlay layers in order; for a key in several of them the
 * earliest layer wins, then the stored row.
 */
export function mergeScan(
  stored: Iterator<LmdbRow>,
  layers: readonly (SortedRows<OverlayValue> | undefined)[],
  begin: Key,
  end: Key | undefined,
  isLent: boolean,
  visit: RowVisitor,
): void {
  const filled: SortedRows<OverlayValue>[] = [];
  const cursors: LayerCursor[] = [];
  for (const layer of layers) {
    if (layer === undefined || layer.size === 0) continue;
    filled.push(layer);
    const cursor = new LayerCursor(layer, begin, end);
    if (cursor.key !== undefined) cursors.push(cursor);
  }
  let row = stored.next();
  try {
    while (row.done !== true || cursors.length > 0) {
      const storedKey = row.done === true ? undefined : row.value.key;
      const key = advanceTo(cursors, storedKey);
      if (key === undefined) return;
      let value = newestOf(filled, key);
      if (storedKey === key && row.done !== true) {
        value ??= isLent ? row.value.value : copyLent(row.value.value);
        if (value !== removedRow && !visit(key, value)) return;
        row = stored.next();
      } else if (value !== undefined && value !== removedRow && !visit(key, value)) return;
    }
  } finally {
    if (row.done !== true) stored.return?.();
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
function newestOf(layers: readonly SortedRows<OverlayValue>[], key: Key): OverlayValue | undefined {
  for (const layer of layers) {
    const value = layer.get(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A place among the ordered keys of one overlay layer. */
class LayerCursor {
  key: Key | undefined;
  readonly #keys: readonly Key[];
  readonly #end: Key | undefined;
  #position: number;

  constructor(layer: SortedRows<OverlayValue>, begin: Key, end: Key | undefined) {
    this.#keys = layer.orderedKeys();
    this.#end = end;
    this.#position = lowerBoundOf(this.#keys, begin);
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

function dropFinished(cursors: LayerCursor[]): void {
  for (let at = cursors.length - 1; at >= 0; at--) {
    if (cursors[at]?.key === undefined) cursors.splice(at, 1);
  }
}
