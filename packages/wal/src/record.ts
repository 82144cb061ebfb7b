/**
 * The framing of records in a segment.
 *
 * ```
 *   0        4      5       8     12             16             20       24
 *   | length | type | "QWL" | crc | previous crc | synced bytes | offset | payload, zeros to 8 |
 * ```
 *
 * Little-endian. `crc` is the CRC-32C of the rest of the header and the payload, begun with the
 * segment's salt. Records start at multiples of 8; behind the last one the segment holds zeros.
 *
 * - `previous crc` chains the records: one that was lost, or that is left from before a repair,
 *   breaks the chain.
 * - `synced bytes` tells how much of the segment was durable when the record was written. It is
 *   what tells a torn tail from corruption: if a record is damaged and a later one, still whole,
 *   says that the damaged bytes were durable, no power cut did it (B6). Without such a witness the
 *   damage lies in writes that nobody was told about, whatever order the disk did them in (B2).
 * - `offset` and the salt make a record valid at its place only, so that neither a misdirected
 *   write nor a value that contains the image of a log can pass for a record.
 */
import { crc32c } from "./crc32c.ts";

/** Bytes before the payload. */
export const recordHeaderBytes = 24;

/** Records start at multiples of this. */
export const recordAlignment = 8;

/** See the codes; a code is never given a new meaning. */
export type RecordType = "segment-head" | "append" | "local-snapshot" | "sync-mark";

const typeCodes = {
  "segment-head": 1,
  append: 2,
  "local-snapshot": 3,
  "sync-mark": 4,
} as const satisfies Record<RecordType, number>;

const typesByCode: ReadonlyMap<number, RecordType> = new Map([
  [typeCodes["segment-head"], "segment-head"],
  [typeCodes.append, "append"],
  [typeCodes["local-snapshot"], "local-snapshot"],
  [typeCodes["sync-mark"], "sync-mark"],
]);

/** "QWL" in bytes 5 to 7, as the upper 24 bits of the word at byte 4. */
const magicWord = 0x4c575100;

/** What is checked or recorded beside the payload. */
export interface RecordContext {
  /** Drawn at random for each segment. */
  readonly salt: number;
  readonly previousCrc: number;
  readonly syncedBytes: number;
  readonly offset: number;
}

/** A record that was read and whose checksum is right. */
export interface ScannedRecord {
  readonly type: RecordType;
  /** A view of the segment's bytes. */
  readonly payload: Uint8Array;
  readonly crc: number;
  readonly previousCrc: number;
  readonly syncedBytes: number;
  readonly offset: number;
  /** Where the next record starts. */
  readonly end: number;
}

/** Why there is no record at an offset. */
export interface RecordProblem {
  /** `blank`: header of zeros; `damaged`: anything else that is no valid record. */
  readonly kind: "blank" | "damaged";
  readonly problem: string;
  readonly expectedCrc?: number;
  readonly actualCrc?: number;
}

/** Writes the header for a payload and returns the record's checksum. */
export function writeRecordHeader(
  header: DataView,
  type: RecordType,
  payload: readonly Uint8Array[],
  context: RecordContext,
): number {
  let length = 0;
  for (const chunk of payload) length += chunk.length;
  header.setUint32(0, length, true);
  header.setUint32(4, magicWord | typeCodes[type], true);
  header.setUint32(12, context.previousCrc, true);
  header.setUint32(16, context.syncedBytes, true);
  header.setUint32(20, context.offset, true);
  let crc = headerCrc(header, context.salt);
  for (const chunk of payload) crc = crc32c(chunk, crc);
  header.setUint32(8, crc, true);
  return crc;
}

/** How many zeros follow a payload. */
export function paddingBytes(payloadBytes: number): number {
  return -payloadBytes & (recordAlignment - 1);
}

/**
 * Reads the record at an offset. Nothing is allocated for a length before it is known to fit.
 *
 * The chain is the caller's to check.
 */
export function readRecord(
  bytes: Uint8Array,
  offset: number,
  salt: number,
): ScannedRecord | RecordProblem {
  if (offset + recordHeaderBytes > bytes.length) {
    const isBlank = bytes.subarray(offset).every((byte) => byte === 0);
    return { kind: isBlank ? "blank" : "damaged", problem: "the file ends inside a header" };
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset + offset, recordHeaderBytes);
  const length = header.getUint32(0, true);
  const word = header.getUint32(4, true);
  if (length === 0 && word === 0 && header.getUint32(8, true) === 0) {
    return { kind: "blank", problem: "there is no record" };
  }
  const type = typesByCode.get(word & 0xff);
  if (word >>> 8 !== magicWord >>> 8 || type === undefined) {
    return { kind: "damaged", problem: "the header is not that of a record" };
  }
  const payloadEnd = offset + recordHeaderBytes + length;
  const end = payloadEnd + paddingBytes(length);
  if (end > bytes.length) {
    return { kind: "damaged", problem: `the record is ${length} bytes long, beyond the file` };
  }
  const payload = bytes.subarray(offset + recordHeaderBytes, payloadEnd);
  const expectedCrc = header.getUint32(8, true);
  const actualCrc = crc32c(payload, headerCrc(header, salt));
  if (actualCrc !== expectedCrc) {
    return { kind: "damaged", problem: "the checksum is wrong", expectedCrc, actualCrc };
  }
  if (header.getUint32(20, true) !== offset) {
    return { kind: "damaged", problem: "the record belongs to another offset" };
  }
  for (let i = payloadEnd; i < end; i++) {
    if (bytes[i] !== 0) return { kind: "damaged", problem: "the padding is not zero" };
  }
  return {
    type,
    payload,
    crc: expectedCrc,
    previousCrc: header.getUint32(12, true),
    syncedBytes: header.getUint32(16, true),
    offset,
    end,
  };
}

/** Whether the bytes at the offset look like the header of a record, right or wrong. */
export function hasMagic(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset + 5] === 0x51 && bytes[offset + 6] === 0x57 && bytes[offset + 7] === 0x4c;
}

/** Checksum of the header without its own field. */
function headerCrc(header: DataView, salt: number): number {
  const bytes = new Uint8Array(header.buffer, header.byteOffset, recordHeaderBytes);
  return crc32c(bytes.subarray(12), crc32c(bytes.subarray(0, 8), salt));
}
