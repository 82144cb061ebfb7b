/**
 * The state on its way between members: a compact copy of this member's state streamed to a peer,
 * or a peer's state written down here until consensus installs it.
 */
import type { FileSystem } from "@quorate/platform";
import {
  decodeMessage,
  encodeMessage,
  toLogIndex,
  toMemberId,
  toTerm,
  type MemberId,
  type SnapshotMessage,
} from "@quorate/raft";
import type { StateMachine, StateMachineSnapshot } from "@quorate/state-machine";
import { SnapshotWriter, verifySnapshot } from "@quorate/wal";
import type { IncomingSnapshot, PeerTransport } from "../peer/peer-transport.ts";

const chunkBytes = 256 * 1024;
const pageBytes = 4096;

/** Copies the state to a temporary file, streams it to the peer, and removes the file. */
export async function sendState(
  message: SnapshotMessage,
  source: {
    readonly fileSystem: FileSystem;
    readonly directory: string;
    readonly state: StateMachine;
    readonly transport: PeerTransport;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { fileSystem, directory, state, transport, signal } = source;
  const path = `${directory}/outgoing-${message.to.toString(16)}.tmp`;
  await fileSystem.remove(path);
  try {
    const snapshot = await state.snapshotTo(path);
    const outgoing = {
      message: Buffer.concat(encodeMessage(withMark(message, snapshot))),
      sizeBytes: snapshot.sizeBytes,
      chunks: readChunks(fileSystem, path),
    };
    await transport.sendSnapshot(message.to, outgoing, signal);
  } finally {
    await fileSystem.remove(path);
  }
}

/** The copy ends with a later entry than the one that consensus asked for: it says which. */
function withMark(message: SnapshotMessage, snapshot: StateMachineSnapshot): SnapshotMessage {
  const { voters, votersOutgoing, learners, learnersNext } = snapshot.configuration;
  const configuration = {
    voters: voters.map(toMemberId),
    votersOutgoing: votersOutgoing.map(toMemberId),
    learners: learners.map(toMemberId),
    learnersNext: learnersNext.map(toMemberId),
  };
  const index = toLogIndex(snapshot.index);
  return { ...message, snapshot: { index, term: toTerm(snapshot.term), configuration } };
}

async function* readChunks(fileSystem: FileSystem, path: string): AsyncGenerator<Uint8Array> {
  const file = await fileSystem.open(path, "read");
  try {
    for (let position = 0; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = await file.read(chunk, position);
      if (count === 0) return;
      position += count;
      yield chunk.subarray(0, count);
    }
  } finally {
    await file.close();
  }
}

/** What is to happen with a peer's state. */
export interface StateIntakeEvents {
  /** It is durable under its name: consensus may install it. */
  onComplete(message: SnapshotMessage): void;
  /** Nothing more comes. */
  onEnd(isOk: boolean): void;
}

/**
 * Writes a peer's state to a file; hands the message to consensus when the file is durable.
 *
 * Once consensus has it there is no way back to the state of before, so it is read as a whole
 * first: what was damaged where it was sent is refused, and this member stays as it was (B7).
 */
export class StateIntake implements IncomingSnapshot {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #from: MemberId;
  readonly #verify: (path: string) => Promise<void>;
  readonly #events: StateIntakeEvents;
  #message: SnapshotMessage | undefined;
  #writer: SnapshotWriter | undefined;

  constructor(
    target: {
      readonly fileSystem: FileSystem;
      readonly directory: string;
      readonly from: MemberId;
      /** Reads the whole file; rejects when the state in it is damaged. */
      readonly verify: (path: string) => Promise<void>;
    },
    events: StateIntakeEvents,
  ) {
    this.#fileSystem = target.fileSystem;
    this.#directory = target.directory;
    this.#from = target.from;
    this.#verify = target.verify;
    this.#events = events;
  }

  async begin(encoded: Uint8Array): Promise<void> {
    const message = decodeMessage(encoded);
    if (message.kind !== "snapshot" || message.from !== this.#from || this.#writer !== undefined) {
      throw new Error("Cannot receive snapshot: its message is not the sender's snapshot");
    }
    const { term, index } = message.snapshot;
    this.#message = message;
    this.#writer = await SnapshotWriter.begin(this.#fileSystem, this.#directory, term, index);
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#begun().writer.write(chunk);
  }

  async finish(sha256: Uint8Array): Promise<void> {
    let isOk = false;
    try {
      const { writer, message } = this.#begun();
      const { path } = await writer.finish(sha256);
      try {
        await this.#verify(path);
      } catch (error) {
        await this.#fileSystem.remove(path);
        throw error;
      }
      isOk = true;
      this.#events.onComplete(message);
    } finally {
      this.#events.onEnd(isOk);
    }
  }

  async abort(): Promise<void> {
    try {
      await this.#writer?.abort();
    } finally {
      this.#events.onEnd(false);
    }
  }

  #begun(): { readonly writer: SnapshotWriter; readonly message: SnapshotMessage } {
    const writer = this.#writer;
    const message = this.#message;
    if (writer === undefined || message === undefined) {
      throw new Error("Cannot receive snapshot: it was not begun");
    }
    return { writer, message };
  }
}

/**
 * Makes a received file ready to become the database: checks it and takes its checksum off (B7).
 *
 * Databases are whole pages, so a file that is one was made ready before the process ended.
 */
export async function prepareReceived(fileSystem: FileSystem, path: string): Promise<void> {
  const sizeBytes = (await fileSystem.stat(path))?.sizeBytes ?? 0;
  if (sizeBytes > 0 && sizeBytes % pageBytes === 0) return;
  const contentBytes = await verifySnapshot(fileSystem, path);
  const file = await fileSystem.open(path, "write");
  try {
    await file.truncate(contentBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
