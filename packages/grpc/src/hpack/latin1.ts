import { Buffer } from "node:buffer";

const { fromCharCode } = String;
/** Up to this length composing a text beats the call into native code (12 characters measured). */
const composedMax = 12;

/**
 * The bytes of `[begin, end)` as latin1 text.
 *
 * Hot: one of these for each literal string of a header block.
 */
export function latin1Text(bytes: Uint8Array, begin: number, end: number): string {
  if (end - begin > composedMax) {
    return toBuffer(bytes).toString("latin1", begin, end);
  }
  let text = "";
  let index = begin;
  for (; index + 4 <= end; index += 4) {
    text += fromCharCode(
      bytes[index] ?? 0,
      bytes[index + 1] ?? 0,
      bytes[index + 2] ?? 0,
      bytes[index + 3] ?? 0,
    );
  }
  for (; index < end; index += 1) text += fromCharCode(bytes[index] ?? 0);
  return text;
}

function toBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
