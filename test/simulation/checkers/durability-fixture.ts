/** Machines with real logs on simulated disks, and processes that say what they are told to. */
import { FrameKind } from "@quorate/server/member";
import type { FileHandle, FileSystem } from "@quorate/platform";
import { SeededRandom, SimClock, SimFileSystem, SimScheduler } from "@quorate/platform/sim";
import { encodeMessage, toConfiguration, toLogIndex, toMemberId, toTerm } from "@quorate/raft";
import { encodeConfigurationEntry, type Entry, type MemberId } from "@quorate/raft";
import type { HardState, Message, RaftStatus, SnapshotMark } from "@quorate/raft";
import type { StateMachine } from "@quorate/state-machine";
import { WriteAheadLog, type RecoveredLog } from "@quorate/wal";
import type { ObservedProcess } from "../world/observer.ts";

/** Ids of three members. */
export const [one, two, three]: readonly [MemberId, MemberId, MemberId] = [
  toMemberId(1n),
  toMemberId(2n),
  toMemberId(3n),
];

/** Status, or state, of a process that is none. */
export interface Claims {
  status: RaftStatus;
  appliedIndex: number;
  revision: number;
  hash: string;
}

/** A process that says what it is told to say. */
export function claimingProcess(
  memberId: MemberId,
  claims: Claims,
  files: SimFileSystem = new SimFileSystem(),
  life: number = 1,
): ObservedProcess {
  const state = {
    get appliedIndex() {
      return claims.appliedIndex;
    },
    store: {
      get currentRevision() {
        return claims.revision;
      },
    },
    stateHash: () => claims.hash,
  };
  return {
    ...{ memberId, life, files, dataDirectory: "/data", isAlive: true },
    state: toState(state),
    status: () => claims.status,
  };
}

function toState(state: object): StateMachine {
  return state as StateMachine;
}

/** A status in which everything is at its beginning. */
export function statusOf(id: MemberId, changes: Partial<RaftStatus> = {}): RaftStatus {
  const zero = toLogIndex(0);
  return {
    ...{ id, term: toTerm(0), role: "follower", leader: undefined, votedFor: undefined },
    configuration: toConfiguration([one, two, three]),
    ...{
      isConfigurationCommitted: true,
      configurationIndex: zero,
      isInstallingSnapshot: false,
      pendingReads: 0,
    },
    log: {
      ...{ compactedIndex: zero, appliedIndex: zero, commitIndex: zero, persistedIndex: zero },
      ...{ lastIndex: zero, lastTerm: toTerm(0), bytes: 0, uncommittedBytes: 0 },
    },
    leadership: undefined,
    ...changes,
  };
}

/** A frame of messages of consensus, as members send them. */
export function frameOf(...messages: readonly Message[]): readonly [number, Uint8Array] {
  const chunks = messages.flatMap((message) => {
    const body = Buffer.concat(encodeMessage(message));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length, 0);
    return [head, body];
  });
  return [FrameKind.raft, Buffer.concat(chunks)];
}

/** An entry with a value. */
export function entryOf(index: number, term: number, value: string = `${index}`): Entry {
  const data = Buffer.from(value);
  return { index: toLogIndex(index), term: toTerm(term), kind: "normal", data };
}

/** An entry that makes members the voters. */
export function configurationOf(index: number, term: number, voters: readonly MemberId[]): Entry {
  const configuration = toConfiguration(voters);
  const data = encodeConfigurationEntry({ configuration, context: new Uint8Array(0) });
  return { ...entryOf(index, term), kind: "configuration", data };
}

/** A hard state. */
export function hardStateOf(term: number, votedFor?: MemberId, commit: number = 0): HardState {
  return { term: toTerm(term), votedFor, commit: toLogIndex(commit) };
}

/** How a machine's software cheats. */
export interface Cheats {
  readonly skipsDatasync?: boolean;
  readonly skipsDirectorySync?: boolean;
}

/** A machine with a real log; its software may leave out what it must do. */
export class LogMachine {
  readonly files: SimFileSystem;
  readonly memberId: MemberId;
  readonly claims: Claims;
  readonly cheats: { skipsDatasync: boolean; skipsDirectorySync: boolean };
  #wal: WriteAheadLog | undefined;
  #lives = 0;

  constructor(memberId: MemberId, seed: bigint, cheats: Cheats = {}) {
    this.memberId = memberId;
    this.files = new SimFileSystem({ random: new SeededRandom(seed) });
    this.claims = { status: statusOf(memberId), appliedIndex: 0, revision: 1, hash: "" };
    this.cheats = { skipsDatasync: false, skipsDirectorySync: false, ...cheats };
  }

  /** Opens the log; the process claims what the log says. */
  async start(): Promise<ObservedProcess> {
    const files = cheating(this.files, this.cheats);
    const clock = new SimClock(new SimScheduler());
    const random = new SeededRandom(BigInt(++this.#lives));
    const dependencies = { files, clock, random, onFailure: () => undefined };
    const options = { segmentBytes: 4096 };
    const directory = "/data/member/wal";
    if (this.#lives === 1) {
      const path = "/data/member";
      await files.makeDirectory(path);
      for (const name of [path, "/data", "/"]) await files.syncDirectory(name);
      const metadata = { clusterId: 9n, memberId: this.memberId };
      const made = await WriteAheadLog.create(directory, { metadata }, options, dependencies);
      await made.close();
    }
    const { wal, recovered } = await WriteAheadLog.open(directory, {}, options, dependencies);
    this.#wal = wal;
    this.claims.status = statusAfter(this.memberId, recovered);
    return claimingProcess(this.memberId, this.claims, this.files, this.#lives);
  }

  /** Appends; resolves when the log says that it is durable. */
  append(entries: readonly Entry[], hardState?: HardState): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#wal === undefined) throw new Error("The machine is not started");
      this.#wal.append({ entries, hardState }, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** Lets go of segments that a snapshot covers. */
  async release(mark: SnapshotMark): Promise<void> {
    const wal = this.#wal;
    if (wal === undefined) throw new Error("The machine is not started");
    await new Promise<void>((resolve, reject) => {
      wal.markSnapshot(mark, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    await wal.release(mark.index);
  }

  /** Cuts the power. */
  crash(damage: "drop-all" | "keep-all" | "random" = "drop-all"): void {
    this.files.crash(damage);
  }
}

function statusAfter(id: MemberId, { hardState, snapshot, entries }: RecoveredLog): RaftStatus {
  const status = statusOf(id);
  const last = entries.at(-1);
  const compactedIndex = snapshot?.index ?? toLogIndex(0);
  const log = {
    ...status.log,
    compactedIndex,
    lastIndex: last?.index ?? compactedIndex,
    lastTerm: last?.term ?? snapshot?.term ?? toTerm(0),
  };
  return { ...status, term: hardState?.term ?? toTerm(0), votedFor: hardState?.votedFor, log };
}

/** The file system as software uses it that leaves syncs out. */
function cheating(
  files: SimFileSystem,
  cheats: { readonly skipsDatasync: boolean; readonly skipsDirectorySync: boolean },
): FileSystem {
  return {
    open: async (path, mode) => {
      const handle = await files.open(path, mode);
      const datasync = (): Promise<void> =>
        cheats.skipsDatasync ? Promise.resolve() : handle.datasync();
      return withDatasync(handle, datasync);
    },
    list: (path) => files.list(path),
    stat: (path) => files.stat(path),
    freeBytes: (path) => files.freeBytes(path),
    makeDirectory: (path) => files.makeDirectory(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    removeDirectory: (path) => files.removeDirectory(path),
    syncDirectory: (path) =>
      cheats.skipsDirectorySync ? Promise.resolve() : files.syncDirectory(path),
    lock: (path) => files.lock(path),
  };
}

function withDatasync(handle: FileHandle, datasync: () => Promise<void>): FileHandle {
  return {
    writeSync: (chunks, position) => handle.writeSync(chunks, position),
    read: (target, position) => handle.read(target, position),
    readSync: (target, position) => handle.readSync(target, position),
    datasync,
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sizeBytes: () => handle.sizeBytes(),
    close: () => handle.close(),
  };
}
