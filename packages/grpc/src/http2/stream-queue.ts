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
    const last = this.#last;
    stream.previousInQueue = last;
    if (last === undefined) this.#first = stream;
    else last.nextInQueue = stream;
    this.#last = stream;
  }

  /** Takes the stream that has waited longest. */
  shift(): Http2Stream | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    const next = first.nextInQueue;
    this.#first = next;
    if (next === undefined) this.#last = undefined;
    else next.previousInQueue = undefined;
    first.nextInQueue = undefined;
    return first;
  }

  /** Puts a stream back to the front. */
  unshift(stream: Http2Stream): void {
    const first = this.#first;
    stream.nextInQueue = first;
    if (first === undefined) this.#last = stream;
    else first.previousInQueue = stream;
    this.#first = stream;
  }

  /** Takes a stream out that is in this queue. */
  remove(stream: Http2Stream): void {
    const { previousInQueue: previous, nextInQueue: next } = stream;
    if (previous === undefined) this.#first = next;
    else previous.nextInQueue = next;
    if (next === undefined) this.#last = previous;
    else next.previousInQueue = previous;
    stream.previousInQueue = undefined;
    stream.nextInQueue = undefined;
  }
}
