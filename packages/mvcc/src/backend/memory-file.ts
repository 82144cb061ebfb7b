/**
 * The file of a simulated database: what LMDB does with pages, with a log of transactions.
 *
 *     0 magic   512 head A   1024 head B   4096 … transactions of the head in force …
 *
 * A commit appends a transaction behind the region in force, flushes, writes the older of the two
 * heads, which then names the longer region, and flushes again. So a crash leaves the old head or
 * the new one, as with LMDB's two meta pages; what lies behind the region does not count. Each
 * transaction has a checksum: inside of the region a wrong one is damage, never an end (B6).
 *
 * Head: sequence, begin, end (float64), checksum. Transaction: length, checksum (uint32), rows.
 * Row: bucket (uint8), 1 for a removed one (uint8), key length (uint16), value length (uint32),
 * key, value. All little-endian.
 */
import { crc32c } from "../crc32c.ts";
import { keyFromBytes, type Key } from "../key.ts";
import { bucketNames, type BucketName } from "./backend.ts";
import { removedRow, type OverlayValue } from "./row-layer.ts";

/** First bytes of each file. */
export const memoryMagic: Buffer = Buffer.from("quorate memory database\n", "latin1");

/** Where transactions begin; whole files are multiples of it, as those of LMDB are. */
export const memoryPageBytes: number = 4096;

/** Which part of a file is in force. */
export interface MemoryHead {
  /** Grows with each commit. */
  readonly sequence: number;
  readonly begin: number;
  readonly end: number;
}

/** A write of a transaction. */
export interface MemoryWrite {
  readonly bucket: BucketName;
  readonly key: Key;
  readonly value: OverlayValue;
}

/** Receives a row of a transaction; the value is a view of its bytes. */
export type MemoryRowVisitor = (bucket: BucketName, key: Key, value: OverlayValue) => void;

const headOffsets = [512, 1024] as const;
const headBytes = 28;
const transactionHeadBytes = 8;
const rowHeadBytes = 8;

/** Where the head of a sequence is written: over the older of the two. */
export function headOffset(sequence: number): number {
  return headOffsets[sequence % 2 === 0 ? 0 : 1];
}

/** Encodes a head. */
export function encodeHead(head: MemoryHead): Buffer {
  const bytes = Buffer.alloc(headBytes);
  bytes.writeDoubleLE(head.sequence, 0);
  bytes.writeDoubleLE(head.begin, 8);
  bytes.writeDoubleLE(head.end, 16);
  bytes.writeUInt32LE(crc32c(0, bytes.subarray(0, 24)), 24);
  return bytes;
}

/** The newest head that is whole; undefined if there is none. */
export function decodeHead(file: Buffer): MemoryHead | undefined {
  let newest: MemoryHead | undefined;
  for (const offset of headOffsets) {
    if (file.length < offset + headBytes) continue;
    const bytes = file.subarray(offset, offset + headBytes);
    if (crc32c(0, bytes.subarray(0, 24)) !== bytes.readUInt32LE(24)) continue;
    const sequence = bytes.readDoubleLE(0);
    if (newest !== undefined && newest.sequence > sequence) continue;
    newest = { sequence, begin: bytes.readDoubleLE(8), end: bytes.readDoubleLE(16) };
  }
  return newest;
}

/** Encodes a transaction. */
export function encodeTransaction(writes: Iterable<MemoryWrite>): Buffer {
  const parts: Uint8Array[] = [Buffer.alloc(transactionHeadBytes)];
  for (const { bucket, key, value } of writes) {
    const isRemoved = value === removedRow;
    const head = Buffer.alloc(rowHeadBytes + key.length);
    head[0] = bucketNames.indexOf(bucket);
    head[1] = isRemoved ? 1 : 0;
    head.writeUInt16LE(key.length, 2);
    head.writeUInt32LE(isRemoved ? 0 : value.length, 4);
    head.write(key, rowHeadBytes, "latin1");
    parts.push(head);
    if (!isRemoved) parts.push(value);
  }
  const bytes = Buffer.concat(parts);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(crc32c(0, bytes.subarray(transactionHeadBytes)), 4);
  return bytes;
}

/** Size of the file form of a row. */
export function rowSizeBytes(key: Key, value: Uint8Array): number {
  return rowHeadBytes + key.length + value.length;
}

/**
 * Reads the transactions of a region in order.
 *
 * @throws Error that says what is damaged where.
 */
export function readTransactions(region: Buffer, visit: MemoryRowVisitor): void {
  let at = 0;
  while (at < region.length) {
    const left = region.length - at;
    const length = left < transactionHeadBytes ? 0 : region.readUInt32LE(at);
    if (length < transactionHeadBytes || length > left) {
      throw new Error(`the transaction at ${at} is ${length} bytes long, ${left} are left`);
    }
    const rows = region.subarray(at + transactionHeadBytes, at + length);
    const [found, wanted] = [crc32c(0, rows), region.readUInt32LE(at + 4)];
    if (found !== wanted) {
      throw new Error(`the transaction at ${at} has checksum ${found}, wanted ${wanted}`);
    }
    readRows(rows, visit);
    at += length;
  }
}

function readRows(rows: Buffer, visit: MemoryRowVisitor): void {
  let at = 0;
  while (at < rows.length) {
    if (at + rowHeadBytes > rows.length) throw new Error(`a row at ${at} is cut off`);
    const bucket = bucketNames[rows[at] ?? 0];
    const valueBegin = at + rowHeadBytes + rows.readUInt16LE(at + 2);
    const end = valueBegin + rows.readUInt32LE(at + 4);
    if (bucket === undefined || end > rows.length) throw new Error(`a row at ${at} is malformed`);
    const key = keyFromBytes(rows.subarray(at + rowHeadBytes, valueBegin));
    visit(bucket, key, rows[at + 1] === 1 ? removedRow : rows.subarray(valueBegin, end));
    at = end;
  }
}

/** A whole file that holds the rows and nothing else. */
export function encodeMemoryFile(writes: Iterable<MemoryWrite>): Buffer {
  const rows = encodeTransaction(writes);
  const end = memoryPageBytes + rows.length;
  const file = Buffer.alloc(Math.ceil(end / memoryPageBytes) * memoryPageBytes);
  memoryMagic.copy(file);
  encodeHead({ sequence: 1, begin: memoryPageBytes, end }).copy(file, headOffset(1));
  rows.copy(file, memoryPageBytes);
  return file;
}

/**
 * Reads a whole file and returns the head in force.
 *
 * @throws Error that says what is damaged where.
 */
export function readMemoryFile(file: Buffer, visit: MemoryRowVisitor): MemoryHead {
  const head = decodeHead(file);
  if (head === undefined) throw new Error("both heads are damaged");
  if (head.end > file.length) throw new Error(`it ends at ${file.length}, wanted ${head.end}`);
  readTransactions(file.subarray(head.begin, head.end), visit);
  return head;
}

/** Whether a file that begins so is one of these. */
export function isMemoryFile(head: Uint8Array): boolean {
  return memoryMagic.equals(head.subarray(0, memoryMagic.length));
}
