/**
 * Answers to range requests, composed from stored bytes: a stored value is the wire form of a
 * `mvccpb.KeyValue`, so nothing is decoded or encoded again.
 */
import { bytesSize, int64Size, Writer } from "@quorate/api";
import type { HeaderEncoder, HeaderValues } from "./header.ts";

/** The content of a `RangeResponse`. */
export interface RangeAnswer {
  /** Left out in all but the last chunk of a stream. */
  readonly header: HeaderValues | undefined;
  readonly kvs: readonly Uint8Array[];
  readonly more: boolean;
  readonly count: number;
}

/** Values longer than this are sent as they lie, not copied into the answer. */
const copyBytesMax = 16 * 1024;

/**
 * Encodes a `RangeResponse` with one pair or none.
 *
 * @param header - Field 1, as {@link HeaderEncoder.field} makes it.
 */
// Hot: test/bench/questions/range.ts. One array, written once.
export function composePointAnswer(header: Uint8Array, row: Uint8Array | undefined): Uint8Array[] {
  if (row === undefined) return [header];
  if (row.length > copyBytesMax) return composeLongRow(header, row);
  const writer = new Writer(header.length + 1 + bytesSize(row.length) + 2);
  writer.raw(header);
  writer.byte(0x12);
  writer.view(row);
  writer.byte(0x20);
  writer.byte(1);
  return [writer.finish()];
}

function composeLongRow(header: Uint8Array, row: Uint8Array): Uint8Array[] {
  const writer = new Writer(header.length + 2 + 1 + bytesSize(row.length) - row.length);
  writer.raw(header);
  writer.byte(0x20);
  writer.byte(1);
  writer.byte(0x12);
  writer.uint32(row.length);
  return [writer.finish(), row];
}

/** Encodes a `RangeResponse` as chunks that together are one message. O(bytes). */
export function composeRangeAnswer(headers: HeaderEncoder, answer: RangeAnswer): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const { header, kvs, more, count } = answer;
  let pending = header === undefined ? 0 : headers.fieldSize(header);
  let first = 0;
  const flush = (end: number, tail: number): void => {
    const writer = new Writer(pending + tail);
    if (chunks.length === 0 && header !== undefined) headers.writeField(writer, header);
    for (let index = first; index < end; index += 1) {
      const kv = kvs[index];
      if (kv === undefined) break;
      writer.byte(0x12);
      if (kv.length > copyBytesMax) writer.uint32(kv.length);
      else writer.view(kv);
    }
    if (tail > 0) writeTail(writer, more, count);
    chunks.push(writer.finish());
    first = end;
    pending = 0;
  };
  for (const [index, kv] of kvs.entries()) {
    if (kv.length <= copyBytesMax) {
      pending += 1 + bytesSize(kv.length);
    } else {
      pending += 1 + bytesSize(kv.length) - kv.length;
      flush(index + 1, 0);
      chunks.push(kv);
    }
  }
  const tail = (more ? 2 : 0) + (count === 0 ? 0 : 1 + int64Size(count));
  if (pending > 0 || tail > 0 || chunks.length === 0) flush(kvs.length, tail);
  return chunks;
}

function writeTail(writer: Writer, more: boolean, count: number): void {
  if (more) {
    writer.byte(0x18);
    writer.byte(1);
  }
  if (count !== 0) {
    writer.byte(0x20);
    writer.varint(count);
  }
}
