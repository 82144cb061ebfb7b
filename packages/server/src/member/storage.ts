/**
 * Opens what a member has on disk, or makes it for a new member.
 *
 * ```
 * <data-dir>/member/lock          held by the process
 * <data-dir>/member/wal/…         the log: what was promised
 * <data-dir>/member/snap/db       the state: LMDB, follows the log
 * <data-dir>/member/snap/*.snap.db  a received state that the log knows of and the state is not yet
 * ```
 */
import { dirname } from "node:path";
import type { FileSystem, FileLock, Logger } from "@quorate/platform";
import type { Backend } from "@quorate/mvcc";
import {
  emptyConfiguration,
  encodeConfigurationEntry,
  toConfiguration,
  toLogIndex,
  toMemberId,
  toTerm,
  type Entry,
  type MemberId,
  type RaftInitialState,
  type SnapshotMark,
} from "@quorate/raft";
import { encodeMemberChange, type InitialCluster, type StateMachine } from "@quorate/state-machine";
import {
  cleanSnapshots,
  listSnapshots,
  type RecoveredLog,
  type WalMetadata,
  type WriteAheadLog,
} from "@quorate/wal";
import { prepareReceived } from "./snapshot-transfer.ts";

/** A member's disk, open. */
export interface OpenedStorage {
  readonly fileSystem: FileSystem;
  readonly clusterId: bigint;
  readonly memberId: MemberId;
  readonly wal: WriteAheadLog;
  readonly backend: Backend;
  readonly state: StateMachine;
  readonly raftState: RaftInitialState;
  readonly snapshotDirectory: string;
  /** Closes log and state and releases the directory. */
  close(): Promise<void>;
}

/** Why a data directory cannot be used; the message is one sentence for the operator. */
class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code = "storage";
}

/** Where a member's data are and who it is when they do not exist yet. */
export interface StorageOptions {
  readonly dataDirectory: string;
  readonly walDirectory: string | undefined;
  /**
   * Who the member is while its log does not say. A function is called only then, with whether
   * there is no log at all; with a log that holds nothing, its ids are not used.
   */
  readonly bootstrap: Bootstrap | ((isNew: boolean) => Promise<Bootstrap>);
}

/** What a member starts with when its directory is empty. */
export interface Bootstrap {
  readonly memberId: bigint;
  readonly clusterId: bigint;
  /** The first members; undefined when this one joins a cluster that exists. */
  readonly initialCluster: InitialCluster | undefined;
}

/** What opens the parts; a simulator brings its own. */
export interface StorageDependencies {
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
  readonly openBackend: (path: string) => Promise<Backend>;
  readonly openState: (backend: Backend) => Promise<StateMachine>;
  readonly hasWal: (directory: string) => Promise<boolean>;
  readonly createWal: (directory: string, metadata: WalMetadata) => Promise<OpenedWal>;
  readonly openWal: (directory: string) => Promise<OpenedWal>;
}

/** A log and what it holds. */
export interface OpenedWal {
  readonly wal: WriteAheadLog;
  readonly recovered: RecoveredLog;
}

/**
 * Opens the directory of a member.
 *
 * @throws {@link StorageError} when another process uses it, or log and state do not fit together;
 *   errors of the log and the backend when files are damaged or foreign.
 */
export async function openStorage(
  options: StorageOptions,
  dependencies: StorageDependencies,
): Promise<OpenedStorage> {
  const { fileSystem } = dependencies;
  const memberDirectory = `${options.dataDirectory}/member`;
  await fileSystem.makeDirectory(`${memberDirectory}/snap`);
  const lock = await fileSystem.lock(`${memberDirectory}/lock`);
  if (lock === undefined) {
    throw new StorageError(
      `Cannot use data directory "${options.dataDirectory}": another process is using it`,
    );
  }
  try {
    return await openLocked(options, dependencies, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(
  options: StorageOptions,
  dependencies: StorageDependencies,
  lock: FileLock,
): Promise<OpenedStorage> {
  const { fileSystem } = dependencies;
  const memberDirectory = `${options.dataDirectory}/member`;
  const snapshotDirectory = `${memberDirectory}/snap`;
  const walDirectory = options.walDirectory ?? `${memberDirectory}/wal`;
  const databasePath = `${snapshotDirectory}/db`;
  const hasLog = await dependencies.hasWal(walDirectory);
  if (!hasLog && (await fileSystem.stat(databasePath)) !== undefined) {
    throw new StorageError(
      `Cannot start from "${options.dataDirectory}": there is a database but no log in ` +
        `"${walDirectory}"; restore the log, or start with an empty directory`,
    );
  }
  // The names of new directories must be as durable as what will be promised inside (P4).
  for (const path of [memberDirectory, options.dataDirectory, dirname(options.dataDirectory)]) {
    await fileSystem.syncDirectory(path);
  }
  const { wal, recovered } = await openLog(walDirectory, hasLog, options, dependencies);

  await installPending(recovered.snapshot, snapshotDirectory, databasePath, dependencies);
  const backend = await dependencies.openBackend(databasePath);
  const state = await dependencies.openState(backend);
  checkTogether(recovered, state, options.dataDirectory);
  const raftState = {
    hardState: recovered.hardState ?? initialHardState,
    compacted: recovered.snapshot ?? emptyMark,
    entries: recovered.entries,
    applied: toLogIndex(state.appliedIndex),
  };
  dependencies.logger.info("opened data directory", {
    "data-dir": options.dataDirectory,
    restarted: hasLog,
    entries: recovered.entries.length,
    "applied-index": state.appliedIndex,
    revision: state.store.currentRevision,
  });
  const { clusterId, memberId } = recovered.metadata;
  const close = async (): Promise<void> => {
    state.close();
    await backend.close();
    await wal.close();
    await lock.release();
  };
  return {
    ...{ fileSystem, clusterId, memberId, wal, backend, state, raftState, snapshotDirectory },
    close,
  };
}

const initialHardState = { term: toTerm(0), votedFor: undefined, commit: toLogIndex(0) };
const emptyMark: SnapshotMark = {
  index: toLogIndex(0),
  term: toTerm(0),
  configuration: emptyConfiguration,
};

/**
 * Opens or makes the log, and fills it for a new member. Every first member writes the same first
 * entry, which names them all; a member that joins starts with nothing and receives that entry like
 * any other. A log that was made and not filled before the process ended is filled now.
 */
async function openLog(
  directory: string,
  hasLog: boolean,
  options: StorageOptions,
  { openWal, createWal }: StorageDependencies,
): Promise<OpenedWal> {
  const identify = (): Promise<Bootstrap> =>
    typeof options.bootstrap === "function"
      ? options.bootstrap(!hasLog)
      : Promise.resolve(options.bootstrap);
  if (!hasLog) {
    const bootstrap = await identify();
    return fill(await createWal(directory, metadataOf(bootstrap)), bootstrap);
  }
  const opened = await openWal(directory);
  const { hardState, snapshot, entries } = opened.recovered;
  const isEmpty = hardState === undefined && snapshot === undefined && entries.length === 0;
  return isEmpty ? fill(opened, await identify()) : opened;
}

async function fill(
  { wal, recovered }: OpenedWal,
  { initialCluster }: Bootstrap,
): Promise<OpenedWal> {
  if (initialCluster === undefined) return { wal, recovered };
  const entries = [bootstrapEntry(initialCluster)];
  const hardState = { term: toTerm(1), votedFor: undefined, commit: toLogIndex(1) };
  await new Promise<void>((resolve, reject) => {
    wal.append({ entries, hardState }, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  return { wal, recovered: { ...recovered, hardState, entries } };
}

function metadataOf({ clusterId, memberId }: Bootstrap): WalMetadata {
  return { clusterId, memberId: toMemberId(memberId) };
}

function bootstrapEntry({ members }: InitialCluster): Entry {
  const context = encodeMemberChange({
    requestId: undefined,
    change: {
      kind: "bootstrap",
      members: members.map(({ id, peerUrls }) => ({ id, peerUrls })),
    },
  });
  const configuration = toConfiguration(members.map(({ id }) => toMemberId(id)));
  const data = encodeConfigurationEntry({ configuration, context });
  return { index: toLogIndex(1), term: toTerm(1), kind: "configuration", data };
}

/**
 * A received state whose place the log knows, but which was not moved over the old one before the
 * process ended, is moved now; others are left-overs.
 */
async function installPending(
  mark: SnapshotMark | undefined,
  directory: string,
  databasePath: string,
  { fileSystem }: StorageDependencies,
): Promise<void> {
  const received = await listSnapshots(fileSystem, directory);
  const pending = received.find(({ index, term }) => index === mark?.index && term === mark.term);
  if (pending !== undefined) {
    await prepareReceived(fileSystem, pending.path);
    await fileSystem.remove(`${databasePath}-lock`);
    await fileSystem.rename(pending.path, databasePath);
  }
  await cleanSnapshots(fileSystem, directory, 0);
}

/** Log and state were written at different times, but one must cover the other without a hole. */
function checkTogether(recovered: RecoveredLog, state: StateMachine, dataDirectory: string): void {
  const first = recovered.snapshot?.index ?? 0;
  const last = first + recovered.entries.length;
  const { appliedIndex } = state;
  if (appliedIndex >= first && appliedIndex <= last) return;
  throw new StorageError(
    `Cannot start from "${dataDirectory}": the database is at entry ${appliedIndex}, ` +
      `the log holds ${first + 1} to ${last}; files of different members or times were mixed`,
  );
}
