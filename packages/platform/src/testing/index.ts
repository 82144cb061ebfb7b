export {
  runDataDriven,
  testDataDirectory,
  type DataDrivenCommand,
  type DataDrivenHandler,
} from "./data-driven.ts";
export {
  RecordingCounter,
  RecordingGauge,
  RecordingHistogram,
  RecordingLogger,
  type LogRecord,
} from "./recording.ts";
export { describeFileSystem, type FileSystemFixture } from "./file-system-suite.ts";
export { describeTimers, type TimersFixture } from "./timers-suite.ts";
