/**
 * Walks over the fields of a protobuf message without decoding it.
 *
 * @param visit - Gets the number of each field with a length and where its bytes are.
 */
export function forEachField(
  bytes: Buffer,
  begin: number,
  end: number,
  visit: (field: number, fieldBegin: number, fieldEnd: number) => void,
): void {
  for (let offset = begin; offset < end;) {
    // Field numbers up to 15: one byte.
    const tag = bytes.readUInt8(offset);
    offset += 1;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(offset);
      offset += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if ((tag & 7) === 0) continue;
    if ((tag & 7) !== 2) throw new Error(`Cannot read a message: its field has the tag ${tag}`);
    visit(tag >>> 3, offset, offset + value);
    offset += value;
  }
}
