import { Buffer } from "node:buffer";

const needsEscape = /[^ -$&-~]/;

/**
 * The form of a status message in the header `grpc-message`: UTF-8, with `%` and every byte outside
 * of printable ASCII as `%XX`. Lone surrogates, which have no UTF-8 form, become U+FFFD.
 */
export function encodeStatusMessage(message: string): string {
  if (!needsEscape.test(message)) return message;
  let encoded = "";
  for (const byte of Buffer.from(message, "utf8")) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
