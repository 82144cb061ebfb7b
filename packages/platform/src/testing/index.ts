export {
  runDataDriven,
  testDataDirectory,
  type DataDrivenCommand,
  type DataDrivenHandler,
} from "./data-driven.ts";
