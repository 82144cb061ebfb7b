import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { encodeFrame, FrameKind, FrameReader } from "./frame.ts";
import { decodeRefusal, encodeHello, type Hello } from "./handshake.ts";
import type { OutgoingSnapshot } from "./peer-transport.ts";
import { parsePeerUrl } from "./peer-url.ts";

/** How a snapshot is streamed. */
export interface StreamSnapshotOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
  /** A receiver that says nothing for this long is gone (B10). @default 10000 */
  readonly silenceMaxMillis?: number;
}

/**
 * Streams one snapshot on a connection of its own and waits until the receiver has it on disk.
 *
 * @throws Error when the peer refuses, the connection breaks or falls silent, or `signal` aborts.
 */
export async function streamSnapshot(
  hello: Hello,
  url: string,
  snapshot: OutgoingSnapshot,
  { signal, onSent, silenceMaxMillis = 10_000 }: StreamSnapshotOptions,
): Promise<void> {
  const socket = connect(parsePeerUrl(url));
  const abort = (): void => {
    socket.destroy(new Error("Snapshot was cancelled"));
  };
  signal.addEventListener("abort", abort, { once: true });
  destroyWhenSilent(socket, silenceMaxMillis);
  try {
    if (signal.aborted) throw new Error("Snapshot was cancelled");
    const answers = new AnswerQueue(socket);
    await write(socket, FrameKind.hello, [encodeHello(hello)]);
    await answers.next();
    await write(socket, FrameKind.snapshotBegin, [snapshot.message]);
    const hash = createHash("sha256");
    for await (const chunk of snapshot.chunks) {
      hash.update(chunk);
      await write(socket, FrameKind.snapshotChunk, [chunk]);
      onSent(chunk.length);
    }
    await write(socket, FrameKind.snapshotEnd, [hash.digest()]);
    await answers.next();
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/**
 * Ends a connection on which nothing moves for two half periods: its receiver, busy or not, sends
 * pongs all the time. Not for one long period: a process that was stopped sees its timers first and
 * what has arrived meanwhile afterwards (B12).
 */
function destroyWhenSilent(socket: Socket, silenceMaxMillis: number): void {
  let isSuspect = false;
  socket.setTimeout(silenceMaxMillis / 2);
  socket.on("timeout", () => {
    if (isSuspect) socket.destroy(new Error("Cannot send snapshot: peer does not answer"));
    isSuspect = true;
    socket.setTimeout(silenceMaxMillis / 2);
  });
  socket.on("data", () => {
    isSuspect = false;
  });
}

async function write(
  socket: Socket,
  kind: FrameKind,
  chunks: readonly Uint8Array[],
): Promise<void> {
  // A socket that is closed already tells nobody again: waiting for it would never end.
  if (socket.destroyed) throw closedError(socket);
  let hasRoom = true;
  for (const part of encodeFrame(kind, chunks)) hasRoom = socket.write(part);
  if (hasRoom) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      socket.off("drain", settle).off("close", settle);
      if (socket.destroyed) reject(closedError(socket));
      else resolve();
    };
    socket.on("drain", settle).on("close", settle);
  });
}

function closedError(socket: Socket): Error {
  return socket.errored ?? new Error("Cannot send snapshot: connection closed");
}

/** Waits for welcome frames; a refusal or the end of the connection is an error, pongs are none. */
class AnswerQueue {
  readonly #socket: Socket;
  #welcomes = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader((kind, payload) => {
      if (kind === FrameKind.welcome) this.#welcomes += 1;
      else if (kind !== FrameKind.pong) {
        this.#failure ??= new Error(decodeRefusal(payload).message);
      }
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      }
      this.#wake?.();
    });
    socket.on("error", (error) => {
      this.#failure ??= error;
    });
    socket.on("close", () => {
      this.#failure ??= new Error("Cannot send snapshot: peer closed the connection");
      this.#wake?.();
    });
  }

  async next(): Promise<void> {
    while (this.#welcomes === 0) {
      if (this.#failure !== undefined) {
        this.#socket.destroy();
        throw this.#failure;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#welcomes -= 1;
  }
}
