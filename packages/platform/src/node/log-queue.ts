import type { LogSink } from "./log-sink.ts";

/** What a {@link LogQueue} holds and has lost. */
export interface LogQueueStatus {
  readonly queuedBytes: number;
  readonly droppedLines: number;
}

/**
 * Lines on their way to a sink, bounded in bytes; what does not fit is dropped and counted (B23).
 *
 * While the reader is stuck the queue fills up and the newest lines are lost: the older ones tell
 * how it began. When the reader is back, one line reports how many are missing.
 */
export class LogQueue {
  readonly #sink: LogSink;
  readonly #bytesMax: number;
  readonly #describeLoss: (lines: number) => string;
  #lines: Buffer[] = [];
  #queuedBytes = 0;
  /** The rest of what the sink is writing, undefined while it is idle. */
  #inFlight: Buffer | undefined;
  #isWaitingToRetry = false;
  #droppedLines = 0;
  #reportedLines = 0;
  #isReaderGone = false;
  #idleWaiters: (() => void)[] = [];

  /**
   * @param bytesMax - Bound of what is queued, the write in flight included.
   * @param describeLoss - Makes the line that reports lost lines.
   */
  constructor(sink: LogSink, bytesMax: number, describeLoss: (lines: number) => string) {
    this.#sink = sink;
    this.#bytesMax = bytesMax;
    this.#describeLoss = describeLoss;
  }

  status(): LogQueueStatus {
    return { queuedBytes: this.#queuedBytes, droppedLines: this.#droppedLines };
  }

  /** Takes a line that ends in `\n`. O(length), never waits. */
  push(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#isReaderGone || this.#queuedBytes + bytes.length > this.#bytesMax) {
      this.#droppedLines++;
      return;
    }
    this.#lines.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#pump();
  }

  /** Waits until all is written, at most so long; false if lines are left. */
  async flush(deadlineMillis: number): Promise<boolean> {
    if (this.#isIdle()) return !this.#isReaderGone;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      timer = setTimeout(resolve, deadlineMillis);
    });
    clearTimeout(timer);
    return this.#isIdle() && !this.#isReaderGone;
  }

  /**
   * Writes what is queued and the line before returning, for a process that dies at once.
   *
   * Waits at most 100 ms for a stuck reader. A write that the thread pool carries out at this
   * instant may end up behind.
   */
  lastWords(line: string): void {
    const rest = this.#isWaitingToRetry ? this.#inFlight : undefined;
    let left = Buffer.concat([rest ?? Buffer.alloc(0), ...this.#lines, Buffer.from(line)]);
    if (rest !== undefined) this.#inFlight = undefined;
    this.#lines = [];
    for (let attempts = 0; left.length > 0 && attempts < 50;) {
      let written = 0;
      try {
        written = this.#sink.writeSync(left);
      } catch (error) {
        if (!isTryAgain(error)) return;
      }
      left = left.subarray(written);
      if (written > 0) continue;
      attempts++;
      Atomics.wait(sleepCell, 0, 0, 2);
    }
  }

  #isIdle(): boolean {
    return this.#inFlight === undefined;
  }

  #pump(): void {
    if (this.#inFlight !== undefined || this.#lines.length === 0) return;
    let bytes = 0;
    let count = 0;
    while (count < this.#lines.length && (count === 0 || bytes < writeBytesMax)) {
      bytes += this.#lines[count++]?.length ?? 0;
    }
    this.#inFlight = Buffer.concat(this.#lines.splice(0, count), bytes);
    this.#write(retryMillisFirst);
  }

  #write(retryMillis: number): void {
    const bytes = this.#inFlight;
    if (bytes === undefined) return;
    this.#sink.write(bytes, (error, written) => {
      if (error !== null && !isTryAgain(error)) {
        this.#giveUp();
        return;
      }
      const count = error === null ? written : 0;
      this.#queuedBytes -= count;
      this.#inFlight = bytes.subarray(count);
      if (this.#inFlight.length === 0) this.#finishWrite();
      else if (count > 0) this.#write(retryMillisFirst);
      else {
        // Does not keep the process alive: a stuck reader must not.
        const next = Math.min(retryMillis * 2, retryMillisLast);
        this.#isWaitingToRetry = true;
        setTimeout(() => {
          this.#isWaitingToRetry = false;
          this.#write(next);
        }, retryMillis).unref();
      }
    });
  }

  #finishWrite(): void {
    this.#inFlight = undefined;
    if (this.#droppedLines > this.#reportedLines && this.#lines.length === 0) {
      const lost = this.#droppedLines - this.#reportedLines;
      this.#reportedLines = this.#droppedLines;
      this.push(this.#describeLoss(lost));
    }
    this.#pump();
    if (this.#isIdle()) this.#wake();
  }

  /** The reader closed its end: it does not come back on this descriptor. */
  #giveUp(): void {
    this.#isReaderGone = true;
    this.#droppedLines += this.#lines.length + 1;
    this.#lines = [];
    this.#queuedBytes = 0;
    this.#inFlight = undefined;
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }
}

/** Lines of one turn share a write, up to this. */
const writeBytesMax = 65_536;
const retryMillisFirst = 5;
const retryMillisLast = 100;
const sleepCell = new Int32Array(new SharedArrayBuffer(4));

function isTryAgain(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
