/** Records of the write-ahead log as a checker reads them: see `packages/wal/src/record.ts`. */
import { decodeSnapshotMark, type SnapshotMark } from "@quorate/raft";
import {
  decodeAppend,
  decodeSegmentHead,
  readRecord,
  type SegmentHead,
  type WalAppend,
} from "@quorate/wal";
import type { LogView } from "./durability-log-view.ts";

/** A record at its place. */
export interface LogRecord {
  /** Where its segment is found now. */
  path: string;
  readonly offset: number;
  /** All of it, framing included. */
  readonly bytes: Uint8Array;
  /** Its checksum, which covers that of the record before. */
  readonly crc: number;
  readonly previousCrc: number;
  readonly content: RecordContent;
}

/** What a record says. */
export type RecordContent =
  | { readonly kind: "segment-head"; readonly head: SegmentHead }
  | { readonly kind: "append"; readonly append: WalAppend }
  | { readonly kind: "local-snapshot"; readonly mark: SnapshotMark }
  | { readonly kind: "sync-mark" };

const headerBytes = 24;

/** Whether a write brings a record, or the beginning of one; not the zeros that fill a file. */
export function isRecordWrite(bytes: Uint8Array): boolean {
  const hasMagic = bytes[5] === 0x51 && bytes[6] === 0x57 && bytes[7] === 0x4c;
  return hasMagic && bytes.length >= headerBytes;
}

/**
 * Reads a record from one write, which brings exactly one; undefined for zeros, which fill files in
 * advance, and for what is cut off.
 */
export function readWrite(path: string, offset: number, bytes: Uint8Array): LogRecord | undefined {
  if (!isRecordWrite(bytes)) return undefined;
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const payloadEnd = headerBytes + header.getUint32(0, true);
  if (payloadEnd > bytes.length || header.getUint32(20, true) !== offset) return undefined;
  const content = decodeContent(header.getUint8(4), bytes.subarray(headerBytes, payloadEnd));
  const crc = header.getUint32(8, true);
  const before = header.getUint32(12, true);
  return content && { path, offset, bytes, crc, previousCrc: before, content };
}

/**
 * Reads the record that a write has left at its place, though not all of its bytes arrived, as on
 * a full disk: what is missing may have been there already, such as zeros that fill a file.
 *
 * @param segment - All of the file, after the write.
 */
export function readTornWrite(
  path: string,
  offset: number,
  segment: Uint8Array,
): LogRecord | undefined {
  return readSegmentRecords(path, segment, undefined).find((record) => record.offset === offset);
}

/** Reads the records of a segment up to the first that is none, or breaks the chain. */
export function readSegmentRecords(
  path: string,
  bytes: Uint8Array,
  previousCrc: number | undefined,
): readonly LogRecord[] {
  const records: LogRecord[] = [];
  let salt = 0;
  let previous = previousCrc;
  for (let offset = 0; ;) {
    const record = readRecord(bytes, offset, salt);
    if ("kind" in record) return records;
    if (previous !== undefined && record.previousCrc !== previous) return records;
    const { crc, end, payload, previousCrc: before } = record;
    const content = decodeContent(bytes[offset + 4] ?? 0, payload);
    if (content === undefined) return records;
    if (content.kind === "segment-head") salt = content.head.salt;
    const own = bytes.subarray(offset, end);
    records.push({ path, offset, bytes: own, crc, previousCrc: before, content });
    previous = crc;
    offset = end;
  }
}

/** Does to a view what the record says. */
export function carryOut(view: LogView, content: RecordContent): void {
  if (content.kind === "append") view.append(content.append);
  else if (content.kind === "local-snapshot") view.mark(content.mark);
}

function decodeContent(code: number, payload: Uint8Array): RecordContent | undefined {
  switch (code) {
    case 1:
      return { kind: "segment-head", head: decodeSegmentHead(payload) };
    case 2:
      return { kind: "append", append: decodeAppend(payload) };
    case 3:
      return { kind: "local-snapshot", mark: decodeSnapshotMark(payload) };
    case 4:
      return { kind: "sync-mark" };
    default:
      return undefined;
  }
}
