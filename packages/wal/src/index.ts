export {
  WriteAheadLog,
  type OnDurable,
  type WalCreation,
  type WalStatus,
} from "./write-ahead-log.ts";
export type { WalAppend, WalMetadata } from "./payloads.ts";
export type { RecoveredLog } from "./recovery.ts";
export {
  defaultWalOptions,
  noopWalInstruments,
  type WalDependencies,
  type WalInstruments,
  type WalOptions,
} from "./options.ts";
export { logWalEvents, type WalEvent } from "./events.ts";
export {
  SnapshotCorruptError,
  WalClosedError,
  WalCorruptError,
  WalError,
  WalExistsError,
  WalFailedError,
  WalForeignFileError,
  WalMismatchError,
  WalMissingError,
  WalVersionError,
  type CorruptionDetails,
  type WalErrorCode,
} from "./errors.ts";
export {
  cleanSnapshots,
  listSnapshots,
  snapshotChecksumBytes,
  snapshotName,
  SnapshotWriter,
  verifySnapshot,
  type SnapshotFile,
} from "./snapshot-files.ts";

// For other packages.
export { crc32c } from "./crc32c.ts";
export { inspectSegment, type RecordSummary, type SegmentSummary } from "./inspect.ts";
export { decodeAppend, decodeSegmentHead, type SegmentHead } from "./payloads.ts";
export { readRecord, type RecordProblem, type RecordType, type ScannedRecord } from "./record.ts";
export { parseSegmentName } from "./segment-file.ts";
export type { SegmentTail } from "./segment-scan.ts";
