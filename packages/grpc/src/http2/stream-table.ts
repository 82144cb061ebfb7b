import type { Http2Stream } from "./http2-stream.ts";
import { StreamSlots } from "./stream-slots.ts";

/** How many streams that were reset here are remembered. */
const resetsMax = 1_024;
/** How many jumps over stream ids are remembered. */
const gapsMax = 16;

/** What an id without an open stream means (RFC 9113, 5.1). */
export type ClosedReason =
  /** The client has not used it. */
  | "idle"
  /** It was skipped, so that it never can be used. */
  | "skipped"
  /** It was reset here, and frames that crossed the reset are to be ignored. */
  | "reset"
  /** Both sides ended it, or it has been forgotten. */
  | "closed";

/**
 * The streams of a connection. Only open ones cost memory: of the others the highest id is known,
 * and a bounded number of those that need another answer than "closed".
 */
export class StreamTable {
  readonly #open = new StreamSlots();
  readonly #resets = new Set<number>();
  /** `[first, last]` of ids that were jumped over. */
  readonly #gaps: [number, number][] = [];
  #lastId = 0;

  /** Number of open streams. */
  get size(): number {
    return this.#open.size;
  }

  /** Highest id that the client has used; 0 without any. */
  get lastId(): number {
    return this.#lastId;
  }

  get(id: number): Http2Stream | undefined {
    return this.#open.get(id);
  }

  /** All open streams; closing them on the way is allowed. */
  values(): readonly Http2Stream[] {
    return this.#open.values();
  }

  /** Notes that the client used a new id, whether or not a stream comes of it. */
  use(id: number): void {
    if (id > this.#lastId + 2) {
      this.#gaps.push([this.#lastId + 1, id - 1]);
      if (this.#gaps.length > gapsMax) this.#gaps.shift();
    }
    this.#lastId = id;
  }

  /** Adds a stream whose id has been used. */
  add(stream: Http2Stream): void {
    this.#open.add(stream);
  }

  /** Removes a stream that has ended on both sides. */
  remove(id: number): void {
    this.#open.remove(id);
  }

  /** Removes a stream that is reset here; frames for it may still be on their way. */
  removeReset(id: number): void {
    this.#open.remove(id);
    this.#resets.add(id);
    if (this.#resets.size > resetsMax) {
      for (const oldest of this.#resets) {
        this.#resets.delete(oldest);
        break;
      }
    }
  }

  /** Why there is no stream with this id. */
  reasonClosed(id: number): ClosedReason {
    if (id > this.#lastId) return "idle";
    if (this.#resets.has(id)) return "reset";
    const isSkipped = this.#gaps.some(([first, last]) => id >= first && id <= last);
    return isSkipped ? "skipped" : "closed";
  }
}
