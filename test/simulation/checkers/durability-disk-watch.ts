import type { SimFileSystem } from "@quorate/platform/sim";
import type { Entry } from "@quorate/raft";
import { parseSegmentName } from "@quorate/wal";
import { CheckFailure } from "./check-failure.ts";
import { LogView } from "./durability-log-view.ts";
import {
  carryOut,
  isRecordWrite,
  readSegmentRecords,
  readTornWrite,
  readWrite,
  type LogRecord,
  type RecordContent,
} from "./durability-records.ts";

/** What a log holds that a process has just recovered. */
export interface RecoveredView {
  readonly view: LogView;
  readonly records: readonly LogRecord[];
}

/**
 * The log on one machine's disk: what was written to it, and what of that would be there if the
 * power went now. The second is asked of the platters, not concluded from syncs, so that a missing
 * sync, of a directory too, is seen as what it is (P4).
 */
export class DiskWatch {
  readonly #files: SimFileSystem;
  readonly #directory: string;
  readonly #onConfiguration: (entry: Entry) => void;
  #written = new LogView();
  #durable = new LogView();
  /** Not known durable yet; in the order of the chain. */
  #pending: LogRecord[] = [];
  #lastDurableCrc: number | undefined;
  #lastWrittenCrc: number | undefined;
  /** Something may have become durable since it was last looked. */
  #isStale = false;
  #isWatching = false;
  #isExcused = false;
  #isRunning = false;
  /** Last index of the log of the last process, while it ran. */
  #lastIndex = 0;
  #forgottenIndex = 0;
  #isMisread = false;
  #hasLostWrites = false;
  /** Checksums of what is durable behind the last mark that is, and behind the one before. */
  #unmarked: Record<"sinceLast" | "sinceBefore", readonly number[]> = none;
  #failure: CheckFailure | undefined;

  /**
   * @param directory - Of the segments.
   * @param onConfiguration - Gets each entry of a configuration that is or was in the log.
   */
  constructor(
    files: SimFileSystem,
    directory: string,
    onConfiguration: (entry: Entry) => void = () => undefined,
  ) {
    this.#onConfiguration = onConfiguration;
    this.#files = files;
    this.#directory = directory;
    const isOurs = (path: string): boolean => path.startsWith(`${directory}/`);
    const stale = (): void => {
      this.#isStale = true;
    };
    files.addObserver({
      written: (path, position, bytes) => {
        if (this.#isWatching && isOurs(path)) this.#write(path, position, bytes);
      },
      renamed: (from, to) => {
        stale();
        for (const record of this.#pending) if (record.path === from) record.path = to;
      },
      // Until the names are synced its records are where they were, and have to be counted.
      removed: (path) => {
        if (isOurs(path)) this.#advance();
      },
      synced: stale,
      directorySynced: stale,
      crashed: () => {
        this.#advance();
      },
      deceived: (how, path) => {
        // Bytes are as they were; a reader may take the damage for the end of the log.
        if (how === "misread") {
          if (isOurs(path)) this.#isMisread = true;
          return;
        }
        if (how === "lost-write" || how === "misdirected-write") this.#hasLostWrites = true;
        // A lie about a directory above is one about the names of all that is in it.
        if (how === "restored" || isOurs(path) || isOurs(`${path}/`)) this.#excuse();
        if (how === "lying-sync" && directory.startsWith(path)) this.#excuse();
      },
    });
  }

  /** The disk has lied about the log since the process was started: nobody can be blamed. */
  get isExcused(): boolean {
    return this.#isExcused;
  }

  /**
   * Whether its word is all that there is: the disk lies to its process, or has forgotten what an
   * earlier one acknowledged in good faith up to that index or behind it.
   */
  isBelieved(index: number): boolean {
    return (this.#isRunning && this.#isExcused) || index <= this.#forgottenIndex;
  }

  /** Not all that the process wrote since its start was seen: it knows more than is on its disk. */
  get hasLostWrites(): boolean {
    return this.#hasLostWrites;
  }

  /** What was written. */
  get written(): LogView {
    return this.#written;
  }

  /** What would be there after a power cut now. */
  get durable(): LogView {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isStale) this.#advance();
    return this.#durable;
  }

  /**
   * The process is gone: what is durable of what it wrote is durable for whoever comes next.
   *
   * @param lastIndex - Of the log as it knew it: more than was seen, where writes were lost.
   */
  stop(lastIndex: number): void {
    this.#advance();
    this.#isRunning = false;
    this.#lastIndex = Math.max(lastIndex, this.#written.lastIndex);
    if (this.#isExcused) this.#forget();
  }

  /** Reads the log as it is, without the code that is judged. */
  recover(): RecoveredView {
    const view = new LogView();
    const records: LogRecord[] = [];
    const names = this.#files.names(this.#directory);
    for (const name of names.filter((other) => parseSegmentName(other) !== undefined)) {
      const path = `${this.#directory}/${name}`;
      const bytes = this.#files.contents(path);
      records.push(...readSegmentRecords(path, bytes, records.at(-1)?.crc));
    }
    const first = records[0]?.content;
    if (first?.kind === "segment-head") view.begin(first.head);
    for (const { content } of records) {
      carryOut(view, content);
      this.#tellConfigurations(content);
    }
    return { view, records };
  }

  /**
   * Whether a recovered log is one that was written, and holds all that was durable: the checksums
   * are chained, so the last one stands for all (C11, C33).
   */
  isContinuation({ records }: RecoveredView): boolean {
    const known = new Set(this.#pending.map(({ crc }) => crc));
    if (this.#lastDurableCrc !== undefined) known.add(this.#lastDurableCrc);
    // Whoever misreads what no mark covers, or the last mark, cannot know that it was there once.
    if (this.#isMisread) for (const crc of Object.values(this.#unmarked).flat()) known.add(crc);
    for (const { crc, content } of [...records].reverse()) {
      if (known.has(crc)) return true;
      // The process that opens the log leaves one for itself.
      if (content.kind !== "sync-mark") return false;
    }
    return false;
  }

  /** The first record that a power cut now would take, though the process builds on it. */
  firstVolatile({ records }: RecoveredView): LogRecord | undefined {
    return records
      .slice(0, endOfContent(records))
      .find(({ path, offset, bytes }) => !this.#files.isDurable(path, offset, bytes));
  }

  /** Goes on from what a process has recovered. */
  start({ view, records }: RecoveredView): void {
    this.#isWatching = true;
    this.#isRunning = true;
    this.#isExcused = false;
    if (this.#isMisread) this.#forget();
    this.#isMisread = false;
    this.#hasLostWrites = false;
    this.#durable = view;
    this.#written = view.clone();
    const end = endOfContent(records);
    this.#unmarked = none;
    this.#lastDurableCrc = undefined;
    for (const record of records.slice(0, end)) this.#noteDurable(record);
    this.#pending = records.slice(end);
    this.#lastWrittenCrc = records.at(-1)?.crc;
    this.#isStale = true;
  }

  #write(path: string, offset: number, bytes: Uint8Array): void {
    try {
      if (!isRecordWrite(bytes)) return;
      const record =
        readWrite(path, offset, bytes) ?? readTornWrite(path, offset, this.#files.contents(path));
      // Whoever opens the log writes again what is there already: no new link of the chain.
      if (record === undefined || record.previousCrc !== this.#lastWrittenCrc) return;
      this.#lastWrittenCrc = record.crc;
      this.#pending.push(record);
      carryOut(this.#written, record.content);
      this.#tellConfigurations(record.content);
    } catch (error) {
      // Not to whoever writes, who would take it for an error of its disk.
      const problem = error instanceof Error ? error.message : String(error);
      this.#failure ??= new CheckFailure("D8", `a record at ${offset} of ${path}: ${problem}`);
    }
  }

  #tellConfigurations(content: RecordContent): void {
    if (content.kind !== "append") return;
    for (const entry of content.append.entries) {
      if (entry.kind === "configuration") this.#onConfiguration(entry);
    }
  }

  #advance(): void {
    this.#isStale = false;
    let count = 0;
    for (const record of this.#pending) {
      const { path, offset, bytes, content } = record;
      // Recovery removes what has no name of its own yet.
      if (!path.endsWith(".wal") || !this.#files.isDurable(path, offset, bytes)) break;
      carryOut(this.#durable, content);
      this.#noteDurable(record);
      count++;
    }
    this.#pending.splice(0, count);
  }

  #noteDurable({ crc, content }: LogRecord): void {
    this.#lastDurableCrc = crc;
    const { sinceLast, sinceBefore } = this.#unmarked;
    this.#unmarked =
      content.kind === "sync-mark"
        ? { sinceBefore: sinceLast, sinceLast: [crc] }
        : { sinceBefore, sinceLast: [...sinceLast, crc] };
  }

  #excuse(): void {
    this.#isExcused = true;
    if (!this.#isRunning) this.#forget();
  }

  /** What the last process may have promised is not expected of those that come. */
  #forget(): void {
    this.#forgottenIndex = Math.max(this.#forgottenIndex, this.#lastIndex);
  }
}

const none = { sinceLast: [], sinceBefore: [] };

/** Behind the last record that says something: marks behind it are not waited for. */
function endOfContent(records: readonly LogRecord[]): number {
  return records.findLastIndex(({ content }) => content.kind !== "sync-mark") + 1;
}
