/** Range requests of the simplest form, read without decoding a message. */

const keyTag = 0x0a;
const serializableTag = 0x38;

/** A request for one key at the current revision; where its key lies in the bytes. */
export interface PointRequest {
  keyBegin: number;
  keyEnd: number;
  isSerializable: boolean;
}

/**
 * Looks whether a `RangeRequest` asks for one key and nothing more, which nearly all do: then it
 * consists of the key, and `serializable` behind it or not at all.
 *
 * @param found - Where the answer goes; one object serves all requests.
 * @returns false for every other form, whether it is valid or not: decode it.
 */
// Hot: each Range passes here.
export function readPointRequest(bytes: Uint8Array, found: PointRequest): boolean {
  const { length } = bytes;
  if (length < 3 || bytes[0] !== keyTag) return false;
  let keyLength = bytes[1] ?? 0;
  let begin = 2;
  if (keyLength >= 0x80) {
    const high = bytes[2] ?? 0;
    // A third byte of length, or a number with needless zeros.
    if (high >= 0x80 || high === 0) return false;
    keyLength += (high - 1) * 0x80;
    begin = 3;
  }
  const end = begin + keyLength;
  if (keyLength === 0) return false;
  found.keyBegin = begin;
  found.keyEnd = end;
  found.isSerializable = false;
  if (end === length) return true;
  found.isSerializable = true;
  return end + 2 === length && bytes[end] === serializableTag && bytes[end + 1] === 1;
}
