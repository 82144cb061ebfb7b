import type { Http2Stream } from "./http2-stream.ts";

/**
 * First in, first out, linked through the streams themselves: a stream is in at most one queue, and
 * queueing allocates nothing.
 */
export class StreamQueue {
  #first: Http2Stream | undefined;
  #last: Http2Stream | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Adds a stream that is in no queue. */
  push(stream: Http2Stream): void {
    stream.nextInQueue = undefined;
    if (this.#last === undefined) this.#first = stream;
    else this.#last.nextInQueue = stream;
    this.#last = stream;
  }

  /** Takes the stream that has waited longest. */
  shift(): Http2Stream | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#first = first.nextInQueue;
    if (this.#first === undefined) this.#last = undefined;
    first.nextInQueue = undefined;
    return first;
  }

  /** Puts a stream back to the front. */
  unshift(stream: Http2Stream): void {
    stream.nextInQueue = this.#first;
    this.#first = stream;
    this.#last ??= stream;
  }
}
