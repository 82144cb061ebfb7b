import { Buffer } from "node:buffer";

/**
 * Decodes the value of a header whose name ends in `-bin`: base64, with padding or without. Several
 * values may be joined by commas; the first counts.
 *
 * @returns One byte in each character (latin1). Characters outside of base64 are ignored.
 */
export function decodeBinaryValue(value: string): string {
  const comma = value.indexOf(",");
  return Buffer.from(comma === -1 ? value : value.slice(0, comma), "base64").toString("latin1");
}
