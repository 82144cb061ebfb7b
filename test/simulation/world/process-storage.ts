/** Opens a member's disk as a process does, on a simulated one. */
import type { FileSystem, Logger, Random, Timers } from "@quorate/platform";
import type { SimClock } from "@quorate/platform/sim";
import { openStorage, type Bootstrap, type OpenedStorage } from "@quorate/server/member";
import { StateMachine } from "@quorate/state-machine";
import { WriteAheadLog } from "@quorate/wal";
import type { Backend } from "@quorate/mvcc";
import type { MachinePlan } from "../plan/plan.ts";

/** Where a member keeps its data on every machine. */
export const dataDirectory = "/data";

/** What opening needs of the process. */
export interface StorageSurroundings {
  readonly files: FileSystem;
  readonly clock: SimClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly openBackend: (path: string) => Promise<Backend>;
  readonly onFailure: (error: unknown) => void;
}

/** Opens the disk. @throws as `openStorage` */
export function openProcessStorage(
  plan: MachinePlan,
  bootstrap: Bootstrap,
  surroundings: StorageSurroundings,
): Promise<OpenedStorage> {
  const { files, clock, timers, random, logger, onFailure, openBackend } = surroundings;
  const wal = { files, clock, random, onFailure };
  const { segmentBytes } = plan;
  const store = {
    compactionBatchLimit: plan.compactionBatchLimit,
    compactionPauseMillis: plan.compactionPauseMillis,
    watchBatchRevisionsMax: plan.watchBatchRevisionsMax,
    watchSliceWatchersMax: plan.watchSliceWatchersMax,
    watchFanOutWatchersMax: plan.watchFanOutWatchersMax,
  };
  return openStorage(
    { dataDirectory, walDirectory: undefined, bootstrap },
    {
      fileSystem: files,
      logger,
      openBackend,
      openState: (backend) => StateMachine.open({ store }, { backend, timers, clock, logger }),
      hasWal: (directory) => WriteAheadLog.exists(directory, wal),
      openWal: (directory) => WriteAheadLog.open(directory, {}, { segmentBytes }, wal),
      createWal: async (directory, metadata) => {
        const created = await WriteAheadLog.create(directory, { metadata }, { segmentBytes }, wal);
        const nothing = { hardState: undefined, snapshot: undefined, entries: [] };
        return { wal: created, recovered: { metadata, ...nothing } };
      },
    },
  );
}
