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
