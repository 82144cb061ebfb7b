import type { FileSystem } from "@quorate/platform";
import type { Entry } from "@quorate/raft";
import { readSegment, toCorrupt } from "./recovery.ts";
import { decodeAppend, type SegmentHead } from "./payloads.ts";
import type { RecordType, ScannedRecord } from "./record.ts";
import { scanSegment, type SegmentTail } from "./segment-scan.ts";

/** One record, for people. */
export interface RecordSummary {
  readonly type: RecordType;
  readonly offset: number;
  /** Bytes in the file, framing included. */
  readonly bytes: number;
  /** What was known durable when the record was written. */
  readonly syncedBytes: number;
  /** First and last index of the entries of an append; undefined for none. */
  readonly firstIndex: number | undefined;
  readonly lastIndex: number | undefined;
}

/** One segment, for people. */
export interface SegmentSummary {
  readonly head: SegmentHead;
  readonly records: readonly RecordSummary[];
  readonly tail: SegmentTail;
}

/**
 * Reads one segment without changing it; for offline tools.
 *
 * @throws As `WriteAheadLog.open`, but a torn or corrupt tail is returned.
 */
export async function inspectSegment(files: FileSystem, path: string): Promise<SegmentSummary> {
  const records: RecordSummary[] = [];
  const { head, tail } = scanSegment(path, await readSegment(files, path), (record) => {
    const entries = entriesOf(path, record);
    records.push({
      type: record.type,
      offset: record.offset,
      bytes: record.end - record.offset,
      syncedBytes: record.syncedBytes,
      firstIndex: entries[0]?.index,
      lastIndex: entries.at(-1)?.index,
    });
  });
  return { head, records, tail };
}

function entriesOf(path: string, record: ScannedRecord): readonly Entry[] {
  if (record.type !== "append") return [];
  try {
    return decodeAppend(record.payload).entries;
  } catch (error) {
    throw toCorrupt(path, record, error);
  }
}
