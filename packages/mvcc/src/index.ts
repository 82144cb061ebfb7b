export {
  asBuffer,
  isInRange,
  keyFromBytes,
  keyFromPart,
  keyToBytes,
  prefixRangeEnd,
  rangeEndAll,
  rangeEndNone,
  type Key,
} from "./key.ts";
export { maxRevision, toRevision, type Revision } from "./revision.ts";
export {
  BackendClosedError,
  BackendFailedError,
  BackendForeignFileError,
  CompactedError,
  DiskFullError,
  FutureRevisionError,
  MvccError,
  RevisionExhaustedError,
  StoreCorruptError,
  type MvccErrorCode,
} from "./errors.ts";
export {
  bucketNames,
  metaKeys,
  type Backend,
  type BackendSnapshot,
  type BucketName,
  type RowSpace,
  type RowVisitor,
  type ScanRange,
} from "./backend/backend.ts";
export { decodeStored, type StoredKeyValue } from "./key-value.ts";
export type {
  KeyVersion,
  RangeCursor,
  RangeJob,
  RangeQuery,
  RangeResult,
  SortOrder,
  SortTarget,
} from "./range.ts";
export type { WriteTxn } from "./write-txn.ts";
export type { StoreInstruments, StoreStats } from "./store-stats.ts";
export type {
  WatchBatch,
  WatcherStatus,
  WatchRefusal,
  WatchRequest,
  WatchResult,
  WatchSink,
  WatchStream,
} from "./watch/watch-stream.ts";
export {
  MvccStore,
  type HashKvResult,
  type StoreDependencies,
  type StoreOptions,
} from "./store.ts";
export { defaultStoreOptions } from "./store.ts";
export { defaultBackendOptions, type BackendOptions } from "./backend/backend-options.ts";
export type { BackendMeter, FileBackend } from "./backend/file-backend.ts";
export { LmdbBackend, type LmdbBackendDependencies } from "./backend/lmdb-backend.ts";
export {
  MemoryBackend,
  type MemoryBackendDependencies,
  type MemoryBackendOptions,
} from "./backend/memory-backend.ts";
