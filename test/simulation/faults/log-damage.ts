/** Flips bits of a log where others prove that they had been durable (B6). */
import type { SimFileSystem } from "@quorate/platform/sim";
import { readSegmentRecords, type LogRecord } from "../checkers/durability-records.ts";

/**
 * Flips one bit of a record that is no torn tail: a later record of its file says that it was
 * synced, or a later file follows.
 *
 * @param place - Which file and which record, as a part of one.
 * @returns What was struck; undefined when nothing is there that others witness.
 */
export function flipLogBit(
  files: SimFileSystem,
  directory: string,
  place: number,
): string | undefined {
  const names = files.names(directory).filter((name) => name.endsWith(".wal"));
  const at = place * names.length;
  const name = names[Math.floor(at)];
  if (name === undefined) return undefined;
  const path = `${directory}/${name}`;
  const records = readSegmentRecords(path, files.contents(path), undefined);
  const isLast = name === names.at(-1);
  const witnessed = records.filter((_, i) => !isLast || isWitnessed(records, i));
  const within = (at % 1) * witnessed.length;
  const record = witnessed[Math.floor(within)];
  if (record === undefined) return undefined;
  const bit = Math.floor((within % 1) * record.bytes.length * 8);
  files.flipBit(path, record.offset + (bit >> 3), bit & 7);
  return `${path}:${record.offset + (bit >> 3)}`;
}

/** Whether a later record says that this one was durable when it was written. */
function isWitnessed(records: readonly LogRecord[], index: number): boolean {
  const offset = records[index]?.offset ?? 0;
  return records.slice(index + 1).some(({ bytes }) => syncedBytes(bytes) > offset);
}

/** Of the header: see `packages/wal/src/record.ts`. */
function syncedBytes(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset).getUint32(16, true);
}
