/**
 * Keeps the log short and brings members that are far behind back into it.
 *
 * The log may be cut only behind what the state has on disk (`durableIndex`): the store's batches
 * reach the disk later than the log, and what a power cut takes from the store is replayed from it.
 */
import type { Clock, FileSystem, Logger, Timers } from "@quorate/platform";
import type { MemberId, RaftNode, SnapshotMark, SnapshotMessage } from "@quorate/raft";
import { toLogIndex } from "@quorate/raft";
import { cleanSnapshots, snapshotName } from "@quorate/wal";
import type { IncomingSnapshot, PeerTransport } from "../peer/peer-transport.ts";
import type { MemberMeter } from "./member-meter.ts";
import type { MemberTiming } from "./member-timing.ts";
import { prepareReceived, sendState, StateIntake } from "./snapshot-transfer.ts";
import type { OpenedStorage } from "./storage.ts";

/** Snapshots sent at a time: each is a copy of the whole state (S10). */
const sendsMax = 2;
/** How often, in applied entries, the size of the log is looked at. */
const checkEvery = 256;
/** Pause after a state was not delivered; doubles up to the maximum. Each try copies it all. */
const retryMinMillis = 250;
const retryMaxMillis = 10_000;

/** What the keeper needs from its surroundings. */
export interface LogKeeperDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly meter: MemberMeter;
  /** Consensus was told something: it may have work. */
  readonly onSettled: () => void;
}

/** See the head of the file. */
export class LogKeeper {
  readonly #timing: MemberTiming;
  readonly #raft: RaftNode;
  readonly #storage: OpenedStorage;
  readonly #fileSystem: FileSystem;
  readonly #transport: PeerTransport;
  readonly #dependencies: LogKeeperDependencies;
  readonly #sending = new Map<MemberId, Promise<void>>();
  /** Tries in a row that did not deliver. */
  readonly #failures = new Map<MemberId, number>();
  #stop = new AbortController();
  #isClosed = false;
  #isReceiving = false;
  #lastCheck: number;

  constructor(
    timing: MemberTiming,
    raft: RaftNode,
    storage: OpenedStorage,
    transport: PeerTransport,
    dependencies: LogKeeperDependencies,
  ) {
    this.#timing = timing;
    this.#raft = raft;
    this.#storage = storage;
    this.#fileSystem = storage.fileSystem;
    this.#transport = transport;
    this.#dependencies = dependencies;
    this.#lastCheck = storage.state.appliedIndex;
  }

  /** Entries were applied: cuts the log when it has grown enough. Cheap unless it does. */
  handleProgress(): void {
    const applied = this.#storage.state.appliedIndex;
    if (applied - this.#lastCheck < Math.min(checkEvery, this.#timing.snapshotCount)) return;
    this.#lastCheck = applied;
    const { log, leadership } = this.#raft.status();
    const { snapshotCount, catchupEntries, logBytesMax } = this.#timing;
    const isLong = applied - log.compactedIndex >= snapshotCount + catchupEntries;
    const isLarge = log.bytes > logBytesMax;
    if (!isLong && !isLarge) return;
    // Large entries: keep half of the entries, whatever their number.
    const kept = isLarge ? (applied - log.compactedIndex) >> 1 : catchupEntries;
    const wanted = Math.min(applied - kept, this.#storage.state.durableIndex);
    const arriving = (leadership?.followers ?? []).flatMap(({ pendingSnapshot }) =>
      pendingSnapshot === undefined ? [] : [pendingSnapshot],
    );
    const index = Math.min(wanted, ...arriving);
    if (index > log.compactedIndex) this.#cut(index);
  }

  /** Streams the state to a follower whose next entry is gone. Reports the end to consensus. */
  sendSnapshot(message: SnapshotMessage): void {
    const { to } = message;
    if (this.#sending.has(to) || this.#isClosed) return;
    if (this.#sending.size >= sendsMax) {
      this.#raft.reportSnapshot(to, false);
      return;
    }
    this.#sending.set(to, this.#send(message));
  }

  /**
   * Takes the stream of a leader's state; one at a time.
   *
   * @param step - Tells consensus; false when it has no use for the state.
   */
  openIncoming(
    from: MemberId,
    step: (message: SnapshotMessage) => boolean,
  ): IncomingSnapshot | undefined {
    if (this.#isReceiving || this.#isClosed) return undefined;
    this.#isReceiving = true;
    const { clock, logger, meter } = this.#dependencies;
    const peer = from.toString(16);
    const begin = clock.monotonicMillis();
    meter.snapshotReceive.begin(peer);
    logger.info("receiving snapshot", { peer });
    const { backend, snapshotDirectory: directory } = this.#storage;
    const onEnd = (isOk: boolean): void => {
      this.#isReceiving = false;
      const seconds = (clock.monotonicMillis() - begin) / 1000;
      meter.snapshotReceive.end(peer, isOk, seconds);
      logger.info(isOk ? "received snapshot" : "snapshot was not received", { peer, seconds });
    };
    const verify = (path: string): Promise<void> => backend.verifyCopy(path);
    const target = { fileSystem: this.#fileSystem, directory, from, verify };
    const onComplete = (message: SnapshotMessage): void => {
      if (step(message)) return;
      const { term, index } = message.snapshot;
      this.#fileSystem
        .remove(`${directory}/${snapshotName(term, index)}`)
        .catch((error: unknown) => {
          logger.warn("useless snapshot was not removed", { error: String(error) });
        });
    };
    return new StateIntake(target, { onComplete, onEnd });
  }

  /** Puts a received state in place; the log knows of it already. */
  async restore(mark: SnapshotMark): Promise<void> {
    const { state, snapshotDirectory } = this.#storage;
    const { logger, meter } = this.#dependencies;
    meter.snapshotApplyInProgress.set(1);
    const path = `${snapshotDirectory}/${snapshotName(mark.term, mark.index)}`;
    await prepareReceived(this.#fileSystem, path);
    await state.restoreFrom(path);
    if (state.appliedIndex !== mark.index) {
      throw new Error(
        `Cannot install snapshot: its state is at ${state.appliedIndex}, expected ${mark.index}`,
      );
    }
    this.#lastCheck = mark.index;
    await this.#storage.wal.release(mark.index);
    await cleanSnapshots(this.#fileSystem, snapshotDirectory, 0);
    meter.snapshotApplyInProgress.set(0);
    logger.info("installed snapshot", { index: mark.index, term: mark.term });
  }

  /** This member leads no more: what it sends would only keep the next leader's away. */
  stopSending(): void {
    if (this.#sending.size > 0) this.#stop.abort();
    this.#failures.clear();
  }

  /** Ends transfers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    await Promise.allSettled(this.#sending.values());
  }

  #cut(index: number): void {
    const { logger } = this.#dependencies;
    const mark = this.#raft.markAt(toLogIndex(index));
    this.#raft.compact(mark.index);
    const { wal } = this.#storage;
    wal.markSnapshot(mark, (failure) => {
      if (failure !== undefined) return; // The log's next append reports it.
      wal.release(index).catch((error: unknown) => {
        logger.warn("old log segments were not removed", { error: String(error) });
      });
    });
    logger.debug("cut the log", { index });
  }

  async #send(message: SnapshotMessage): Promise<void> {
    const { clock, logger, meter } = this.#dependencies;
    const peer = message.to.toString(16);
    const begin = clock.monotonicMillis();
    meter.snapshotSend.begin(peer);
    logger.info("sending snapshot", { peer });
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
    const { signal } = this.#stop;
    let isOk = false;
    try {
      if (this.#transport.connectedSince(message.to) === undefined)
        throw new Error("not connected");
      await sendState(message, {
        fileSystem: this.#fileSystem,
        directory: this.#storage.snapshotDirectory,
        state: this.#storage.state,
        transport: this.#transport,
        signal,
      });
      isOk = true;
    } catch (error) {
      logger.warn("snapshot was not delivered", { peer, error: String(error) });
    }
    const seconds = (clock.monotonicMillis() - begin) / 1000;
    meter.snapshotSend.end(peer, isOk, seconds);
    if (isOk) logger.info("sent snapshot", { peer, seconds });
    await this.#pauseAfter(message.to, isOk, signal);
    this.#sending.delete(message.to);
    if (this.#isClosed) return;
    this.#raft.reportSnapshot(message.to, isOk);
    this.#dependencies.onSettled();
  }

  /** Until it is told, consensus does not ask again for the peer's sake. */
  async #pauseAfter(to: MemberId, isOk: boolean, signal: AbortSignal): Promise<void> {
    if (isOk) this.#failures.delete(to);
    if (isOk || signal.aborted) return;
    const failures = this.#failures.get(to) ?? 0;
    this.#failures.set(to, failures + 1);
    const delayMillis = Math.min(retryMaxMillis, retryMinMillis * 2 ** failures);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = this.#dependencies.timers.setTimer(delayMillis, end);
      signal.addEventListener("abort", end);
    });
  }
}
