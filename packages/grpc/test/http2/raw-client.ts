import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeFields, type Field, FieldDecoder, requestFields } from "./field-block.ts";
import {
  dataFrames,
  describeFrame,
  errorName,
  type ErrorName,
  errorNames,
  Flag,
  type Frame,
  FrameReader,
  FrameType,
  grpcMessage,
  headers,
  ping,
  preface,
  settings,
  settingsAck,
} from "./frames.ts";

/** How long the exchange of SETTINGS may take. */
const openMillisMax = 5_000;

/** How a {@link RawClient} behaves by itself. */
export interface RawClientOptions {
  /** Identifiers and values of its first SETTINGS. */
  readonly settings?: readonly (readonly [number, number])[];
  /** Acknowledges SETTINGS and PING of the server. @default true */
  readonly isPolite?: boolean;
  /** How long each `expect…` waits once the connection is open. @default 5000 */
  readonly deadlineMillis?: number;
  /** A socket that is connected already, for TLS. */
  readonly socket?: Socket;
}

/** A frame as it came, with its fields if it ended a field block. */
export interface ReceivedFrame extends Frame {
  readonly fields: readonly Field[] | undefined;
}

/** What the server said on one stream. */
export interface Answer {
  readonly httpStatus: string | undefined;
  readonly grpcStatus: string | undefined;
  /** As it came, percent-encoded. */
  readonly grpcMessage: string | undefined;
  readonly head: readonly Field[];
  readonly trailers: readonly Field[];
  readonly body: Buffer;
  /** Of the RST_STREAM that ended the stream. */
  readonly reset: ErrorName | undefined;
}

/**
 * A client that knows frames and nothing else: what it is told to send leaves as it is, what comes
 * back is a list of frames that tests take from.
 */
export class RawClient {
  readonly socket: Socket;
  /** All frames that came, for failure reports. */
  readonly seen: ReceivedFrame[] = [];
  /** Sees each frame as it comes. */
  onFrame: (frame: ReceivedFrame) => void = () => undefined;
  readonly #options: RawClientOptions;
  readonly #reader = new FrameReader();
  readonly #decoder = new FieldDecoder();
  readonly #untaken: ReceivedFrame[] = [];
  #block: Buffer[] = [];
  /** Told of whatever comes. */
  readonly #waiting: (() => void)[] = [];
  #isClosed = false;
  #isEnded = false;
  #socketError = "";
  #pings = 0;
  #nextStream = 1;

  constructor(port: number, options: RawClientOptions = {}) {
    this.#options = options;
    this.socket = options.socket ?? connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("error", (error) => (this.#socketError = error.message));
    this.socket.on("data", (chunk: Buffer) => {
      for (const frame of this.#reader.read(chunk)) this.#receive(frame);
      this.#wake();
    });
    this.socket.on("end", () => {
      this.#isEnded = true;
      this.#wake();
    });
    this.socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Connects, and exchanges preface and SETTINGS. */
  static async open(port: number, options: RawClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(port, options);
    client.send(preface, settings(...(options.settings ?? [])));
    const isSettings = (frame: ReceivedFrame): boolean => frame.type === FrameType.settings;
    await client.expect("SETTINGS", isSettings, openMillisMax);
    await client.expect("the acknowledgement of SETTINGS", isSettingsAck, openMillisMax);
    return client;
  }

  /** Whether the server has closed the connection, or its half of it. */
  get isClosed(): boolean {
    return this.#isClosed || this.#isEnded;
  }

  /** Sends bytes as they are, in one write. */
  send(...chunks: readonly Uint8Array[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(chunks));
  }

  /** The next odd stream identifier. */
  newStream(): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    return stream;
  }

  /** Later streams of {@link newStream} are above this one. */
  skipStreams(stream: number): void {
    this.#nextStream = stream + 2;
  }

  /** Opens a stream by a HEADERS frame of a gRPC request. */
  open(path: string, changes: Readonly<Record<string, string | undefined>> = {}): number {
    const stream = this.newStream();
    this.send(headers(stream, encodeFields(requestFields(path, changes))));
    return stream;
  }

  /** A whole unary call: one message of at most a window, and the answer to it. */
  async call(path: string, message: string | Uint8Array): Promise<Answer> {
    const stream = this.newStream();
    const head = headers(stream, encodeFields(requestFields(path)));
    this.send(head, dataFrames(stream, grpcMessage(message)));
    return this.answer(stream);
  }

  /** Waits for a frame and takes it: the first that nobody took. */
  async expect(
    what: string,
    matches: (frame: ReceivedFrame) => boolean,
    deadlineMillis: number = this.#options.deadlineMillis ?? 5_000,
  ): Promise<ReceivedFrame> {
    let taken: ReceivedFrame | undefined;
    await this.#until(
      what,
      () => {
        const index = this.#untaken.findIndex(matches);
        if (index === -1) return false;
        taken = this.#untaken.splice(index, 1)[0];
        return true;
      },
      deadlineMillis,
    );
    if (taken === undefined) throw this.#failure(what);
    return taken;
  }

  /** Waits for a frame of a type, on one stream if it is named. */
  expectType(type: number, stream?: number): Promise<ReceivedFrame> {
    const name = Object.entries(FrameType).find(([, number]) => number === type)?.[0] ?? "";
    const place = stream === undefined ? "" : ` on stream ${stream}`;
    return this.expect(`a frame "${name}"${place}`, (frame) => {
      return frame.type === type && (stream === undefined || frame.stream === stream);
    });
  }

  /** Waits for a RST_STREAM and checks its code. */
  async expectReset(stream: number, ...codes: readonly ErrorName[]): Promise<void> {
    const frame = await this.expectType(FrameType.rstStream, stream);
    this.#checkCode(frame, frame.payload.readUInt32BE(0), codes);
  }

  /** Waits for a GOAWAY with an error and for the close that follows, and checks the code. */
  async expectGoAway(...codes: readonly ErrorName[]): Promise<ReceivedFrame> {
    const frame = await this.expect(`GOAWAY ${codes.join(" or ")}`, ({ type, payload }) => {
      return type === FrameType.goAway && payload.readUInt32BE(4) !== 0;
    });
    this.#checkCode(frame, frame.payload.readUInt32BE(4), codes);
    await this.expectClose();
    return frame;
  }

  /** Waits until the server has closed the connection. */
  async expectClose(): Promise<void> {
    await this.#until("the end of the connection", () => this.isClosed);
  }

  /** Takes all frames of a stream to its end. */
  async answer(stream: number): Promise<Answer> {
    const sections: (readonly Field[])[] = [];
    const body: Buffer[] = [];
    let reset: ErrorName | undefined;
    let isEnding = false;
    for (let isOver = false; !isOver;) {
      const frame = await this.expect(
        `the answer on stream ${stream}`,
        (each) => each.stream === stream && isAnswerPart(each),
      );
      if (frame.type === FrameType.data) body.push(frame.payload);
      if (frame.fields !== undefined) sections.push(frame.fields);
      if (frame.type === FrameType.rstStream) reset = toErrorName(frame.payload.readUInt32BE(0));
      const isBlock = frame.type === FrameType.headers || frame.type === FrameType.continuation;
      isEnding ||= frame.type !== FrameType.continuation && (frame.flags & Flag.endStream) !== 0;
      isOver = reset !== undefined || (isEnding && (!isBlock || frame.fields !== undefined));
    }
    const [head = [], trailers = []] = sections;
    const find = (name: string): string | undefined =>
      [...trailers, ...head].find(([each]) => each === name)?.[1];
    return {
      httpStatus: head.find(([name]) => name === ":status")?.[1],
      grpcStatus: find("grpc-status"),
      grpcMessage: find("grpc-message"),
      head,
      trailers,
      body: Buffer.concat(body),
      reset,
    };
  }

  /** A round trip: whatever the server answers to what was sent before has come, bar late work. */
  async barrier(): Promise<void> {
    this.#pings += 1;
    const opaque = Buffer.alloc(8);
    opaque.writeUInt32BE(0xba771e12, 0);
    opaque.writeUInt32BE(this.#pings, 4);
    this.send(ping(opaque));
    await this.expect("the answer to a PING", ({ type, payload }) => {
      return type === FrameType.ping && payload.equals(opaque);
    });
  }

  /** Waits until so many bytes of DATA came in all, and checks that no more follow. */
  async expectBytes(total: number, stream?: number): Promise<void> {
    const count = (): number => {
      let bytes = 0;
      for (const frame of this.seen) {
        if (frame.type !== FrameType.data) continue;
        if (stream === undefined || frame.stream === stream) bytes += frame.payload.length;
      }
      return bytes;
    };
    await this.#until(`${total} bytes of DATA`, () => count() >= total);
    for (let round = 0; round < 2; round += 1) await this.barrier();
    if (count() !== total) throw this.#failure(`${total} bytes of DATA, not ${count()}`);
  }

  /** Waits until a condition holds that what comes in may change. */
  until(what: string, isDone: () => boolean): Promise<void> {
    return this.#until(what, isDone);
  }

  /** Frames of a type that came and were not taken, on one stream if it is named. */
  untaken(type: number, stream?: number): readonly ReceivedFrame[] {
    return this.#untaken.filter((frame) => {
      return frame.type === type && (stream === undefined || frame.stream === stream);
    });
  }

  /** The values of the settings that the server announced. */
  serverSettings(): ReadonlyMap<number, number> {
    const values = new Map<number, number>();
    for (const { type, flags, payload } of this.seen) {
      if (type !== FrameType.settings || (flags & Flag.ack) !== 0) continue;
      for (let at = 0; at < payload.length; at += 6) {
        values.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
      }
    }
    return values;
  }

  /** Cuts the connection and waits until it is gone on this side. */
  async destroy(): Promise<void> {
    this.socket.destroy();
    if (!this.socket.closed) await once(this.socket, "close");
  }

  async #until(
    what: string,
    isDone: () => boolean,
    deadlineMillis: number = this.#options.deadlineMillis ?? 5_000,
  ): Promise<void> {
    const end = performance.now() + deadlineMillis;
    const timer = setTimeout(() => this.#wake(), deadlineMillis + 1);
    try {
      while (!isDone()) {
        if (this.isClosed || performance.now() > end) throw this.#failure(what);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #receive(frame: Frame): void {
    let fields: readonly Field[] | undefined;
    const isBlock = frame.type === FrameType.headers || frame.type === FrameType.continuation;
    if (isBlock) {
      this.#block.push(frame.payload);
      if ((frame.flags & Flag.endHeaders) !== 0) {
        fields = this.#decoder.decode(Buffer.concat(this.#block));
        this.#block = [];
      }
    }
    const received = { ...frame, fields };
    this.seen.push(received);
    this.#untaken.push(received);
    this.onFrame(received);
    if (this.#options.isPolite === false || (frame.flags & Flag.ack) !== 0) return;
    if (frame.type === FrameType.settings) this.send(settingsAck);
    if (frame.type === FrameType.ping) this.send(ping(frame.payload, Flag.ack));
  }

  #checkCode(frame: Frame, code: number, expected: readonly ErrorName[]): void {
    const name = errorName(code);
    if (expected.some((each) => each === name)) return;
    throw this.#failure(`${expected.join(" or ")} instead of "${describeFrame(frame)}"`);
  }

  #failure(what: string): Error {
    const state = this.isClosed ? `closed ${this.#socketError}` : "open";
    const frames = this.seen.slice(-20).map((frame) => `  ${describeFrame(frame)}`);
    const omitted = this.seen.length - frames.length;
    const list = frames.length === 0 ? "  none" : frames.join("\n");
    return new Error(
      `Expected ${what}; the connection is ${state}; ` +
        `frames that came${omitted > 0 ? ` (after ${omitted} others)` : ""}:\n${list}`,
    );
  }
}

function isSettingsAck({ type, flags }: Frame): boolean {
  return type === FrameType.settings && (flags & Flag.ack) !== 0;
}

function isAnswerPart({ type }: Frame): boolean {
  return (
    type === FrameType.data ||
    type === FrameType.headers ||
    type === FrameType.continuation ||
    type === FrameType.rstStream
  );
}

function toErrorName(code: number): ErrorName {
  return errorNames[code] ?? "INTERNAL_ERROR";
}
