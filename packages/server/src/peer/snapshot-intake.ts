import type { Socket } from "node:net";
import type { Logger } from "@quorate/platform";
import { encodeFrame, FrameKind } from "./frame.ts";
import { encodeRefusal } from "./handshake.ts";
import type { IncomingSnapshot } from "./peer-transport.ts";

/**
 * Receives one snapshot stream: a frame with the raft message, chunks, a frame with the SHA-256.
 *
 * The socket is paused while the sink writes, so that the sender goes no faster than this disk. The
 * answer to the end frame is a welcome (all is durable) or a refusal that says why not.
 */
export class SnapshotIntake {
  readonly #socket: Socket;
  readonly #sink: IncomingSnapshot;
  readonly #logger: Logger;
  #tail: Promise<void> = Promise.resolve();
  #isFinished = false;
  #working = 0;

  constructor(socket: Socket, sink: IncomingSnapshot, logger: Logger) {
    this.#socket = socket;
    this.#sink = sink;
    this.#logger = logger;
  }

  /** Whether the own disk is what the stream waits for. */
  get isBusy(): boolean {
    return this.#working > 0;
  }

  /** Takes the next frame; frames are worked off in order. */
  handle(kind: number, payload: Uint8Array): void {
    this.#socket.pause();
    this.#working += 1;
    this.#tail = this.#tail
      .then(() => this.#work(kind, payload))
      .then(
        () => {
          this.#working -= 1;
          if (this.#working === 0) this.#socket.resume();
        },
        (error: unknown) => {
          this.#logger.warn("snapshot stream failed", { error: String(error) });
          this.#refuse(error);
        },
      );
  }

  /** The connection is gone: an unfinished snapshot is removed. */
  abort(): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#isFinished) return;
      this.#isFinished = true;
      await this.#sink.abort().catch((error: unknown) => {
        this.#logger.warn("snapshot clean-up failed", { error: String(error) });
      });
    });
  }

  #refuse(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    const refusal = { reason: "malformed", message: `Snapshot was refused: ${problem}` } as const;
    for (const chunk of encodeFrame(FrameKind.refusal, [encodeRefusal(refusal)])) {
      this.#socket.write(chunk);
    }
    this.#socket.destroySoon();
  }

  async #work(kind: number, payload: Uint8Array): Promise<void> {
    if (this.#isFinished) return;
    if (kind === FrameKind.snapshotBegin) {
      await this.#sink.begin(payload);
      return;
    }
    if (kind === FrameKind.snapshotChunk) {
      await this.#sink.write(payload);
      return;
    }
    if (kind !== FrameKind.snapshotEnd) {
      throw new Error(`Cannot receive snapshot: unexpected frame of kind ${kind}`);
    }
    this.#isFinished = true;
    await this.#sink.finish(payload);
    for (const chunk of encodeFrame(FrameKind.welcome, [])) this.#socket.write(chunk);
  }
}
