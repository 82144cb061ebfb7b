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
  type Message,
  type SnapshotMessage,
} from "@quorate/raft";
import type { StateMachine, StateMachineSnapshot } from "@quorate/state-machine";
import type { IncomingSnapshot, PeerTransport } from "../peer/peer-transport.ts";
import { snapshotFileName } from "./snapshot-file.ts";

const chunkBytes = 256 * 1024;

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

/** Writes a peer's state to a file; hands the message to consensus when the file is durable. */
export class StateIntake implements IncomingSnapshot {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #from: MemberId;
  readonly #onComplete: (message: Message) => void;
  readonly #onEnd: (isOk: boolean) => void;
  readonly #path: string;
  #file: ReturnType<FileSystem["open"]> | undefined;
  #position = 0;

  constructor(
    target: {
      readonly fileSystem: FileSystem;
      readonly directory: string;
      readonly from: MemberId;
    },
    onComplete: (message: Message) => void,
    onEnd: (isOk: boolean) => void,
  ) {
    this.#fileSystem = target.fileSystem;
    this.#directory = target.directory;
    this.#from = target.from;
    this.#path = `${target.directory}/incoming.tmp`;
    this.#onComplete = onComplete;
    this.#onEnd = onEnd;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#file ??= this.#fileSystem.open(this.#path, "create-or-truncate");
    const file = await this.#file;
    file.writeSync([chunk], this.#position);
    this.#position += chunk.length;
  }

  async finish(_digest: Uint8Array, encoded: Uint8Array): Promise<void> {
    let isOk = false;
    try {
      const message = decodeMessage(encoded);
      if (message.kind !== "snapshot" || message.from !== this.#from) {
        throw new Error("Cannot receive snapshot: its message is not the sender's snapshot");
      }
      if (this.#file === undefined) throw new Error("Cannot receive snapshot: it is empty");
      const file = await this.#file;
      await file.datasync();
      await file.close();
      await this.#fileSystem.rename(
        this.#path,
        `${this.#directory}/${snapshotFileName(message.snapshot)}`,
      );
      await this.#fileSystem.syncDirectory(this.#directory);
      isOk = true;
      this.#onComplete(message);
    } finally {
      this.#onEnd(isOk);
    }
  }

  async abort(): Promise<void> {
    try {
      const file = await this.#file;
      await file?.close();
      await this.#fileSystem.remove(this.#path);
    } finally {
      this.#onEnd(false);
    }
  }
}
