export { startServer, type RunningServer, type ServerEvents } from "./server.ts";
export { loadOptions, type LoadedOptions } from "./config/load.ts";
export type {
  AutoCompaction,
  ClusterOptions,
  MemberOptions,
  ServerOptions,
} from "./config/options.ts";
export { protocolVersion, softwareVersion } from "./version.ts";
