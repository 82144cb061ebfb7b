import { WalCorruptError, WalForeignFileError, WalVersionError } from "./errors.ts";
import { decodeSegmentHead, decodeVersion, formatVersion, type SegmentHead } from "./payloads.ts";
import {
  hasMagic,
  readRecord,
  recordAlignment,
  recordHeaderBytes,
  type RecordProblem,
  type ScannedRecord,
} from "./record.ts";

/** A segment that was read up to its last good record. */
export interface SegmentScan {
  readonly head: SegmentHead;
  /** `previous crc` of the first record: where the chain of the segment before must end. */
  readonly chainBegin: number;
  readonly lastCrc: number;
  /** Behind the last good record. */
  readonly end: number;
  /** How many bytes the records themselves say had been durable. */
  readonly durableBytes: number;
  readonly tail: SegmentTail;
}

/** What is behind the last good record. */
export type SegmentTail =
  /** Zeros, or nothing. */
  | { readonly kind: "clean" }
  /** Remains of writes that were never acknowledged. */
  | { readonly kind: "torn"; readonly problem: string; readonly bytes: number }
  /** Damage to bytes that a later record testifies to have been durable. */
  | { readonly kind: "corrupt"; readonly problem: RecordProblem };

/**
 * Reads the head of a segment.
 *
 * @throws {@link WalForeignFileError}, {@link WalVersionError} or {@link WalCorruptError}
 */
export function readSegmentHead(
  path: string,
  bytes: Uint8Array,
): { readonly head: SegmentHead; readonly record: ScannedRecord } {
  // The head is durable before the segment gets its name, so no crash leaves it damaged.
  const record = readRecord(bytes, 0, 0);
  if ("kind" in record) {
    if (bytes.length >= recordHeaderBytes && record.kind === "damaged" && !hasMagic(bytes, 0)) {
      throw new WalForeignFileError(path);
    }
    throw new WalCorruptError({ path, offset: 0, ...record });
  }
  if (record.type !== "segment-head") throw new WalForeignFileError(path);
  try {
    const version = decodeVersion(record.payload);
    if (version !== formatVersion) throw new WalVersionError(path, version, formatVersion);
    return { head: decodeSegmentHead(record.payload), record };
  } catch (error) {
    if (error instanceof WalVersionError) throw error;
    throw new WalCorruptError({ path, offset: 0, problem: "the head is malformed" }, error);
  }
}

/**
 * Reads all records of a segment in order and judges what follows them.
 *
 * @param visit - Gets every record but the head; what it throws ends the scan.
 */
export function scanSegment(
  path: string,
  bytes: Uint8Array,
  visit: (record: ScannedRecord) => void,
): SegmentScan {
  const { head, record: first } = readSegmentHead(path, bytes);
  let { crc, end } = first;
  let durableBytes = end;
  let problem: RecordProblem | undefined;
  while (problem === undefined) {
    const next = readRecord(bytes, end, head.salt);
    if ("kind" in next) problem = next;
    else if (next.previousCrc !== crc) {
      const chain = { expectedCrc: next.previousCrc, actualCrc: crc };
      problem = { kind: "damaged", problem: "a record before it is missing", ...chain };
    } else if (next.type === "segment-head") {
      problem = { kind: "damaged", problem: "a head is inside the segment" };
    } else {
      visit(next);
      ({ crc, end } = next);
      durableBytes = Math.max(durableBytes, next.syncedBytes);
    }
  }
  const tail = judgeTail(bytes, end, head.salt, problem);
  return { head, chainBegin: first.previousCrc, lastCrc: crc, end, durableBytes, tail };
}

function judgeTail(
  bytes: Uint8Array,
  end: number,
  salt: number,
  problem: RecordProblem,
): SegmentTail {
  let last = bytes.length;
  while (last > end && bytes[last - 1] === 0) last--;
  if (last === end) return { kind: "clean" };
  return hasWitness(bytes, end, last, salt)
    ? { kind: "corrupt", problem }
    : { kind: "torn", problem: problem.problem, bytes: last - end };
}

/**
 * Whether a good record in `[begin, last)` says that bytes at `begin` had been durable.
 *
 * A value may be full of images of headers, each claiming to be long: the checksums are computed
 * over at most some times the segment, and then the segment is not trusted.
 */
function hasWitness(bytes: Uint8Array, begin: number, last: number, salt: number): boolean {
  let budgetBytes = 8 * bytes.length;
  // The end of the last record may be zeros that do not count as written.
  for (let offset = begin; offset < last; offset += recordAlignment) {
    if (offset + recordHeaderBytes > bytes.length || !hasMagic(bytes, offset)) continue;
    const header = new DataView(bytes.buffer, bytes.byteOffset + offset, recordHeaderBytes);
    const syncedBytes = header.getUint32(16, true);
    if (syncedBytes <= begin || header.getUint32(20, true) !== offset) continue;
    budgetBytes -= Math.min(header.getUint32(0, true), bytes.length);
    if (budgetBytes < 0) return true;
    if (!("kind" in readRecord(bytes, offset, salt))) return true;
  }
  return false;
}
