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

interface Job {
  readonly bytes: Uint8Array;
  readonly listener: InflateListener;
}

/**
 * Decompresses messages, by gzip as grpc-go does, without ever making more of one than is allowed:
 * a kilobyte may hold a megabyte of zeros.
 *
 * Small messages are inflated at once. Large ones, and those that turn out to be, go to the thread
 * pool, two at a time; the rest wait in line, each in the window of its own stream, which bounds
 * them.
 */
export class MessageInflater {
  readonly #bytesMax: number;
  readonly #waiting: Job[] = [];
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
   */
  inflate(bytes: Uint8Array, listener: InflateListener): void {
    if (bytes.length <= bytesAtOnceMax) {
      const allowed = Math.min(this.#bytesMax, inflatedAtOnceMax);
      const result = inflateAtOnce(bytes, allowed);
      if (result.kind !== "too-large" || allowed === this.#bytesMax) {
        listener(result);
        return;
      }
    }
    this.#waiting.push({ bytes, listener });
    this.#next();
  }

  #next(): void {
    if (this.#underWay >= underWayMax) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#underWay += 1;
    const options = { maxOutputLength: this.#bytesMax, chunkSize: chunkBytes };
    gunzip(job.bytes, options, (error, bytes) => {
      this.#underWay -= 1;
      this.#next();
      job.listener(error === null ? { kind: "message", bytes } : failure(error));
    });
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
