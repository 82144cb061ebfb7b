import { encodeResponseHeader, int64Size, uint64Size, Writer } from "@quorate/api";

/** What the header of an answer says; ids are the member's own and added here. */
export interface HeaderValues {
  readonly revision: number;
  readonly raftTerm: number;
}

/**
 * Writes `ResponseHeader`s: the two ids never change in the life of a member, so their bytes are
 * made once.
 */
// Hot: stands in every answer and every watch response.
export class HeaderEncoder {
  readonly #ids: Uint8Array;
  #last: { readonly values: HeaderValues; readonly field: Uint8Array } | undefined;

  #slab: Uint8Array = new Uint8Array(0);
  #slabOffset = 0;

  constructor(ids: { readonly clusterId: bigint; readonly memberId: bigint }) {
    this.#ids = encodeResponseHeader(ids);
  }

  /** Bytes of field 1 with the header in it, tag and length included. */
  fieldSize(values: HeaderValues): number {
    return 2 + this.#size(values);
  }

  /** Writes field 1. The writer has room for {@link HeaderEncoder.fieldSize} bytes. */
  writeField(writer: Writer, values: HeaderValues): void {
    writer.byte(0x0a);
    writer.byte(this.#size(values)); // Two ids, two varints: always below 128 bytes.
    writer.raw(this.#ids);
    if (values.revision !== 0) {
      writer.byte(0x18);
      writer.varint(values.revision);
    }
    if (values.raftTerm !== 0) {
      writer.byte(0x20);
      writer.varint(values.raftTerm);
    }
  }

  /** Field 1 as bytes that nobody shares: the whole answer to most writes. */
  // Hot: one for each put. Cut from a slab, which costs half of an array of its own.
  fresh(revision: number, raftTerm: number): Uint8Array {
    if (this.#slab.length - this.#slabOffset < fieldSizeMax) this.#renewSlab();
    const slab = this.#slab;
    const begin = this.#slabOffset;
    let at = begin;
    slab[at++] = 0x0a;
    at++; // The length, see below.
    for (const byte of this.#ids) slab[at++] = byte;
    if (revision !== 0) {
      slab[at++] = 0x18;
      at = writeVarint(slab, at, revision);
    }
    if (raftTerm !== 0) {
      slab[at++] = 0x20;
      at = writeVarint(slab, at, raftTerm);
    }
    slab[begin + 1] = at - begin - 2;
    this.#slabOffset = at;
    return new Uint8Array(slab.buffer, slab.byteOffset + begin, at - begin);
  }

  /** Field 1 as bytes: made once for all watchers of a revision. Must not be changed. */
  field(revision: number, raftTerm: number): Uint8Array {
    const last = this.#last;
    if (last?.values.revision === revision && last.values.raftTerm === raftTerm) return last.field;
    const values = { revision, raftTerm };
    const writer = new Writer(this.fieldSize(values));
    this.writeField(writer, values);
    const field = writer.finish();
    this.#last = { values, field };
    return field;
  }

  #renewSlab(): void {
    this.#slab = new Uint8Array(slabSize);
    this.#slabOffset = 0;
  }

  #size({ revision, raftTerm }: HeaderValues): number {
    const revisionSize = revision === 0 ? 0 : 1 + int64Size(revision);
    const termSize = raftTerm === 0 ? 0 : 1 + uint64Size(raftTerm);
    return this.#ids.length + revisionSize + termSize;
  }
}

/** Two ids and two numbers of ten bytes at most, each with its tag, and the field's own head. */
const fieldSizeMax = 4 * 11 + 2;
const slabSize = 8192;

/** Writes a safe integer that is not negative; returns the offset behind it. */
function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7f) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}
