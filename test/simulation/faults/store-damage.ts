/**
 * Flips bits in rows of a simulated database. Its file has checksums that LMDB's pages have not, so
 * they are made right again: what is left to find the damage are the checksums of rows (B7).
 */
import type { SimFileSystem } from "@quorate/platform/sim";
import { crc32c } from "@quorate/wal";

/** A row in force: where its value is, and the transaction around it. */
interface RowPlace {
  readonly name: string;
  readonly valueAt: number;
  readonly valueBytes: number;
  readonly transactionAt: number;
  readonly transactionEnd: number;
}

/** See `packages/mvcc/src/backend/memory-file.ts`. */
const headOffsets = [512, 1024];
const transactionHeadBytes = 8;
const rowHeadBytes = 8;

/**
 * Flips one bit of one row.
 *
 * @param place - Which row and which of its bits, as a part of one.
 * @returns What was struck; undefined when there is no row.
 */
export function flipRowBit(files: SimFileSystem, path: string, place: number): string | undefined {
  const bytes = Buffer.from(files.contents(path));
  const rows = rowsInForce(bytes);
  const at = place * rows.length;
  const row = rows[Math.floor(at)];
  if (row === undefined) return undefined;
  const bitAt = Math.floor((at % 1) * row.valueBytes * 8);
  const position = row.valueAt + (bitAt >> 3);
  const { transactionAt, transactionEnd } = row;
  const region = bytes.subarray(transactionAt + transactionHeadBytes, transactionEnd);
  const before = crc32c(region);
  if (before !== bytes.readUInt32LE(transactionAt + 4)) {
    throw new Error(`Cannot read the transaction at ${transactionAt} of ${path}`);
  }
  bytes[position] = (bytes[position] ?? 0) ^ (1 << (bitAt & 7));
  files.flipBit(path, position, bitAt & 7);
  const difference = before ^ crc32c(region);
  for (let bit = 0; bit < 32; bit += 1) {
    if (((difference >>> bit) & 1) === 1) {
      files.flipBit(path, transactionAt + 4 + (bit >> 3), bit & 7);
    }
  }
  return `${row.name}:${position}`;
}

function rowsInForce(bytes: Buffer): readonly RowPlace[] {
  const rows = new Map<string, RowPlace>();
  const { begin, end } = headInForce(bytes);
  for (let at = begin; at < end;) {
    const transactionEnd = at + bytes.readUInt32LE(at);
    for (let rowAt = at + transactionHeadBytes; rowAt < transactionEnd;) {
      const valueAt = rowAt + rowHeadBytes + bytes.readUInt16LE(rowAt + 2);
      const valueBytes = bytes.readUInt32LE(rowAt + 4);
      const name = `${bytes[rowAt]} ${bytes.toString("hex", rowAt + rowHeadBytes, valueAt)}`;
      const isThere = bytes[rowAt + 1] === 0 && valueBytes > 0;
      rows.delete(name);
      if (isThere) {
        rows.set(name, { name, valueAt, valueBytes, transactionAt: at, transactionEnd });
      }
      rowAt = valueAt + valueBytes;
    }
    at = transactionEnd;
  }
  return [...rows.values()];
}

/** The newer of two heads; the file is whole. */
function headInForce(bytes: Buffer): { readonly begin: number; readonly end: number } {
  const [one, other] = headOffsets.map((offset) => {
    const [sequence, begin, end] = [0, 8, 16].map((at) => bytes.readDoubleLE(offset + at));
    return { sequence: sequence ?? 0, begin: begin ?? 0, end: end ?? 0 };
  });
  if (one === undefined || other === undefined) throw new Error("Cannot read the heads");
  return one.sequence > other.sequence ? one : other;
}
