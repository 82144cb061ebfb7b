import {
  encodeConfigurationEntry,
  toLogIndex,
  toMemberId,
  toTerm,
  type Configuration,
  type Entry,
  type HardState,
  type SnapshotMark,
} from "@quorate/raft";
import { SeededRandom, SimClock, SimFileSystem, SimScheduler } from "@quorate/platform/sim";
import type { FileSystem } from "@quorate/platform";
import {
  WalError,
  WriteAheadLog,
  type RecoveredLog,
  type WalAppend,
  type WalDependencies,
  type WalEvent,
} from "../src/index.ts";

export const directory = "/data/wal";
export const metadata = {
  clusterId: 0xcdf818194e3a8c32n,
  memberId: toMemberId(0x8e9e05c52164694dn),
};
const configuration: Configuration = {
  voters: [metadata.memberId],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
};

/** Dependencies of a log in tests, with what it reported. */
export interface TestDependencies extends WalDependencies {
  readonly failures: unknown[];
  readonly events: WalEvent[];
}

export function createDependencies(files: FileSystem, seed: bigint = 1n): TestDependencies {
  const failures: unknown[] = [];
  const events: WalEvent[] = [];
  return {
    files,
    clock: new SimClock(new SimScheduler()),
    random: new SeededRandom(seed),
    failures,
    events,
    onFailure: (error) => failures.push(error),
    onEvent: (event) => events.push(event),
  };
}

export function entry(index: number, term: number, data: Uint8Array | string = ""): Entry {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return { index: toLogIndex(index), term: toTerm(term), kind: "normal", data: bytes };
}

export function configurationEntry(index: number, term: number): Entry {
  const data = encodeConfigurationEntry({ configuration, context: Uint8Array.of(1, 2, 3) });
  return { index: toLogIndex(index), term: toTerm(term), kind: "configuration", data };
}

export function hardState(term: number, commit: number): HardState {
  const votedFor = term % 2 === 0 ? undefined : metadata.memberId;
  return { term: toTerm(term), votedFor, commit: toLogIndex(commit) };
}

export function mark(index: number, term: number): SnapshotMark {
  return { index: toLogIndex(index), term: toTerm(term), configuration };
}

/** Appends and waits; rejects with the reason. */
export function append(wal: WriteAheadLog, what: WalAppend): Promise<void> {
  return settled((done) => {
    wal.append(what, done);
  });
}

/** Marks a snapshot and waits. */
export function markSnapshot(wal: WriteAheadLog, snapshot: SnapshotMark): Promise<void> {
  return settled((done) => {
    wal.markSnapshot(snapshot, done);
  });
}

function settled(start: (done: (error: WalError | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

/** Opens the log, or makes it if there is none. */
export async function openOrCreate(
  dependencies: WalDependencies,
  segmentBytes: number = 4096,
): Promise<{ wal: WriteAheadLog; recovered: RecoveredLog }> {
  if (!(await WriteAheadLog.exists(directory, dependencies))) {
    await dependencies.files.makeDirectory("/data");
    await dependencies.files.syncDirectory("/");
    const created = await WriteAheadLog.create(
      directory,
      { metadata },
      { segmentBytes },
      dependencies,
    );
    await created.close();
  }
  return WriteAheadLog.open(directory, metadata, { segmentBytes }, dependencies);
}

/** A log to be damaged. */
export interface ClosedLog {
  readonly files: SimFileSystem;
  /** Of its segments, in order. */
  readonly paths: readonly string[];
  /** What {@link describe} says of it. */
  readonly state: string;
}

/** A closed log of three segments with nine entries, on a durable disk. */
export async function createClosedLog(): Promise<ClosedLog> {
  const files = new SimFileSystem();
  const { wal } = await openOrCreate(createDependencies(files));
  for (let index = 1; index <= 9; index++) {
    const data = new SeededRandom(BigInt(index)).nextBytes(700 + 13 * index);
    await append(wal, { entries: [entry(index, 1, data)], hardState: hardState(1, index - 1) });
    if (index === 4) await markSnapshot(wal, mark(3, 1));
  }
  await wal.close();
  const state = await tryOpen(files);
  if (state instanceof WalError) throw state;
  return { files, paths: await segmentPaths(files), state };
}

/** Opens and closes what is there: what the log holds, or the error of the package's own. */
export async function tryOpen(files: SimFileSystem): Promise<string | WalError> {
  try {
    const { wal, recovered } = await openOrCreate(createDependencies(files));
    await wal.close();
    return describe(recovered);
  } catch (error) {
    if (error instanceof WalError) return error;
    throw error;
  }
}

/** What a log holds, in a form that can be compared and printed. */
export function describe(log: Omit<RecoveredLog, "metadata">): string {
  const state = log.hardState;
  const vote = state?.votedFor === undefined ? "none" : state.votedFor.toString(16);
  const lines = [
    state === undefined
      ? "no hard state"
      : `term=${state.term} vote=${vote} commit=${state.commit}`,
    log.snapshot === undefined
      ? "no snapshot"
      : `snapshot=${log.snapshot.index}/${log.snapshot.term}`,
    ...log.entries.map(({ index, term, kind, data }) => {
      const text = Buffer.from(data).toString("latin1");
      const shown = text.length > 24 ? `${data.length}:${checksum(data)}` : text;
      return `${index}/${term} ${kind} ${shown}`;
    }),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** Bytes of the log's newest segment; and all segment paths, oldest first. */
export async function segmentPaths(files: SimFileSystem): Promise<readonly string[]> {
  const names = await files.list(directory);
  return names.filter((name) => name.endsWith(".wal")).map((name) => `${directory}/${name}`);
}

function checksum(data: Uint8Array): number {
  return data.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7);
}
