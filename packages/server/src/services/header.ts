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
  #last: (HeaderValues & { readonly field: Uint8Array }) | undefined;

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
  fresh(revision: number, raftTerm: number): Uint8Array {
    const values = { revision, raftTerm };
    const writer = new Writer(this.fieldSize(values));
    this.writeField(writer, values);
    return writer.finish();
  }

  /** Field 1 as bytes: made once for all watchers of a revision. Must not be changed. */
  field(revision: number, raftTerm: number): Uint8Array {
    const last = this.#last;
    if (last?.revision === revision && last.raftTerm === raftTerm) return last.field;
    const field = this.fresh(revision, raftTerm);
    this.#last = { revision, raftTerm, field };
    return field;
  }

  #size({ revision, raftTerm }: HeaderValues): number {
    const revisionSize = revision === 0 ? 0 : 1 + int64Size(revision);
    const termSize = raftTerm === 0 ? 0 : 1 + uint64Size(raftTerm);
    return this.#ids.length + revisionSize + termSize;
  }
}
