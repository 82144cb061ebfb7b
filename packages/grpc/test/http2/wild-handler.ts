import type { BidiStream, RpcMethod } from "@quorate/grpc";
import { StatusCode } from "@quorate/grpc";
import { Random } from "./random-conversation.ts";

/** What a {@link WildHandler} heard and did in one call. */
export interface WildRecord {
  readonly messages: Buffer[];
  readonly written: Buffer[];
  isHalfClosed: boolean;
  cancels: number;
  /** `ok`, `failed`, `thrown`; undefined while it is open. */
  end: "ok" | "failed" | "thrown" | undefined;
  /** The first thing that must not happen. */
  problem: string | undefined;
}

/** Path of the method of {@link WildHandler}. */
export const wildPath = "/test.Http2/Wild";

/** What it throws on purpose. */
export class WildError extends Error {}

/**
 * A handler that does whatever the interface allows, at any moment: writes, pauses, resumes, ends,
 * fails, throws, inside of listeners and later. It never leaves a call open that its client has
 * ended, and it writes down what it hears.
 *
 * Its choices come from the seed that the client sends in the header `seed`.
 */
export class WildHandler {
  readonly records = new Map<string, WildRecord>();

  get method(): RpcMethod {
    return { kind: "bidi-stream", path: wildPath, handle: (stream) => this.#handle(stream) };
  }

  #handle(stream: BidiStream): void {
    const seed = stream.header("seed") ?? "0";
    const record: WildRecord = {
      messages: [],
      written: [],
      isHalfClosed: false,
      cancels: 0,
      end: undefined,
      problem: undefined,
    };
    this.records.set(seed, record);
    new WildCall(new Random(Number(seed)), stream, record).start();
  }
}

class WildCall {
  readonly #random: Random;
  readonly #stream: BidiStream;
  readonly #record: WildRecord;
  #isPaused = false;

  constructor(random: Random, stream: BidiStream, record: WildRecord) {
    this.#random = random;
    this.#stream = stream;
    this.#record = record;
  }

  start(): void {
    const stream = this.#stream;
    const record = this.#record;
    stream.onMessage((message) => {
      this.#expectOpen("a message");
      if (this.#isPaused) record.problem ??= "a message came while it was paused";
      if (record.isHalfClosed) record.problem ??= "a message came behind the half close";
      record.messages.push(Buffer.from(message));
      this.#act();
    });
    stream.onHalfClose(() => {
      this.#expectOpen("the half close");
      if (this.#isPaused) record.problem ??= "the half close came while it was paused";
      if (record.isHalfClosed) record.problem ??= "two half closes came";
      record.isHalfClosed = true;
      this.#act();
      this.#finishSoon();
    });
    stream.onDrain(() => this.#act());
    stream.onCancel(() => {
      record.cancels += 1;
      if (record.cancels > 1) record.problem ??= "two cancels came";
      if (record.end !== undefined) record.problem ??= `a cancel came after ${record.end}`;
      this.#act();
    });
    this.#act();
  }

  #expectOpen(what: string): void {
    const { end, cancels } = this.#record;
    if (end !== undefined) this.#record.problem ??= `${what} came after ${end}`;
    if (cancels > 0) this.#record.problem ??= `${what} came after the cancel`;
  }

  #act(): void {
    for (let count = this.#random.below(3); count > 0; count -= 1) {
      const choice = this.#random.below(40);
      if (choice < 14) this.#write();
      else if (choice < 20) this.#pause();
      else if (choice < 26) this.#resume();
      else if (choice < 34) setImmediate(() => this.#actLater());
      else if (choice === 34) this.#finish("ok");
      else if (choice === 35) this.#finish("failed");
      else if (choice === 36) this.#throw();
    }
  }

  /** Outside of listeners, where nobody catches what is thrown. */
  #actLater(): void {
    const choice = this.#random.below(5);
    if (choice < 3) this.#write();
    else if (choice === 3) this.#resume();
    else this.#pause();
  }

  #write(): void {
    const isOpen = this.#record.end === undefined && !this.#stream.isCancelled;
    const chunks = Array.from({ length: this.#random.below(4) }, () => {
      return Buffer.alloc(this.#random.below(this.#random.pick([2, 200, 9_000])), "w");
    });
    this.#stream.write(chunks);
    if (isOpen) this.#record.written.push(Buffer.concat(chunks));
  }

  #pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
    setImmediate(() => this.#resume());
  }

  #resume(): void {
    this.#isPaused = false;
    this.#stream.resume();
  }

  #throw(): void {
    if (this.#record.end !== undefined || this.#stream.isCancelled) return;
    this.#record.end = "thrown";
    throw new WildError();
  }

  #finish(how: "ok" | "failed"): void {
    if (this.#record.end === undefined && !this.#stream.isCancelled) this.#record.end = how;
    if (how === "ok") this.#stream.end();
    else this.#stream.fail({ code: StatusCode.ABORTED, message: "wild" });
  }

  #finishSoon(): void {
    if (this.#random.oneIn(2)) this.#finish("ok");
    else setImmediate(() => this.#finish("ok"));
  }
}
