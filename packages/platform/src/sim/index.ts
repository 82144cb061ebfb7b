export { SeededRandom } from "./seeded-random.ts";
export { SimClock, SimScheduler, SimTimers } from "./sim-scheduler.ts";
export {
  SimCrashedError,
  SimFileSystem,
  type SimFault,
  type SimFaultPolicy,
  type SimFileSystemOptions,
  type SimOperation,
  type SimOperationKind,
} from "./sim-file-system.ts";
export type { CrashDamage } from "./sim-inode.ts";
