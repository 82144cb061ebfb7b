/**
 * Carries out what consensus asks for: sends its messages, writes its log, hands on what is
 * committed. Knows nothing of what the entries mean.
 *
 * The order is the promise (P4): what a message says is durable leaves only from the log's
 * completion callback; everything else leaves at once, in parallel with the disk.
 */
import {
  decodeMessage,
  encodeMessage,
  RaftCodecError,
  type Entry,
  type HardState,
  type MemberId,
  type Message,
  type RaftNode,
  type Ready,
  type ReadState,
  type SnapshotMark,
  type SnapshotMessage,
  type SoftState,
} from "@quorate/raft";
import type { Logger, Timer, Timers } from "@quorate/platform";
import type { WriteAheadLog } from "@quorate/wal";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";

/** What the driver hands on. Called during `drain` or when the log has become durable. */
export interface RaftDriverEvents {
  onSoftState(softState: SoftState): void;
  /** In order, each entry once. */
  onCommitted(entries: readonly Entry[]): void;
  /**
   * A snapshot replaces the state. It comes in order with `onCommitted`.
   *
   * @param durable - Resolves when the log knows of it; the state may be replaced from then on.
   */
  onSnapshot(mark: SnapshotMark, durable: Promise<void>): void;
  onReadState(state: ReadState): void;
  onReadAbandoned(requestId: number): void;
  /** A peer needs the state, not the log. */
  onSnapshotWanted(message: SnapshotMessage): void;
  /** Something became durable: consensus may have moved. */
  onPersisted(): void;
  /** The log cannot be trusted any more: the process must end (B3). */
  onLogFailure(error: Error): void;
}

/** See `RaftOptions.holdCommits`. */
const heldCommitMillis = 1;

const durableAtOnce: Promise<void> = Promise.resolve();

interface UnfinishedReady {
  readonly ready: Ready;
  /** Written by the log's callback. */
  isDurable: boolean;
  readonly onFinish: (() => void) | undefined;
}

/** See the head of the file. */
export class RaftDriver {
  readonly raft: RaftNode;
  readonly #wal: Pick<WriteAheadLog, "append">;
  readonly #transport: PeerTransport;
  readonly #events: RaftDriverEvents;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #unfinished: UnfinishedReady[] = [];
  #unsavedHardState: HardState | undefined;
  #appendsInFlight = 0;
  #commitTimer: Timer | undefined;
  /** What was held when the timer was set. */
  #heldCommit = 0;

  constructor(
    raft: RaftNode,
    wal: Pick<WriteAheadLog, "append">,
    transport: PeerTransport,
    events: RaftDriverEvents,
    { logger, timers }: { readonly logger: Logger; readonly timers: Timers },
  ) {
    this.raft = raft;
    this.#wal = wal;
    this.#transport = transport;
    this.#events = events;
    this.#logger = logger;
    this.#timers = timers;
  }

  /** Whether the log is busy: what is proposed now would wait for the disk anyway. */
  get isPersisting(): boolean {
    return this.#appendsInFlight > 0;
  }

  /** Takes a frame of raft messages from a peer. */
  handleFrame(from: MemberId, payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    try {
      for (let offset = 0; offset + 4 <= payload.length;) {
        const length = view.getUint32(offset, true);
        offset += 4;
        const message = decodeMessage(payload.subarray(offset, offset + length));
        offset += length;
        // A snapshot counts only when its state has arrived, on a stream of its own.
        if (message.from === from && message.kind !== "snapshot") this.raft.step(message);
      }
    } catch (error) {
      if (!(error instanceof RaftCodecError)) throw error;
      this.#logger.error("peer sent a malformed message", {
        peer: from.toString(16),
        error: error.message,
      });
    }
  }

  /** Does everything that consensus has ready. */
  drain(): void {
    while (this.raft.hasReady()) {
      const ready = this.raft.ready();
      this.#send(ready.messages);
      const durable = this.#persist(ready);
      if (ready.softState !== undefined) this.#events.onSoftState(ready.softState);
      if (ready.snapshot !== undefined) this.#events.onSnapshot(ready.snapshot, durable);
      if (ready.committedEntries.length > 0) this.#events.onCommitted(ready.committedEntries);
      for (const requestId of ready.abandonedReads) this.#events.onReadAbandoned(requestId);
      for (const state of ready.readStates) this.#events.onReadState(state);
    }
    if (this.#commitTimer === undefined) this.#boundHeldCommit();
  }

  /** Nothing is held back any more. */
  close(): void {
    this.#commitTimer?.cancel();
  }

  /**
   * What is committed travels to followers with the next append; where none comes it goes alone,
   * one to two periods later. A message of its own each time would cost two writes and two wake-ups
   * a request of a lone caller, of four.
   */
  #boundHeldCommit(): void {
    this.#heldCommit = this.raft.heldCommit;
    if (this.#heldCommit === 0) return;
    this.#commitTimer = this.#timers.setTimer(heldCommitMillis, () => {
      this.#commitTimer = undefined;
      // Some follower was told nothing since: its window may be full, while others go on.
      if (this.raft.holdsCommit(this.#heldCommit)) this.raft.tellCommit();
      this.drain();
    });
  }

  /** @returns Resolves when a snapshot in `ready` is durable; else at once. */
  #persist(ready: Ready): Promise<void> {
    this.#unsavedHardState = ready.hardState ?? this.#unsavedHardState;
    if (!ready.isSyncRequired) {
      // Only the commit index moved, which may lag on the disk: it is written with the next append.
      this.#unfinished.push({ ready, isDurable: true, onFinish: undefined });
      this.#finish();
      return durableAtOnce;
    }
    if (ready.snapshot === undefined) {
      this.#append(ready, undefined);
      return durableAtOnce;
    }
    return new Promise((resolve) => {
      this.#append(ready, resolve);
    });
  }

  #append(ready: Ready, onFinish: (() => void) | undefined): void {
    const { snapshot, entries } = ready;
    const unfinished: UnfinishedReady = { ready, isDurable: false, onFinish };
    this.#unfinished.push(unfinished);
    this.#appendsInFlight += 1;
    const record = { snapshot, entries, hardState: this.#unsavedHardState };
    this.#unsavedHardState = undefined;
    this.#wal.append(record, (error) => {
      if (error !== undefined) {
        this.#events.onLogFailure(error);
        return;
      }
      this.#appendsInFlight -= 1;
      unfinished.isDurable = true;
      this.#finish();
      this.#events.onPersisted();
    });
  }

  /** Tells consensus what is durable, in the order of the Readys. */
  #finish(): void {
    for (;;) {
      const first = this.#unfinished[0];
      if (first?.isDurable !== true) return;
      this.#unfinished.shift();
      this.raft.persisted(first.ready);
      this.#send(first.ready.messagesAfterPersist);
      first.onFinish?.();
    }
  }

  /** All messages of a Ready to one peer leave in one frame. */
  #send(messages: readonly Message[]): void {
    const [first, second] = messages;
    if (first === undefined) return;
    if (first.to === second?.to || messages.length > 2) {
      for (const to of new Set(messages.map((message) => message.to))) {
        this.#sendTo(
          to,
          messages.filter((message) => message.to === to),
        );
      }
      return;
    }
    // Hot: an append to each of two followers, or one answer.
    this.#sendTo(first.to, [first]);
    if (second !== undefined) this.#sendTo(second.to, [second]);
  }

  #sendTo(to: MemberId, messages: readonly Message[]): void {
    const chunks: Uint8Array[] = [];
    for (const message of messages) {
      if (message.kind === "snapshot") {
        this.#events.onSnapshotWanted(message);
        continue;
      }
      const head = Buffer.allocUnsafe(4);
      chunks.push(head);
      let length = 0;
      for (const part of encodeMessage(message)) {
        length += part.length;
        chunks.push(part);
      }
      head.writeUInt32LE(length, 0);
    }
    if (chunks.length === 0) return;
    if (!this.#transport.send(to, FrameKind.raft, chunks)) this.raft.reportUnreachable(to);
  }
}
