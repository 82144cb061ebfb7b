import * as fs from "node:fs";
import type { Writable } from "node:stream";

/**
 * Where log bytes go, without ever blocking the event loop or the exit of the process (B23, C51).
 *
 * One write at a time: the next starts when `done` was called.
 */
export interface LogSink {
  /** Writes a part or all; tells how much, 0 with `EAGAIN` while the reader is stuck. */
  write(
    bytes: Uint8Array,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void;
  /** Writes what the reader takes at once, and returns how much; for a process that dies. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Opens the sink that suits what a descriptor is.
 *
 * - Pipe, terminal or other device: opened a second time without blocking, by `/proc/self/fd`. A
 *   blocking write to a stuck pipe in libuv's thread pool would not stop the event loop, but it
 *   takes one of four threads, and the process cannot exit until the reader reads (measured).
 * - Regular file: written in the thread pool. Not opened again: the offset is shared with whoever
 *   else writes to the descriptor.
 * - Socket, or where `/proc` does not help: the process's own stream, which does not block either.
 */
export function openLogSink(descriptor: 1 | 2): LogSink {
  const kind = fs.fstatSync(descriptor);
  if (kind.isFile()) return new DescriptorSink(descriptor);
  if (!kind.isSocket()) {
    try {
      const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_APPEND;
      return new DescriptorSink(fs.openSync(`/proc/self/fd/${descriptor}`, flags));
    } catch {
      // No /proc, not the owner of the pipe, or nobody reads: the stream below reports it.
    }
  }
  return new StreamSink(descriptor === 1 ? process.stdout : process.stderr, descriptor);
}

/** Writes to a descriptor that never blocks: a file, or one opened with `O_NONBLOCK`. */
export class DescriptorSink implements LogSink {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(
    bytes: Uint8Array,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void {
    fs.write(this.#descriptor, bytes, 0, bytes.length, null, done);
  }

  writeSync(bytes: Uint8Array): number {
    return fs.writeSync(this.#descriptor, bytes, 0, bytes.length, null);
  }
}

/** Writes to a Node stream; `descriptor` is the one behind it, for last words. */
export class StreamSink implements LogSink {
  readonly #stream: Writable;
  readonly #descriptor: number | undefined;

  constructor(stream: Writable, descriptor?: number) {
    this.#stream = stream;
    this.#descriptor = descriptor;
    // Failures arrive at the callback of each write; without a listener they would be thrown.
    stream.on("error", () => undefined);
  }

  write(
    bytes: Uint8Array,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void {
    this.#stream.write(bytes, (error) => {
      done(error ?? null, bytes.length);
    });
  }

  writeSync(bytes: Uint8Array): number {
    if (this.#descriptor === undefined) return 0;
    return fs.writeSync(this.#descriptor, bytes, 0, bytes.length, null);
  }
}
