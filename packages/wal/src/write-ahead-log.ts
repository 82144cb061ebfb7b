import { dirname } from "node:path";
import { FileSystemError } from "@quorate/platform";
import { encodeSnapshotMark, toLogIndex, type HardState, type SnapshotMark } from "@quorate/raft";
import { assert } from "./assert.ts";
import { WalClosedError, WalExistsError, WalFailedError, type WalError } from "./errors.ts";
import {
  noopWalInstruments,
  validateWalOptions,
  type WalDependencies,
  type WalInstruments,
  type WalOptions,
} from "./options.ts";
import {
  encodeAppend,
  encodeSegmentHead,
  type SegmentHead,
  type WalAppend,
  type WalMetadata,
} from "./payloads.ts";
import { paddingBytes, recordHeaderBytes, writeRecordHeader, type RecordType } from "./record.ts";
import { recoverSegments, type RecoveredLog, type RecoveredSegments } from "./recovery.ts";
import {
  PreparedSegment,
  preparedName,
  segmentName,
  type OpenSegment,
  type SegmentFile,
} from "./segment-file.ts";

/** Called when an append is durable, or with the reason why it may not be. */
export type OnDurable = (error: WalError | undefined) => void;

/** What a new log begins with. */
export interface WalCreation {
  readonly metadata: WalMetadata;
  /** The state that the member starts from, with its configuration. @default none */
  readonly snapshot?: SnapshotMark;
  /** @default none */
  readonly hardState?: HardState;
}

/** State of a log for status pages and metrics. */
export interface WalStatus {
  readonly state: "open" | "failed" | "closed";
  readonly segments: number;
  readonly activeSequence: number;
  readonly activeBytes: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  /** Appends that wait for a sync. */
  readonly waiting: number;
  /** Milliseconds that the sync under way has taken; 0 for none. A slow disk shows here (B11). */
  readonly syncMillis: number;
}

/**
 * The durable log of one member: entries, hard state and snapshot marks.
 *
 * An append is one record and one write into the page cache, at once. Then one `fdatasync` is under
 * way at a time; the next covers everything that was appended meanwhile (group commit). Callbacks
 * run in the order of the appends and never before everything they promise is durable, the names of
 * files included (P4).
 *
 * The first error of a write or sync ends the log for good (B3): the kernel may have marked the
 * pages clean, so asking again would be answered with a lie.
 *
 * @example
 * ```ts
 * const { wal, recovered } = await WriteAheadLog.open("/data/wal", {}, {}, dependencies);
 * wal.append({ entries: ready.entries, hardState: ready.hardState }, (error) => {
 *   if (error === undefined) node.persisted(ready);
 * });
 * ```
 */
export class WriteAheadLog {
  readonly metadata: WalMetadata;
  readonly #directory: string;
  readonly #options: WalOptions;
  readonly #dependencies: WalDependencies;
  readonly #instruments: WalInstruments;
  /** Those that have their name, oldest first. */
  readonly #segments: SegmentFile[];
  #active: OpenSegment;
  /** Segments that were begun and do not have their name yet, with the one before. */
  #cuts: SegmentCut[] = [];
  #prepared: PreparedSegment | undefined;
  #preparing: Promise<void> | undefined;
  /** After a failed preparation: the position at which to try again. */
  #prepareAgainAt = 0;
  #lastIndex: number;
  #hardState: HardState | undefined;
  #snapshot: SnapshotMark | undefined;
  #durableSnapshotIndex: number;
  #waiters: OnDurable[] = [];
  #flushing: Promise<void> | undefined;
  #syncSinceMillis: number | undefined;
  #failure: WalFailedError | undefined;
  #closed: Promise<void> | undefined;
  #releasing: Promise<void> = Promise.resolve();
  readonly #scratch = new Uint8Array(scratchBytes);
  readonly #header = new DataView(new ArrayBuffer(recordHeaderBytes));

  private constructor(
    directory: string,
    recovered: RecoveredSegments,
    options: WalOptions,
    dependencies: WalDependencies,
  ) {
    this.#directory = directory;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#instruments = dependencies.instruments ?? noopWalInstruments;
    this.metadata = recovered.log.metadata;
    this.#segments = [...recovered.segments];
    this.#active = recovered.active;
    this.#lastIndex = recovered.lastIndex;
    this.#hardState = recovered.log.hardState;
    this.#snapshot = recovered.log.snapshot;
    this.#durableSnapshotIndex = recovered.log.snapshot?.index ?? 0;
  }

  /**
   * Makes a new log: in a temporary directory beside it, which gets its name when it is durable.
   *
   * @throws {@link WalExistsError}
   */
  static async create(
    directory: string,
    creation: WalCreation,
    options: Partial<WalOptions>,
    dependencies: WalDependencies,
  ): Promise<WriteAheadLog> {
    const { segmentBytes } = validateWalOptions(options);
    const { files, random } = dependencies;
    const existing = await files.stat(directory);
    if (existing !== undefined) {
      const isEmpty = existing.kind === "directory" && (await files.list(directory)).length === 0;
      if (!isEmpty) throw new WalExistsError(directory);
    }
    const temporary = `${directory}.new`;
    await files.removeDirectory(temporary);
    await files.makeDirectory(temporary);
    const nextIndex = toLogIndex((creation.snapshot?.index ?? 0) + 1);
    const head: SegmentHead = {
      salt: random.nextInt(2 ** 32),
      sequence: 0,
      metadata: creation.metadata,
      nextIndex,
      hardState: creation.hardState,
      snapshot: creation.snapshot,
    };
    const path = `${temporary}/${segmentName(0, nextIndex)}`;
    const { handle } = await PreparedSegment.create(files, path, segmentBytes);
    const header = new DataView(new ArrayBuffer(recordHeaderBytes));
    const payload = encodeSegmentHead(head);
    const context = { salt: 0, previousCrc: 0, syncedBytes: 0, offset: 0 };
    writeRecordHeader(header, "segment-head", [payload], context);
    handle.writeSync([new Uint8Array(header.buffer), payload], 0);
    await handle.datasync();
    await handle.close();
    await files.syncDirectory(temporary);
    await files.rename(temporary, directory);
    await files.syncDirectory(dirname(directory));
    return (await WriteAheadLog.open(directory, creation.metadata, options, dependencies)).wal;
  }

  /** Whether there is a log to open; false also for what a crash in `create` left. */
  static async exists(
    directory: string,
    dependencies: Pick<WalDependencies, "files">,
  ): Promise<boolean> {
    const { files } = dependencies;
    if ((await files.stat(directory)) === undefined) return false;
    return (await files.list(directory)).length > 0;
  }

  /**
   * Reads a log back and goes on where it ends. A torn tail is cut (B2).
   *
   * @param expected - Refuses the log of another cluster or member (B25).
   * @throws {@link WalMissingError}, {@link WalCorruptError}, {@link WalForeignFileError},
   *   {@link WalVersionError}, {@link WalMismatchError}, FileSystemError
   */
  static async open(
    directory: string,
    expected: Partial<WalMetadata>,
    options: Partial<WalOptions>,
    dependencies: WalDependencies,
  ): Promise<{ readonly wal: WriteAheadLog; readonly recovered: RecoveredLog }> {
    const validated = validateWalOptions(options);
    const { files, clock, onEvent } = dependencies;
    const beginMillis = clock.monotonicMillis();
    const recovered = await recoverSegments(directory, expected, files, (event) => {
      onEvent?.(event);
    });
    const wal = new WriteAheadLog(directory, recovered, validated, dependencies);
    wal.#startPreparing();
    if (!recovered.isWitnessed) wal.#writeSyncMark();
    onEvent?.({
      kind: "recovered",
      segments: recovered.segments.length,
      entries: recovered.log.entries.length,
      lastIndex: recovered.lastIndex,
      snapshotIndex: recovered.log.snapshot?.index ?? 0,
      millis: clock.monotonicMillis() - beginMillis,
    });
    return { wal, recovered: recovered.log };
  }

  /**
   * Writes snapshot, entries and hard state, all or nothing; calls back when they are durable.
   *
   * What is handed in is written before the call returns, so buffers may be reused.
   *
   * @throws Error on a gap, or a commit index beyond the log: mistakes of the caller.
   */
  append(append: WalAppend, onDurable: OnDurable): void {
    const failure = this.#refusal();
    if (failure !== undefined) {
      queueMicrotask(() => {
        onDurable(failure);
      });
      return;
    }
    this.#check(append);
    const chunks: Uint8Array[] = [];
    encodeAppend(append, chunks);
    this.#waiters.push(onDurable);
    if (!this.#write("append", chunks)) return;
    const { snapshot, entries, hardState } = append;
    if (snapshot !== undefined) {
      this.#snapshot = snapshot;
      this.#lastIndex = snapshot.index;
    }
    const last = entries.at(-1);
    if (last !== undefined) this.#lastIndex = Math.max(last.index, this.#snapshot?.index ?? 0);
    if (hardState !== undefined) this.#hardState = hardState;
    this.#startFlush();
  }

  /**
   * Records that the own state covers the log up to a mark; entries behind it stay.
   *
   * A mark older than the newest is not written, but calls back as well.
   */
  markSnapshot(mark: SnapshotMark, onDurable: OnDurable): void {
    const failure = this.#refusal();
    if (failure !== undefined) {
      queueMicrotask(() => {
        onDurable(failure);
      });
      return;
    }
    assert(mark.index <= this.#lastIndex, "a snapshot is not beyond the log");
    this.#waiters.push(onDurable);
    if (mark.index > (this.#snapshot?.index ?? -1)) {
      if (!this.#write("local-snapshot", [encodeSnapshotMark(mark)])) return;
      this.#snapshot = mark;
    }
    this.#startFlush();
  }

  /**
   * Deletes segments whose entries all have an index up to the given one.
   *
   * @param index - At most that of a snapshot mark that is durable: nothing else stands in for what
   *   is deleted.
   */
  release(index: number): Promise<void> {
    assert(index <= this.#durableSnapshotIndex, "only what a durable snapshot covers is released");
    this.#releasing = this.#releasing.then(() => this.#release(index));
    return this.#releasing;
  }

  /** Waits for what was appended, then closes the files. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** A snapshot of the log's state. */
  status(): WalStatus {
    const since = this.#syncSinceMillis;
    const open = this.#closed === undefined ? "open" : "closed";
    return {
      state: this.#failure === undefined ? open : "failed",
      segments: this.#segments.length + this.#cuts.length,
      activeSequence: this.#active.sequence,
      activeBytes: this.#active.position,
      lastIndex: this.#lastIndex,
      snapshotIndex: this.#snapshot?.index ?? 0,
      waiting: this.#waiters.length,
      syncMillis: since === undefined ? 0 : this.#dependencies.clock.monotonicMillis() - since,
    };
  }

  #refusal(): WalError | undefined {
    return this.#failure ?? (this.#closed === undefined ? undefined : new WalClosedError());
  }

  #check({ snapshot, entries, hardState }: WalAppend): void {
    let end = this.#lastIndex;
    if (snapshot !== undefined) {
      assert(snapshot.index >= (this.#snapshot?.index ?? 0), "snapshots do not go back");
      end = snapshot.index;
    }
    let expected: number | undefined;
    for (const { index } of entries) {
      // C10: a hole would be passed on by the next leader.
      if (expected === undefined) assert(index <= end + 1, "entries follow the log without a gap");
      else assert(index === expected, "entries are contiguous");
      expected = index + 1;
    }
    if (expected !== undefined)
      end = Math.max(expected - 1, (snapshot ?? this.#snapshot)?.index ?? 0);
    const commit = hardState?.commit ?? this.#hardState?.commit ?? 0;
    assert(commit <= end, "what is committed is in the log");
    if (hardState === undefined || this.#hardState === undefined) return;
    assert(hardState.term >= this.#hardState.term, "terms do not go back");
    assert(hardState.commit >= this.#hardState.commit, "the commit index does not go back");
  }

  /** Writes a record into the page cache; on an error fails the log and returns false. */
  #write(type: RecordType, payload: readonly Uint8Array[]): boolean {
    let length = 0;
    for (const chunk of payload) length += chunk.length;
    const bytes = recordHeaderBytes + length + paddingBytes(length);
    const { clock } = this.#dependencies;
    const beginMillis = clock.monotonicMillis();
    try {
      this.#cutIfFull(bytes);
      const { offset, crc } = this.#writeTo(this.#active, type, payload, bytes);
      this.#active.position = offset + bytes;
      this.#active.lastCrc = crc;
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#instruments.writeSeconds.observe((clock.monotonicMillis() - beginMillis) / 1000);
    this.#instruments.writtenBytes.add(bytes);
    this.#startPreparing();
    return true;
  }

  #writeTo(
    segment: OpenSegment,
    type: RecordType,
    payload: readonly Uint8Array[],
    bytes: number,
  ): { readonly offset: number; readonly crc: number } {
    const { position: offset, syncedBytes, lastCrc: previousCrc, handle } = segment;
    assert(offset + bytes < 2 ** 32, "offsets fit in 32 bits");
    const salt = type === "segment-head" ? 0 : segment.salt;
    const context = { salt, previousCrc, syncedBytes, offset };
    const crc = writeRecordHeader(this.#header, type, payload, context);
    const chunks = [new Uint8Array(this.#header.buffer), ...payload];
    if (bytes <= this.#scratch.length) {
      // One copy and one plain write are cheaper than a vectored write of small pieces.
      let at = 0;
      for (const chunk of chunks) {
        this.#scratch.set(chunk, at);
        at += chunk.length;
      }
      this.#scratch.fill(0, at, bytes);
      handle.writeSync([this.#scratch.subarray(0, bytes)], offset);
    } else {
      const length = bytes - chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (length > 0) chunks.push(new Uint8Array(length));
      handle.writeSync(chunks, offset);
    }
    return { offset, crc };
  }

  /** Goes on in the prepared segment when the record does not fit into the active one. */
  #cutIfFull(bytes: number): void {
    const previous = this.#active;
    const prepared = this.#prepared;
    if (prepared === undefined) return;
    if (previous.position + bytes <= this.#options.segmentBytes) return;
    const filled = prepared.take();
    this.#prepared = undefined;
    const sequence = previous.sequence + 1;
    const nextIndex = toLogIndex(this.#lastIndex + 1);
    const salt = this.#dependencies.random.nextInt(2 ** 32);
    const path = `${this.#directory}/${segmentName(sequence, nextIndex)}`;
    const payload = encodeSegmentHead({
      salt,
      sequence,
      metadata: this.metadata,
      nextIndex,
      hardState: this.#hardState,
      snapshot: this.#snapshot,
    });
    const { handle } = prepared;
    const { lastCrc } = previous;
    const next: OpenSegment = {
      sequence,
      nextIndex,
      path,
      handle,
      salt,
      position: 0,
      syncedBytes: 0,
      lastCrc,
    };
    const headBytes = recordHeaderBytes + payload.length + paddingBytes(payload.length);
    next.lastCrc = this.#writeTo(next, "segment-head", [payload], headBytes).crc;
    next.position = headBytes;
    this.#cuts.push({ previous, next, preparedPath: prepared.path, filled });
    this.#active = next;
    this.#prepareAgainAt = 0;
  }

  #startFlush(): void {
    this.#flushing ??= this.#flush();
  }

  /** One sync at a time until nobody waits. */
  async #flush(): Promise<void> {
    while (this.#waiters.length > 0 && this.#failure === undefined) {
      const waiters = this.#waiters;
      this.#waiters = [];
      const active = this.#active;
      const { position } = active;
      const snapshotIndex = this.#snapshot?.index ?? 0;
      try {
        await this.#sync(active);
      } catch (error) {
        this.#waiters = [...waiters, ...this.#waiters];
        this.#fail(error);
        break;
      }
      active.syncedBytes = position;
      this.#durableSnapshotIndex = snapshotIndex;
      // If a write failed meanwhile, what was synced before is durable all the same, but a member
      // that is about to exit promises nothing any more.
      const failure = this.#failure;
      for (const onDurable of waiters) onDurable(failure);
      if (this.#waiters.length === 0) this.#writeSyncMark();
    }
    this.#flushing = undefined;
  }

  async #sync(active: OpenSegment): Promise<void> {
    const { clock } = this.#dependencies;
    const beginMillis = clock.monotonicMillis();
    this.#syncSinceMillis = beginMillis;
    // Before the first wait: a cut that is made later belongs to the next sync.
    const cuts = this.#cuts;
    this.#cuts = [];
    for (const cut of cuts) await this.#publish(cut);
    if (cuts.at(-1)?.next !== active) await active.handle.datasync();
    this.#syncSinceMillis = undefined;
    this.#instruments.syncSeconds.observe((clock.monotonicMillis() - beginMillis) / 1000);
  }

  /**
   * Gives a new segment its name.
   *
   * The order is what recovery relies on: a segment that has a name has a durable head, and the one
   * before it is durable to its end.
   */
  async #publish({ previous, next, preparedPath, filled }: SegmentCut): Promise<void> {
    const { files, onEvent } = this.#dependencies;
    await previous.handle.datasync();
    await filled;
    await next.handle.datasync();
    await files.rename(preparedPath, next.path);
    await files.syncDirectory(this.#directory);
    this.#segments.push(next);
    await previous.handle.close();
    onEvent?.({ kind: "segment-cut", path: next.path, previousBytes: previous.position });
  }

  /**
   * Leaves a witness that everything up to here is durable, see record.ts.
   *
   * Without it damage to the last batch before a pause could not be told from a torn write. It is
   * not synced itself: nothing depends on it.
   */
  #writeSyncMark(): void {
    const { position } = this.#active;
    const fits = position + recordHeaderBytes <= this.#options.segmentBytes;
    if (fits && this.#failure === undefined) this.#write("sync-mark", []);
  }

  #startPreparing(): void {
    const { position, sequence } = this.#active;
    // Not earlier: a log that stays small costs one segment on the disk, not two.
    if (position <= this.#options.segmentBytes / 2) return;
    if (this.#prepared !== undefined || this.#preparing !== undefined) return;
    if (this.#closed !== undefined || position < this.#prepareAgainAt) return;
    const path = `${this.#directory}/${preparedName(sequence + 1)}`;
    this.#preparing = this.#prepare(path).finally(() => {
      this.#preparing = undefined;
    });
  }

  async #prepare(path: string): Promise<void> {
    const { files, onEvent } = this.#dependencies;
    let prepared: PreparedSegment | undefined;
    try {
      prepared = await PreparedSegment.create(files, path, this.#options.segmentBytes);
      this.#prepared = prepared;
      await prepared.fill();
    } catch (error) {
      const errno = error instanceof FileSystemError ? error.errno : "EUNKNOWN";
      const isInUse = prepared !== undefined && this.#prepared !== prepared;
      if (isInUse || !(errno === "ENOSPC" || errno === "EDQUOT")) {
        this.#fail(error);
        return;
      }
      // Not yet fatal (B5): the active segment is allocated and still there to write to.
      this.#prepared = undefined;
      this.#prepareAgainAt = this.#active.position + this.#options.segmentBytes / 8;
      onEvent?.({ kind: "prepare-failed", path, errno });
      await prepared?.discard(files).catch((cause: unknown) => {
        this.#fail(cause);
      });
    }
  }

  async #release(index: number): Promise<void> {
    const { files, onEvent } = this.#dependencies;
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined || next.nextIndex > index + 1) return;
      if (this.#refusal() !== undefined) return;
      this.#segments.shift();
      try {
        await files.remove(oldest.path);
        // After each one: a crash never leaves a hole in the sequence.
        await files.syncDirectory(this.#directory);
      } catch (error) {
        this.#fail(error);
        return;
      }
      onEvent?.({ kind: "segment-released", path: oldest.path });
    }
  }

  async #close(): Promise<void> {
    await this.#flushing;
    await this.#releasing;
    // A failure of filling is reported by the preparation itself.
    await this.#prepared?.take().catch(() => undefined);
    await this.#preparing;
    const { files } = this.#dependencies;
    const open = [this.#active, ...this.#cuts.map((cut) => cut.previous)];
    for (const segment of open) await segment.handle.close();
    await this.#prepared?.discard(files);
    this.#prepared = undefined;
  }

  /** Ends the log: tells the owner, once, and rejects whoever waits. */
  #fail(error: unknown): void {
    const isFirst = this.#failure === undefined;
    const failure = (this.#failure ??= new WalFailedError(error));
    const waiters = this.#waiters;
    this.#waiters = [];
    const { onEvent, onFailure } = this.#dependencies;
    // Not inside the call that failed: callers never see a callback before `append` returns.
    queueMicrotask(() => {
      if (isFirst) {
        onEvent?.({ kind: "failed", error });
        onFailure(failure);
      }
      for (const onDurable of waiters) onDurable(failure);
    });
  }
}

/** A change of segments whose new one does not have its name yet. */
interface SegmentCut {
  readonly previous: OpenSegment;
  readonly next: OpenSegment;
  readonly preparedPath: string;
  readonly filled: Promise<void>;
}

/** Records up to this are copied together before they are written. */
const scratchBytes = 64 * 1024;
