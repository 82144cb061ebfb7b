import { FileSystemError, type FileHandle, type FileSystem } from "@quorate/platform";
import {
  decodeSnapshotMark,
  RaftError,
  type Entry,
  type HardState,
  type SnapshotMark,
} from "@quorate/raft";
import {
  WalCorruptError,
  WalForeignFileError,
  WalMismatchError,
  WalMissingError,
} from "./errors.ts";
import type { WalEvent } from "./events.ts";
import { LogReplay, ReplayError } from "./log-replay.ts";
import { decodeAppend, PayloadError, type WalMetadata } from "./payloads.ts";
import { recordHeaderBytes, type ScannedRecord } from "./record.ts";
import {
  parseSegmentName,
  preparedSuffix,
  type OpenSegment,
  type SegmentFile,
} from "./segment-file.ts";
import { readSegmentHead, scanSegment, type SegmentScan } from "./segment-scan.ts";

/** What was in a log. */
export interface RecoveredLog {
  readonly metadata: WalMetadata;
  /** The newest; undefined if none was ever written. */
  readonly hardState: HardState | undefined;
  /** The newest mark, installed or local; undefined for none. */
  readonly snapshot: SnapshotMark | undefined;
  /** The entries after the snapshot, contiguous. */
  readonly entries: readonly Entry[];
}

/** A log that was read, and the segment to go on with. */
export interface RecoveredSegments {
  readonly log: RecoveredLog;
  readonly lastIndex: number;
  /** All segments, oldest first; the last one is `active`. */
  readonly segments: readonly SegmentFile[];
  readonly active: OpenSegment;
  /** Whether a sync mark testifies that the last record is durable. */
  readonly isWitnessed: boolean;
}

/**
 * Reads all segments, cuts a torn tail, and makes durable what it returns.
 *
 * @param expected - Refuses a log of someone else.
 */
export async function recoverSegments(
  directory: string,
  expected: Partial<WalMetadata>,
  files: FileSystem,
  emit: (event: WalEvent) => void,
): Promise<RecoveredSegments> {
  const segments = await findSegments(directory, files, emit);
  const [oldest] = segments;
  const newest = segments.at(-1);
  if (oldest === undefined || newest === undefined) throw new WalMissingError(directory);
  const firstBytes = await readSegment(files, oldest.path);
  const { metadata, ...start } = readSegmentHead(oldest.path, firstBytes).head;
  checkMetadata(metadata, expected);
  const replay = new LogReplay(start);
  let previous: SegmentScan | undefined;
  for (const segment of segments) {
    const bytes = segment === oldest ? firstBytes : await readSegment(files, segment.path);
    checkHead(segment, bytes, metadata, previous, replay);
    previous = scan(segment, bytes, replay);
    if (segment !== newest) checkComplete(segment, previous);
    else {
      const entries = finish(segment, previous, replay);
      const active = await repair(directory, segment, bytes, previous, files, emit);
      const { hardState, snapshot, lastIndex } = replay;
      const log = { metadata, hardState, snapshot, entries };
      const isWitnessed = previous.end - previous.durableBytes <= recordHeaderBytes;
      return { log, lastIndex, segments, active, isWitnessed };
    }
  }
  throw new WalMissingError(directory);
}

/** Lists the segments, oldest first; removes what a crash left unfinished. */
async function findSegments(
  directory: string,
  files: FileSystem,
  emit: (event: WalEvent) => void,
): Promise<readonly SegmentFile[]> {
  const names = await files.list(directory).catch((error: unknown) => {
    const isMissing = error instanceof FileSystemError && error.errno === "ENOENT";
    throw isMissing ? new WalMissingError(directory) : error;
  });
  const segments: SegmentFile[] = [];
  const leftovers: string[] = [];
  for (const name of names) {
    const path = `${directory}/${name}`;
    const parsed = parseSegmentName(name);
    if (parsed !== undefined) segments.push({ ...parsed, path });
    else if (name.endsWith(preparedSuffix)) leftovers.push(path);
    else throw new WalForeignFileError(path);
  }
  for (const path of leftovers) {
    await files.remove(path);
    emit({ kind: "leftover-removed", path });
  }
  // Names sort as sequences do.
  segments.forEach((segment, i) => {
    const expected = (segments[0]?.sequence ?? 0) + i;
    if (segment.sequence === expected) return;
    const problem = `it follows segment ${expected - 1}, segment ${expected} is missing`;
    throw new WalCorruptError({ path: segment.path, offset: 0, problem });
  });
  return segments;
}

function checkMetadata(actual: WalMetadata, expected: Partial<WalMetadata>): void {
  for (const field of ["clusterId", "memberId"] as const) {
    const wanted = expected[field];
    if (wanted !== undefined && wanted !== actual[field]) {
      throw new WalMismatchError(field, actual[field], wanted);
    }
  }
}

/** The head must fit the file's name, the log's owner and the end of the segment before. */
function checkHead(
  segment: SegmentFile,
  bytes: Uint8Array,
  metadata: WalMetadata,
  previous: SegmentScan | undefined,
  replay: LogReplay,
): void {
  const { path } = segment;
  const { head, record } = readSegmentHead(path, bytes);
  const fail = (
    problem: string,
    crcs: { expectedCrc?: number; actualCrc?: number } = {},
  ): never => {
    throw new WalCorruptError({ path, offset: 0, problem, ...crcs });
  };
  if (head.sequence !== segment.sequence || head.nextIndex !== segment.nextIndex) {
    fail("the head does not match the name");
  }
  if (
    head.metadata.clusterId !== metadata.clusterId ||
    head.metadata.memberId !== metadata.memberId
  ) {
    fail("it belongs to another member than the segments before");
  }
  if (previous === undefined) return;
  if (record.previousCrc !== previous.lastCrc) {
    const crcs = { expectedCrc: record.previousCrc, actualCrc: previous.lastCrc };
    fail("records at the end of the segment before are missing", crcs);
  }
  if (head.nextIndex !== replay.lastIndex + 1) {
    fail(`the head begins at ${head.nextIndex}, but the log ends at ${replay.lastIndex}`);
  }
}

function scan(segment: SegmentFile, bytes: Uint8Array, replay: LogReplay): SegmentScan {
  const { path } = segment;
  const result = scanSegment(path, bytes, (record) => {
    try {
      replayRecord(record, replay);
    } catch (error) {
      throw toCorrupt(path, record, error);
    }
  });
  if (result.tail.kind === "corrupt") {
    throw new WalCorruptError({ path, offset: result.end, ...result.tail.problem });
  }
  return result;
}

function replayRecord(record: ScannedRecord, replay: LogReplay): void {
  switch (record.type) {
    case "append":
      // A copy of the record's own: entries must not keep the whole segment in memory.
      replay.append(decodeAppend(record.payload.slice()));
      return;
    case "local-snapshot":
      replay.markSnapshot(decodeSnapshotMark(record.payload));
      return;
    case "sync-mark":
    case "segment-head":
      return;
    default:
      throw new PayloadError(`unknown record type ${String(record.type)}`);
  }
}

/** A record with the right checksum that makes no sense is damage as well (C34). */
export function toCorrupt(path: string, { offset }: ScannedRecord, error: unknown): unknown {
  const isKnown =
    error instanceof ReplayError || error instanceof PayloadError || error instanceof RaftError;
  if (!isKnown && !(error instanceof RangeError)) return error;
  return new WalCorruptError({ path, offset, problem: error.message }, error);
}

/** A segment that has a successor was durable to its end before the successor got its name. */
function checkComplete(segment: SegmentFile, scanned: SegmentScan): void {
  if (scanned.tail.kind !== "torn") return;
  const { problem } = scanned.tail;
  throw new WalCorruptError({ path: segment.path, offset: scanned.end, problem });
}

function finish(segment: SegmentFile, scanned: SegmentScan, replay: LogReplay): readonly Entry[] {
  try {
    return replay.finish();
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    const at = { path: segment.path, offset: scanned.end };
    throw new WalCorruptError({ ...at, problem: error.message }, error);
  }
}

/**
 * Removes a torn tail and makes what was read durable.
 *
 * Bytes that no record testifies to be durable are written again before the sync: if an earlier
 * process died of a failed sync, the kernel shows them from a cache that it believes to be clean,
 * and a sync alone would do nothing (C35).
 */
async function repair(
  directory: string,
  segment: SegmentFile,
  bytes: Uint8Array,
  scanned: SegmentScan,
  files: FileSystem,
  emit: (event: WalEvent) => void,
): Promise<OpenSegment> {
  const { end, tail, durableBytes } = scanned;
  const handle = await files.open(segment.path, "write");
  try {
    if (tail.kind === "torn") {
      const { path } = segment;
      emit({ kind: "tail-cut", path, offset: end, bytes: tail.bytes, problem: tail.problem });
      await handle.truncate(end);
      await handle.truncate(bytes.length);
    }
    if (durableBytes < end) handle.writeSync([bytes.subarray(durableBytes, end)], durableBytes);
    await handle.datasync();
    await files.syncDirectory(directory);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    ...segment,
    handle,
    salt: scanned.head.salt,
    position: end,
    syncedBytes: end,
    lastCrc: scanned.lastCrc,
  };
}

/** Reads a whole file. @throws FileSystemError: half-read data are never used (B4). */
export async function readSegment(files: FileSystem, path: string): Promise<Uint8Array> {
  const handle = await files.open(path, "read");
  try {
    return await readAll(handle, path);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, path: string): Promise<Uint8Array> {
  const sizeBytes = await handle.sizeBytes();
  if (sizeBytes >= 2 ** 32) {
    throw new WalCorruptError({ path, offset: 0, problem: `it is ${sizeBytes} bytes long` });
  }
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const count = await handle.read(bytes.subarray(at, at + readStepBytes), at);
    if (count === 0) throw new FileSystemError("read", path, "EIO");
    at += count;
  }
  return bytes;
}

const readStepBytes = 4 * 1024 * 1024;
