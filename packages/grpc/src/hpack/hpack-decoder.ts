import { BlockCache } from "./block-cache.ts";
import { BlockReader } from "./block-reader.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { fieldBytes, fieldOverheadBytes, HeaderField, HeaderList } from "./header-field.ts";
import { HpackError } from "./hpack-error.ts";
import { staticCount, staticTable } from "./static-table.ts";

/** Bounds of a {@link HpackDecoder}. */
export interface HpackDecoderOptions {
  /**
   * Largest dynamic table that the peer may ask for, in `[0, 2^31)`: the SETTINGS_HEADER_TABLE_SIZE
   * that it has acknowledged or not been told otherwise (4,096).
   */
  readonly tableBytesMax: number;
  /** Largest header list: name, value and 32 for each field, as RFC 9113, 6.5.2 counts. */
  readonly listBytesMax: number;
  /** Most fields of a header list. */
  readonly fieldsMax: number;
}

/** The table size of both sides before any setting (RFC 9113, 6.5.2). */
const tableBytesAtFirst = 4_096;

/**
 * Decodes the header blocks of one connection (RFC 7541), each whole and in the order they came.
 *
 * A fault in a block throws {@link HpackError}, and the decoder must not be used again: the
 * connection ends. A list above a limit is no fault: the block is decoded to its end, so that the
 * tables stay equal, and the list says `isTooLarge`.
 *
 * @example
 * ```ts
 * const decoder = new HpackDecoder({
 *   tableBytesMax: 4_096,
 *   listBytesMax: 16_384,
 *   fieldsMax: 128,
 * });
 * const { fields } = decoder.decode(Uint8Array.of(0x82)); // :method GET
 * ```
 */
export class HpackDecoder {
  readonly #listBytesMax: number;
  readonly #fieldsMax: number;
  readonly #table: DynamicTable;
  readonly #reader = new BlockReader();
  #cache = new BlockCache();
  #tableBytesMax: number;

  #fields: HeaderField[] = [];
  #listBytes = 0;
  #isTooLarge = false;

  constructor(options: HpackDecoderOptions) {
    this.#listBytesMax = options.listBytesMax;
    this.#fieldsMax = options.fieldsMax;
    this.#tableBytesMax = options.tableBytesMax;
    this.#table = new DynamicTable(Math.min(options.tableBytesMax, tableBytesAtFirst));
  }

  /** The dynamic table, newest entry first; for tests. @internal */
  get tableFields(): readonly HeaderField[] {
    const fields: HeaderField[] = [];
    for (let index = 1; index <= this.#table.count; index += 1) {
      const field = this.#table.get(index);
      if (field !== undefined) fields.push(field);
    }
    return fields;
  }

  /** Size of the dynamic table as RFC 7541, 4.1 counts it. @internal */
  get tableBytes(): number {
    return this.#table.bytes;
  }

  /**
   * Changes the bound of the table; called when the peer acknowledges the setting. If the table may
   * now be too large, the next block has to begin with a smaller size (4.2).
   */
  setTableBytesMax(bytes: number): void {
    this.#tableBytesMax = bytes;
    // What was kept would pass without the lowering that is now due.
    if (bytes < this.#table.bytesMax) this.#cache = new BlockCache();
  }

  /**
   * Decodes one header block.
   *
   * @param block - Not kept. The same bytes again give the same object again, as long as the
   * dynamic table did not change in between.
   * @returns Fields of the tables are shared with other lists.
   * @throws {@link HpackError} for every fault that RFC 7541 names.
   * @remarks O(bytes of the block).
   */
  decode(block: Uint8Array): HeaderList {
    const version = this.#table.version;
    const cached = this.#cache.find(block, version);
    if (cached !== undefined) return cached;
    this.#fields = [];
    this.#listBytes = 0;
    this.#isTooLarge = false;
    const reader = this.#reader;
    reader.open(block);
    this.#readSizeUpdates();
    while (!reader.isAtEnd) {
      const first = reader.peek();
      if (first >= 0x80) this.#keep(this.#entry(reader.integer(0x7f)));
      else if (first >= 0x40) this.#literal(0x3f, true);
      else if (first < 0x20) this.#literal(0x0f, false);
      else throw new HpackError("a table size update comes after a field", reader.position);
    }
    reader.close();
    const list = new HeaderList(this.#fields, this.#isTooLarge);
    this.#fields = [];
    if (this.#table.version === version && !list.isTooLarge) {
      this.#cache.add(block, version, list);
    }
    return list;
  }

  /** Reads 6.3, which may only stand at the beginning of a block (4.2). */
  #readSizeUpdates(): void {
    const reader = this.#reader;
    while ((reader.peek() & 0xe0) === 0x20 && !reader.isAtEnd) {
      const { position } = reader;
      const bytes = reader.integer(0x1f);
      if (bytes > this.#tableBytesMax) {
        const what = `a table size of ${bytes} is above the limit of ${this.#tableBytesMax}`;
        throw new HpackError(what, position);
      }
      this.#table.resize(bytes);
    }
    if (this.#table.bytesMax > this.#tableBytesMax) {
      const what = `the block does not begin by lowering the table size to ${this.#tableBytesMax}`;
      throw new HpackError(what, 0);
    }
  }

  /** The table entry of an index (2.3.3). */
  #entry(index: number): HeaderField {
    const field = index <= staticCount ? staticTable[index] : this.#table.get(index - staticCount);
    if (field === undefined || index === 0) {
      const last = staticCount + this.#table.count;
      const what = `index ${index} is outside of the tables, expected 1 to ${last}`;
      throw new HpackError(what, this.#reader.position - 1);
    }
    return field;
  }

  #keep(field: HeaderField): void {
    if (this.#isTooLarge) return;
    this.#listBytes += fieldBytes(field);
    if (this.#listBytes > this.#listBytesMax || this.#fields.length >= this.#fieldsMax) {
      this.#isTooLarge = true;
      return;
    }
    this.#fields.push(field);
  }

  /** Reads a literal field (6.2), with indexing or without. */
  #literal(prefixMax: number, isIndexed: boolean): void {
    const reader = this.#reader;
    const begin = reader.position;
    if (!this.#isTooLarge) {
      const index = reader.integer(prefixMax);
      const name = index === 0 ? reader.string(this.#listBytesMax) : this.#entry(index).name;
      const value = name === undefined ? undefined : reader.string(this.#listBytesMax);
      if (name !== undefined && value !== undefined) {
        const field = new HeaderField(name, value);
        if (isIndexed) this.#table.add(field);
        this.#keep(field);
        return;
      }
      this.#isTooLarge = true;
      reader.seek(begin);
    }
    this.#skipLiteral(prefixMax, isIndexed);
  }

  /** Reads a literal field of a list that is too large: only what the table needs is made. */
  #skipLiteral(prefixMax: number, isIndexed: boolean): void {
    const reader = this.#reader;
    const begin = reader.position;
    const index = reader.integer(prefixMax);
    const nameLength = index === 0 ? reader.skipString() : this.#entry(index).name.length;
    const bytes = nameLength + reader.skipString() + fieldOverheadBytes;
    if (!isIndexed) return;
    if (bytes > this.#table.bytesMax) {
      this.#table.clear();
      return;
    }
    reader.seek(begin);
    reader.integer(prefixMax);
    const name = index === 0 ? reader.string(bytes) : this.#entry(index).name;
    const value = reader.string(bytes);
    if (name === undefined || value === undefined) return;
    this.#table.add(new HeaderField(name, value));
  }
}
