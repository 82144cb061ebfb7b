/** Watch responses, composed from events that were encoded once for all watchers. */
import { bytesSize, int64ExactSize, int64Size, stringSize, Writer } from "@quorate/api";
import type { HeaderEncoder } from "./header.ts";

/** The content of a `WatchResponse`. */
export interface WatchAnswer {
  readonly id: bigint;
  readonly revision: number;
  readonly raftTerm: number;
  readonly isCreated?: boolean;
  readonly isCanceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly isFragment?: boolean;
  /** Wire bytes of `mvccpb.Event`. */
  readonly events?: readonly Uint8Array[];
}

const noEvents: readonly Uint8Array[] = [];

/** Encodes a `WatchResponse`; the events are not copied. */
export function composeWatchAnswer(headers: HeaderEncoder, answer: WatchAnswer): Uint8Array[] {
  const { id, compactRevision = 0, cancelReason = "", events = noEvents } = answer;
  const { isCreated = false, isCanceled = false, isFragment = false } = answer;
  let size = headers.fieldSize(answer);
  if (id !== 0n) size += 1 + int64ExactSize(id);
  if (isCreated) size += 2;
  if (isCanceled) size += 2;
  if (compactRevision !== 0) size += 1 + int64Size(compactRevision);
  if (cancelReason !== "") size += 1 + stringSize(cancelReason);
  if (isFragment) size += 2;
  const writer = new Writer(size);
  headers.writeField(writer, answer);
  if (id !== 0n) {
    writer.byte(0x10);
    writer.varintExact(id);
  }
  if (isCreated) writeTrue(writer, 0x18);
  if (isCanceled) writeTrue(writer, 0x20);
  if (compactRevision !== 0) {
    writer.byte(0x28);
    writer.varint(compactRevision);
  }
  if (cancelReason !== "") {
    writer.byte(0x32);
    writer.string(cancelReason);
  }
  if (isFragment) writeTrue(writer, 0x38);
  const chunks = [writer.finish()];
  for (const event of events) chunks.push(eventHead(event.length), event);
  return chunks;
}

/** Cuts events into parts of at most so many bytes; each part has at least one event. */
export function splitEvents(
  events: readonly Uint8Array[],
  partBytesMax: number,
): readonly (readonly Uint8Array[])[] {
  const parts: Uint8Array[][] = [];
  let part: Uint8Array[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = 1 + bytesSize(event.length);
    if (part.length > 0 && bytes + size > partBytesMax) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  parts.push(part);
  return parts;
}

function writeTrue(writer: Writer, tag: number): void {
  writer.byte(tag);
  writer.byte(1);
}

function eventHead(length: number): Uint8Array {
  const writer = new Writer(1 + bytesSize(length) - length);
  writer.byte(0x5a);
  writer.uint32(length);
  return writer.finish();
}
