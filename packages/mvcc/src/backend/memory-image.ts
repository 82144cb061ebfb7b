import { keyFromBytes, type Key } from "../key.ts";
import { bucketNames, type BucketName } from "./backend.ts";
import type { SortedRows } from "./sorted-rows.ts";

/**
 * File form of a memory backend: magic, mark, then for each row bucket number, key length, value
 * length (all float64 or uint32, little-endian) and the bytes. Only simulations write it.
 */
const magic = Buffer.from("quorate memory image 1\n", "latin1");
const rowHeadBytes = 12;

/** Encodes all rows. */
export function encodeImage(
  mark: number,
  buckets: Readonly<Record<BucketName, SortedRows<Uint8Array>>>,
): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeDoubleLE(mark);
  const parts: Uint8Array[] = [magic, head];
  bucketNames.forEach((name, number) => {
    for (const [key, value] of buckets[name].entries()) {
      const rowHead = Buffer.alloc(rowHeadBytes);
      rowHead.writeUInt32LE(number, 0);
      rowHead.writeUInt32LE(key.length, 4);
      rowHead.writeUInt32LE(value.length, 8);
      parts.push(rowHead, Buffer.from(key, "latin1"), value);
    }
  });
  return Buffer.concat(parts);
}

/** Decodes an image; returns its mark, or undefined if the bytes are none. */
export function decodeImage(
  bytes: Uint8Array,
  addRow: (bucket: BucketName, key: Key, value: Uint8Array) => void,
): number | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headEnd = magic.length + 8;
  if (buffer.length < headEnd || !buffer.subarray(0, magic.length).equals(magic)) return undefined;
  let at = headEnd;
  while (at < buffer.length) {
    if (at + rowHeadBytes > buffer.length) return undefined;
    const bucket = bucketNames[buffer.readUInt32LE(at)];
    const valueBegin = at + rowHeadBytes + buffer.readUInt32LE(at + 4);
    const end = valueBegin + buffer.readUInt32LE(at + 8);
    if (bucket === undefined || end > buffer.length) return undefined;
    const key = keyFromBytes(buffer.subarray(at + rowHeadBytes, valueBegin));
    addRow(bucket, key, buffer.subarray(valueBegin, end));
    at = end;
  }
  return buffer.readDoubleLE(magic.length);
}
