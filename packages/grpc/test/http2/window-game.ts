import assert from "node:assert/strict";
import { describeFrame, Flag, FrameType, settings, windowUpdate } from "./frames.ts";
import type { Random } from "./random-conversation.ts";
import type { RawClient } from "./raw-client.ts";

/** Windows at one moment of what the client has sent or received. */
type GameEvent =
  | { readonly kind: "settings"; readonly initial: number }
  | { readonly kind: "credit"; readonly stream: number; readonly bytes: number };

/**
 * A client that changes its windows at random and checks that the server never sends more than they
 * allow.
 *
 * Credit counts from when it is sent, a new initial window size from when the server acknowledges
 * it; in between the larger one is allowed.
 */
export class WindowGame {
  readonly initialWindow: number;
  /** SETTINGS not acknowledged yet, oldest first. */
  readonly #pending: number[] = [];
  #acknowledged: number;
  readonly #credits = new Map<number, number>();
  readonly #received = new Map<number, number>();
  #receivedInAll = 0;
  #client: RawClient | undefined;
  #problem: string | undefined;
  readonly #moves: GameEvent[] = [];

  constructor(initialWindow: number) {
    this.initialWindow = initialWindow;
    this.#acknowledged = initialWindow;
    this.#credits.set(0, 65_535);
  }

  /** Watches the frames of a client whose first SETTINGS are acknowledged. */
  attach(client: RawClient): void {
    this.#client = client;
    client.onFrame = (frame) => {
      const isAck = (frame.flags & Flag.ack) !== 0;
      if (frame.type === FrameType.settings && isAck) {
        this.#acknowledged = this.#pending.shift() ?? this.#acknowledged;
      }
      if (frame.type !== FrameType.data) return;
      const { stream, payload } = frame;
      const received = (this.#received.get(stream) ?? 0) + payload.length;
      this.#received.set(stream, received);
      this.#receivedInAll += payload.length;
      const initial = Math.max(this.#acknowledged, ...this.#pending);
      const allowed = initial + (this.#credits.get(stream) ?? 0);
      const allowedInAll = this.#credits.get(0) ?? 0;
      if (payload.length === 0 || this.#problem !== undefined) return;
      if (received > allowed || this.#receivedInAll > allowedInAll) {
        const sizes = `${received} of ${allowed}, in all ${this.#receivedInAll} of ${allowedInAll}`;
        this.#problem = `${describeFrame(frame)}: ${sizes} after ${JSON.stringify(this.#moves)}`;
      }
    };
  }

  /** A stream begins without credit of its own. */
  open(stream: number): void {
    this.#credits.set(stream, 0);
  }

  /** Changes some window. */
  move(random: Random, streams: readonly number[]): void {
    if (random.oneIn(4)) {
      this.#setInitial(random.below(random.pick([10, 3_000, 60_000])));
      return;
    }
    const stream = random.oneIn(5) ? 0 : (streams[random.below(streams.length)] ?? 0);
    this.#credit(stream, 1 + random.below(random.pick([2, 500, 20_000])));
  }

  /** Lets everything through. */
  async release(streams: readonly number[]): Promise<void> {
    this.#setInitial(60_000);
    for (const stream of streams) this.#credit(stream, 1_000_000);
    this.#credit(0, 10_000_000);
    await this.#client?.barrier();
  }

  /** Fails if the server ever sent too much. */
  check(): void {
    assert.equal(this.#problem, undefined);
  }

  #setInitial(initial: number): void {
    this.#moves.push({ kind: "settings", initial });
    this.#pending.push(initial);
    this.#client?.send(settings([4, initial]));
  }

  #credit(stream: number, bytes: number): void {
    this.#moves.push({ kind: "credit", stream, bytes });
    this.#credits.set(stream, (this.#credits.get(stream) ?? 0) + bytes);
    this.#client?.send(windowUpdate(stream, bytes));
  }
}
