import type { SimDeception, SimFileObserver, SimFileSystem } from "@quorate/platform/sim";
import type { HardState, MemberId } from "@quorate/raft";
import { readWrite, type RecordContent } from "../checkers/durability-records.ts";
import { wordsOfEntries } from "./story-words.ts";

/** A write of the log that would be lost if the power went now. */
interface Pending {
  path: string;
  readonly position: number;
  readonly bytes: Uint8Array;
  readonly what: string;
}

/** Tells what happens to the log on a disk: what is written, what is safe, what a crash loses. */
export class DiskStory implements SimFileObserver {
  readonly #files: SimFileSystem;
  readonly #dataDirectory: string;
  readonly #tell: (what: string) => void;
  readonly #nameOf: (memberId: MemberId) => string;
  readonly #pending = new Set<Pending>();
  #hardState: HardState | undefined;

  constructor(
    files: SimFileSystem,
    dataDirectory: string,
    tell: (what: string) => void,
    nameOf: (memberId: MemberId) => string,
  ) {
    this.#files = files;
    this.#dataDirectory = dataDirectory;
    this.#tell = tell;
    this.#nameOf = nameOf;
  }

  written(path: string, position: number, bytes: Uint8Array): void {
    if (!this.#isOfLog(path)) return;
    const record = readWrite(path, position, bytes);
    const what = record && this.#wordsOf(record.content);
    if (what === undefined) return;
    this.#pending.add({ path, position, bytes, what });
    this.#tell(`writes ${what} to ${this.#short(path)} at ${position}`);
  }

  synced(path: string): void {
    if (this.#isOfLog(path)) this.#settle(`syncs ${this.#short(path)}`);
  }

  directorySynced(path: string): void {
    this.#settle(`syncs the names in ${this.#short(path)}`);
  }

  renamed(from: string, to: string): void {
    for (const write of this.#pending) if (write.path === from) write.path = to;
    this.#tell(`renames ${this.#short(from)} to ${this.#short(to)}`);
  }

  removed(path: string): void {
    this.#tell(`removes ${this.#short(path)}`);
  }

  deceived(how: SimDeception, path: string): void {
    this.#tell(`is deceived by its disk: ${how} of ${this.#short(path)}`);
  }

  crashed(): void {
    for (const write of this.#pending) {
      this.#tell(`${this.#isDurable(write) ? "keeps" : "LOSES"} ${write.what}`);
    }
    this.#pending.clear();
    this.#hardState = undefined;
  }

  /** Tells a sync with what is safe since, and what still is not. */
  #settle(what: string): void {
    const safe: string[] = [];
    for (const write of this.#pending) {
      if (!this.#isDurable(write)) continue;
      this.#pending.delete(write);
      safe.push(write.what);
    }
    const unsafe = [...this.#pending].map((write) => write.what);
    const parts = [what];
    if (safe.length > 0) parts.push(`safe now: ${safe.join(", ")}`);
    if (unsafe.length > 0) parts.push(`NOT SAFE: ${unsafe.join(", ")}`);
    this.#tell(parts.join("; "));
  }

  #isDurable({ path, position, bytes }: Pending): boolean {
    return this.#files.isDurable(path, position, bytes);
  }

  #isOfLog(path: string): boolean {
    return path.startsWith(`${this.#dataDirectory}/member/wal/`);
  }

  /** Paths below the data directory, numbers without their zeros. */
  #short(path: string): string {
    const start = `${this.#dataDirectory}/`;
    const inside = path.startsWith(start) ? path.slice(start.length) : path;
    return inside.replace(/^member\//, "").replaceAll(/\b0+(?=[0-9a-f])/g, "");
  }

  /** Undefined for what is only there to find the end of the log. */
  #wordsOf(content: RecordContent): string | undefined {
    switch (content.kind) {
      case "segment-head":
        return "the head of a segment";
      case "sync-mark":
        return undefined;
      case "local-snapshot":
        return `the mark of a snapshot to ${content.mark.index}`;
      case "append": {
        const { entries, hardState, snapshot } = content.append;
        const parts: string[] = [];
        if (snapshot !== undefined) parts.push(`a received snapshot to ${snapshot.index}`);
        if (entries.length > 0) parts.push(wordsOfEntries(entries));
        if (hardState !== undefined) parts.push(...this.#wordsOfHardState(hardState));
        return parts.join(", ");
      }
    }
  }

  /** What has changed of it. */
  #wordsOfHardState(hardState: HardState): readonly string[] {
    const { term, votedFor, commit } = hardState;
    const before = this.#hardState;
    this.#hardState = hardState;
    const words = [`committed ${commit}`];
    if (before?.term === term && before.votedFor === votedFor) return words;
    const vote = votedFor === undefined ? "no vote" : `vote for ${this.#nameOf(votedFor)}`;
    return [`term ${term} with ${vote}`, ...words];
  }
}
