import type { SimFileSystem } from "@quorate/platform/sim";
import type { Entry, MemberId } from "@quorate/raft";
import { DiskStory } from "./story-disk.ts";
import type { ObservedProcess, WorldObserver } from "./observer.ts";
import type { Story } from "./story.ts";
import { wordsOfEntry, wordsOfFrame } from "./story-words.ts";

/** Writes into the story what is too much to be told always; for replays alone. */
export class StoryDetail implements WorldObserver {
  readonly #story: Story;
  readonly #watched = new Set<SimFileSystem>();

  constructor(story: Story) {
    this.#story = story;
  }

  started(process: ObservedProcess): void {
    const { term, votedFor, log } = process.status();
    const vote = votedFor === undefined ? "no vote" : `vote for ${this.#story.nameOf(votedFor)}`;
    this.#tell(
      process,
      `takes part: term ${term}, ${vote}, log to ${log.lastIndex} of term ${log.lastTerm}, ` +
        `committed ${log.commitIndex}, applied ${log.appliedIndex}`,
    );
    this.#watch(process);
  }

  frameLeaves(process: ObservedProcess, to: MemberId, kind: number, payload: Uint8Array): void {
    const words = wordsOfFrame(kind, payload);
    if (words !== undefined) this.#tell(process, `-> ${this.#story.nameOf(to)} ${words}`);
  }

  applied(process: ObservedProcess, entry: Entry): void {
    const { currentRevision } = process.state.store;
    this.#tell(
      process,
      `applies ${entry.index} of term ${entry.term}, revision ${currentRevision}: ` +
        wordsOfEntry(entry),
    );
  }

  restored(process: ObservedProcess): void {
    const { log } = process.status();
    this.#tell(process, `has taken a snapshot, applied ${log.appliedIndex}`);
  }

  readServed(process: ObservedProcess, floorIndex: number): void {
    const { appliedIndex } = process.status().log;
    this.#tell(
      process,
      `serves a read at ${appliedIndex}; applied when it was asked: ${floorIndex}`,
    );
  }

  softStateChanged(process: ObservedProcess): void {
    const { role, term, leader } = process.status();
    const whom = leader === undefined ? "of nobody" : `of ${this.#story.nameOf(leader)}`;
    this.#tell(
      process,
      role === "leader" ? `leads term ${term}` : `is ${role} ${whom}, term ${term}`,
    );
  }

  #tell(process: ObservedProcess, what: string): void {
    this.#story.detail(this.#story.nameOf(process.memberId), what);
  }

  /** What happens to a disk; a machine keeps its own for good. */
  #watch({ files, memberId, dataDirectory }: ObservedProcess): void {
    if (this.#watched.has(files)) return;
    this.#watched.add(files);
    const tell = (what: string): void => this.#story.detail(this.#story.nameOf(memberId), what);
    files.addObserver(new DiskStory(files, dataDirectory, tell, (id) => this.#story.nameOf(id)));
  }
}
