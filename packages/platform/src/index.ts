export type { Clock, Timer, Timers } from "./clock.ts";
export type { Random } from "./random.ts";
export {
  FileSystemError,
  type FileHandle,
  type FileLock,
  type FileStat,
  type FileSystem,
  type OpenMode,
} from "./file-system.ts";
export type { LogField, Logger, LogLevel } from "./logger.ts";
export type { Counter, Gauge, Histogram } from "./meter.ts";
export { noopCounter, noopGauge, noopHistogram, noopLogger } from "./noop.ts";
export { NodeClock, NodeTimers } from "./node/node-time.ts";
export { NodeRandom } from "./node/node-random.ts";
export { NodeFileSystem } from "./node/node-file-system.ts";
export {
  JsonLogger,
  type JsonLoggerDependencies,
  type JsonLoggerOptions,
  type LogFormat,
} from "./node/json-logger.ts";
export { DescriptorSink, openLogSink, StreamSink, type LogSink } from "./node/log-sink.ts";
export type { LogQueueStatus } from "./node/log-queue.ts";
