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
  const cursors: LayerCursor[] = [];
  for (const layer of layers) {
    if (layer === undefined || layer.size === 0) continue;
    const cursor = new LayerCursor(layer, begin, end);
    if (cursor.key !== undefined) cursors.push(cursor);
  }
  let row = stored.next();
  try {
    while (row.done !== true || cursors.length > 0) {
      const storedKey = row.done === true ? undefined : row.value.key;
      let key = storedKey;
      for (const cursor of cursors) {
        if (key === undefined || (cursor.key !== undefined && cursor.key < key)) key = cursor.key;
      }
      if (key === undefined) return;
      let value: OverlayValue | undefined;
      for (const cursor of cursors) {
        if (cursor.key !== key) continue;
        value ??= cursor.value;
        cursor.advance();
      }
      if (cursors.some((cursor) => cursor.key === undefined)) dropFinished(cursors);
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

/** A place in one overlay layer. */
class LayerCursor {
  key: Key | undefined;
  value: OverlayValue | undefined;
  readonly #layer: SortedRows<OverlayValue>;
  readonly #keys: readonly Key[];
  readonly #end: Key | undefined;
  #position: number;

  constructor(layer: SortedRows<OverlayValue>, begin: Key, end: Key | undefined) {
    this.#layer = layer;
    this.#keys = layer.orderedKeys();
    this.#end = end;
    this.#position = lowerBoundOf(this.#keys, begin);
    this.#load();
  }

  advance(): void {
    this.#position++;
    this.#load();
  }

  #load(): void {
    const key = this.#keys[this.#position];
    const isOutside = key === undefined || (this.#end !== undefined && key >= this.#end);
    this.key = isOutside ? undefined : key;
    this.value = this.key === undefined ? undefined : this.#layer.get(this.key);
  }
}

function dropFinished(cursors: LayerCursor[]): void {
  for (let at = cursors.length - 1; at >= 0; at--) {
    if (cursors[at]?.key === undefined) cursors.splice(at, 1);
  }
}
