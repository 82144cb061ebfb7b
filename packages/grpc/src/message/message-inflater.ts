import type { Buffer } from "node:buffer";
import { gunzip, gunzipSync } from "node:zlib";

/** What became of a compressed message. */
export type InflateResult =
  | { readonly kind: "message"; readonly bytes: Buffer }
  | { readonly kind: "too-large" }
  | { readonly kind: "malformed"; readonly reason: string };

/** Told once, maybe before `inflate` has returned. */
export type InflateListener = (result: InflateResult) => void;

/** Up to these sizes a message is inflated at once: less than half a millisecond. */
const bytesAtOnceMax = 16_384;
const inflatedAtOnceMax = 65_536;
/** Others take one thread of the pool that also syncs the disk, so there are few of them. */
const underWayMax = 2;
/** Output of one visit to the pool, so that what waits there waits for a moment only. */
const chunkBytes = 65_536;

/** Who shares a place among those that wait: the calls of a connection. */
export type InflateLine = object;

/** A message that waits to be inflated, or is being inflated. */
export interface InflateJob {
  readonly line: InflateLine;
  readonly bytes: Uint8Array;
  readonly listener: InflateListener;
}

/**
 * Decompresses messages, by gzip as grpc-go does, without ever making more of one than is allowed:
 * a kilobyte may hold a megabyte of zeros.
 *
 * Small messages are inflated at once. Large ones, and those that turn out to be, go to the thread
 * pool, two at a time; the rest wait, one line a connection, and the lines take turns. What waits
 * is counted by its owner, which is told when it is done.
 */
export class MessageInflater {
  readonly #bytesMax: number;
  /** Lines with somebody in them; the first is the next. */
  readonly #lines = new Map<InflateLine, Set<InflateJob>>();
  #underWay = 0;

  /** @param bytesMax - Largest message after decompression. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Decompresses one message. Messages may overtake each other: the caller waits for the answer
   * before it goes on with the same stream.
   *
   * @param bytes - Not to be written to before the listener was told.
   * @returns What may be taken back by {@link drop}; undefined if the listener was told already.
   */
  inflate(bytes: Uint8Array, line: InflateLine, listener: InflateListener): InflateJob | undefined {
    if (bytes.length <= bytesAtOnceMax) {
      const allowed = Math.min(this.#bytesMax, inflatedAtOnceMax);
      const result = inflateAtOnce(bytes, allowed);
      if (result.kind !== "too-large" || allowed === this.#bytesMax) {
        listener(result);
        return undefined;
      }
    }
    // A view would hold all that came beside it while it waits.
    const isSmallView = bytes.length * 2 < bytes.buffer.byteLength;
    const job = { line, bytes: isSmallView ? Uint8Array.from(bytes) : bytes, listener };
    const waiting = this.#lines.get(line);
    if (waiting === undefined) this.#lines.set(line, new Set([job]));
    else waiting.add(job);
    this.#next();
    return job;
  }

  /**
   * Takes a message back, whose listener is not told any more.
   *
   * @returns false if it is under way already: its listener will be told.
   */
  drop(job: InflateJob): boolean {
    const waiting = this.#lines.get(job.line);
    if (waiting?.delete(job) !== true) return false;
    if (waiting.size === 0) this.#lines.delete(job.line);
    return true;
  }

  #next(): void {
    if (this.#underWay >= underWayMax) return;
    const job = this.#takeFirst();
    if (job === undefined) return;
    this.#underWay += 1;
    const options = { maxOutputLength: this.#bytesMax, chunkSize: chunkBytes };
    gunzip(job.bytes, options, (error, bytes) => {
      this.#underWay -= 1;
      this.#next();
      job.listener(error === null ? { kind: "message", bytes } : failure(error));
    });
  }

  /** Takes the first of the first line, which goes behind all others. */
  #takeFirst(): InflateJob | undefined {
    for (const [line, waiting] of this.#lines) {
      this.#lines.delete(line);
      for (const job of waiting) {
        waiting.delete(job);
        if (waiting.size > 0) this.#lines.set(line, waiting);
        return job;
      }
    }
    return undefined;
  }
}

function inflateAtOnce(bytes: Uint8Array, maxOutputLength: number): InflateResult {
  try {
    return { kind: "message", bytes: gunzipSync(bytes, { maxOutputLength }) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): InflateResult {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "ERR_BUFFER_TOO_LARGE") return { kind: "too-large" };
  return { kind: "malformed", reason: error instanceof Error ? error.message : String(error) };
}
