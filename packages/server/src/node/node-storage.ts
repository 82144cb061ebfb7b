/** Opens a member's disk with the real file system, log and LMDB. */
import { LmdbBackend, StoreCorruptError } from "@quorate/mvcc";
import { NodeFileSystem } from "@quorate/platform";
import { StateMachine } from "@quorate/state-machine";
import { logWalEvents, WriteAheadLog, type WalDependencies } from "@quorate/wal";
import type { MemberOptions } from "../config/options.ts";
import { openStorage, type OpenedStorage, type StorageOptions } from "../member/storage.ts";
import type { NodeSurroundings } from "./surroundings.ts";

/** Opens the data directory of the options. @throws as `openStorage` */
export async function openNodeStorage(
  options: MemberOptions,
  bootstrap: StorageOptions["bootstrap"],
  surroundings: NodeSurroundings,
  onFailure: (error: unknown) => void,
): Promise<OpenedStorage> {
  const { clock, timers, random, logger, metrics } = surroundings;
  const fileSystem = new NodeFileSystem();
  const wal: WalDependencies = {
    ...{ files: fileSystem, clock, random, onFailure },
    onEvent: logWalEvents(logger),
    instruments: metrics.wal,
  };
  const { walSegmentBytes } = options;
  const walOptions = walSegmentBytes === undefined ? {} : { segmentBytes: walSegmentBytes };
  const store = {
    compactionBatchLimit: options.compactionBatchRevisions,
    compactionPauseMillis: options.compactionSleepMillis,
  };
  let isOpening = true;
  const onStoreFailure = (error: unknown): void => {
    // Who opens is told by the rejection: a start that fails ends with a sentence.
    if (!isOpening || !(error instanceof StoreCorruptError)) onFailure(error);
  };
  const opened = await openStorage(
    { dataDirectory: options.dataDirectory, walDirectory: options.walDirectory, bootstrap },
    {
      fileSystem,
      logger,
      openBackend: (path) => openBackend(path, options, surroundings, onStoreFailure),
      openState: (backend) =>
        StateMachine.open(
          { store },
          { backend, timers, clock, logger, instruments: metrics.store },
        ),
      hasWal: (directory) => WriteAheadLog.exists(directory, wal),
      openWal: (directory) => WriteAheadLog.open(directory, {}, walOptions, wal),
      createWal: async (directory, metadata) => {
        const created = await WriteAheadLog.create(directory, { metadata }, walOptions, wal);
        const nothing = { hardState: undefined, snapshot: undefined, entries: [] };
        return { wal: created, recovered: { metadata, ...nothing } };
      },
    },
  );
  isOpening = false;
  return opened;
}

function openBackend(
  path: string,
  options: MemberOptions,
  { timers, logger, clock, metrics }: NodeSurroundings,
  onFailure: (error: unknown) => void,
): Promise<LmdbBackend> {
  return LmdbBackend.open(
    path,
    {
      commitIntervalMillis: options.backendBatchMillis,
      commitRowsMax: options.backendBatchOperations,
      onFailure,
    },
    { timers, logger, meter: { clock, ...metrics.backend } },
  );
}
