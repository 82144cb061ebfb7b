import { ByteWriter } from "./byte-writer.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { fieldBytes, HeaderField } from "./header-field.ts";
import { staticCount, staticIndexOfField, staticIndexOfName } from "./static-table.ts";

/** Largest table that is kept for a peer, whatever it allows; the default of HTTP/2. */
const tableBytesMost = 4_096;
/** Lists whose bytes are remembered by identity. */
const cachedListsMax = 8;

/**
 * Fields that enter the dynamic table: those of nearly every answer. All else is written out, so
 * that a table of constants never evicts, and nothing that callers send lies beside secrets in it.
 */
const indexedFields: ReadonlySet<string> = new Set([
  "content-type\napplication/grpc",
  "content-type\napplication/grpc+proto",
  "grpc-status\n0",
  "grpc-encoding\ngzip",
  "grpc-encoding\nidentity",
]);

interface CachedList {
  readonly fields: readonly HeaderField[];
  readonly version: number;
  readonly block: Uint8Array;
}

/** Shared, because a block is written in one go; thousands of connections need no buffer each. */
const writer = new ByteWriter();

/**
 * Encodes the header blocks of one connection (RFC 7541), to be sent in the order they were made.
 *
 * References to the static table where it has the field or its name, to the dynamic table for the
 * few constant fields of answers, literals without indexing for the rest; Huffman code where
 * shorter.
 *
 * Hot answers are encoded once: for a frozen list that needs no change of the table the same bytes
 * come back for the same list, from its second block on.
 *
 * @example
 * ```ts
 * const ok = Object.freeze([new HeaderField("grpc-status", "0")]);
 * const encoder = new HpackEncoder();
 * encoder.encode(ok); // enters the table
 * encoder.encode(ok) === encoder.encode(ok); // one byte, the same object
 * ```
 */
export class HpackEncoder {
  readonly #table = new DynamicTable(tableBytesMost);
  readonly #cached: CachedList[] = [];
  #nextVictim = 0;
  /** What the table's size shall be from the next block on. */
  #tableBytesMax = tableBytesMost;
  /** The smallest it had to be since the last block. */
  #tableBytesLeast = tableBytesMost;
  #isResized = false;

  /**
   * Takes the peer's SETTINGS_HEADER_TABLE_SIZE; the next block tells it of the change (4.2).
   *
   * @param peerMax - In `[0, 2^32)`; at most 4,096 of it are used.
   */
  setTableBytesMax(peerMax: number): void {
    this.#tableBytesMax = Math.min(peerMax, tableBytesMost);
    this.#tableBytesLeast = Math.min(this.#tableBytesLeast, this.#tableBytesMax);
    this.#isResized =
      this.#tableBytesLeast < this.#table.bytesMax || this.#tableBytesMax !== this.#table.bytesMax;
  }

  /**
   * Encodes one list, pseudo-header fields first as the caller orders them.
   *
   * @param fields - Lower-case names; both strings latin1. A frozen list must hold fields that
   * never change.
   * @returns Bytes that must not be written to. They are valid in this place of the connection's
   * order only, unless the same object comes back for the next call too.
   * @throws RangeError for a character that is no byte.
   */
  encode(fields: readonly HeaderField[]): Uint8Array {
    if (!this.#isResized) {
      const { version } = this.#table;
      for (const cached of this.#cached) {
        if (cached.fields === fields && cached.version === version) return cached.block;
      }
    }
    // First, for a block left half-way would leave in the table what the peer never saw.
    for (const field of fields) checkField(field);
    const { version } = this.#table;
    if (this.#isResized) this.#resize();
    for (const field of fields) this.#field(field);
    const block = writer.take();
    if (this.#table.version === version && Object.isFrozen(fields)) {
      this.#remember({ fields, version, block });
    }
    return block;
  }

  #resize(): void {
    this.#isResized = false;
    const least = this.#tableBytesLeast;
    if (least < this.#table.bytesMax && least < this.#tableBytesMax) {
      this.#table.resize(least);
      writer.integer(0x20, 0x1f, least);
    }
    this.#table.resize(this.#tableBytesMax);
    writer.integer(0x20, 0x1f, this.#tableBytesMax);
    this.#tableBytesLeast = this.#tableBytesMax;
  }

  #field(field: HeaderField): void {
    const index = staticIndexOfField(field) || this.#dynamicIndex(field.name, field.value);
    if (index > 0) {
      writer.integer(0x80, 0x7f, index);
      return;
    }
    const isIndexed = this.#isWorthIndexing(field);
    const nameIndex = staticIndexOfName(field.name) || this.#dynamicIndex(field.name, undefined);
    if (isIndexed) writer.integer(0x40, 0x3f, nameIndex);
    else writer.integer(0x00, 0x0f, nameIndex);
    if (nameIndex === 0) writer.string(field.name);
    writer.string(field.value);
    if (isIndexed) this.#table.add(new HeaderField(field.name, field.value));
  }

  /** Index of an entry with this name and, unless undefined, this value; 0 if there is none. */
  #dynamicIndex(name: string, value: string | undefined): number {
    for (let index = 1; index <= this.#table.count; index += 1) {
      const field = this.#table.get(index);
      if (field?.name === name && (value === undefined || field.value === value)) {
        return staticCount + index;
      }
    }
    return 0;
  }

  /** An entry that does not fit would empty the table, and never be of use. */
  #isWorthIndexing(field: HeaderField): boolean {
    if (!indexedFields.has(`${field.name}\n${field.value}`)) return false;
    return this.#table.bytes + fieldBytes(field) <= this.#table.bytesMax;
  }

  #remember(list: CachedList): void {
    if (this.#cached.length < cachedListsMax) {
      this.#cached.push(list);
    } else {
      this.#cached[this.#nextVictim] = list;
      this.#nextVictim = (this.#nextVictim + 1) % cachedListsMax;
    }
  }
}

function checkField({ name, value }: HeaderField): void {
  checkBytes(name);
  checkBytes(value);
}

function checkBytes(text: string): void {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit <= 0xff) continue;
    const shown = unit.toString(16).padStart(4, "0");
    throw new RangeError(`Cannot encode header field: character U+${shown} is no byte`);
  }
}
