export { SeededRandom } from "./seeded-random.ts";
export { SimClock, SimScheduler, SimTimers } from "./sim-scheduler.ts";
export {
  SimCrashedError,
  SimFileSystem,
  type SimDiskImage,
  type SimFileSystemOptions,
} from "./sim-file-system.ts";
export type { SimDeception, SimFileObserver } from "./sim-file-observer.ts";
export type { SimFault, SimFaultPolicy, SimOperation, SimOperationKind } from "./sim-operation.ts";
export type { CrashDamage } from "./sim-inode.ts";
