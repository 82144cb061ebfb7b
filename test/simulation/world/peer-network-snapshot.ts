/** The state on its way: a stream of its own that can be cut, slowed and damaged at any piece. */
import { createHash } from "node:crypto";
import type { MemberId } from "@quorate/raft";
import type { IncomingSnapshot, OutgoingSnapshot } from "@quorate/server/member";
import { CheckFailure } from "../checkers/check-failure.ts";
import { drawDelay } from "./peer-network-faults.ts";
import type { NetworkProcess } from "./peer-network-link.ts";
import type { NetworkPath } from "./peer-network-path.ts";
import type { NetworkHost } from "./peer-network.ts";

/** Longest step of a receiver, which says all the time that it is at it. */
const answerMaxMillis = 120_000;
/** Both sides give up a stream on which nothing moves for this long (B10). */
const silenceMaxMillis = 10_000;
const stallMillis = 250;
/** Most pieces of a chunk: where a stream can break. */
const piecesMax = 6;

/** A stream under way, as its network sees it. */
export interface StateStream {
  /** A process has died. */
  handleEnd(process: NetworkProcess, isSilent: boolean): void;
  /** Connections between two machines broke. */
  handleReset(from: MemberId, to: MemberId): void;
  /** What is sent between two machines does not arrive any more, and nobody is told (B10). */
  handleSilence(from: MemberId, to: MemberId): void;
  /** A process begins to live: an older one of this machine is gone. */
  handleJoin(memberId: MemberId): void;
}

/** Streams a state. @throws when the peer refuses, the stream breaks or `signal` aborts. */
export async function streamState(
  host: NetworkHost,
  sending: {
    readonly process: NetworkProcess;
    readonly path: NetworkPath;
    readonly snapshot: OutgoingSnapshot;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { process, path, snapshot, signal } = sending;
  const stream = new Stream(host, process, path);
  const onAbort = (): void => {
    stream.fail("it was cancelled");
  };
  signal.addEventListener("abort", onAbort, { once: true });
  host.streams.add(stream);
  try {
    if (signal.aborted) onAbort();
    await stream.run(snapshot);
    host.coverage.sometimes("a state was streamed", true);
  } finally {
    signal.removeEventListener("abort", onAbort);
    host.streams.delete(stream);
  }
}

class Stream implements StateStream {
  readonly #host: NetworkHost;
  readonly #sender: NetworkProcess;
  readonly #path: NetworkPath;
  readonly #hash = createHash("sha256");
  #receiver: NetworkProcess | undefined;
  #sink: IncomingSnapshot | undefined;
  #isDamaged = false;
  #isForgotten = false;
  #failure: Error | undefined;
  #isReceiverBusy = false;
  /** Counts steps of the receiver, and the end. */
  #steps = 0;
  #wake: (error: Error) => void = () => undefined;

  constructor(host: NetworkHost, sender: NetworkProcess, path: NetworkPath) {
    this.#host = host;
    this.#sender = sender;
    this.#path = path;
  }

  handleEnd(process: NetworkProcess, isSilent: boolean): void {
    if (process === this.#receiver) {
      this.#sink = undefined;
      if (!isSilent) this.fail("the receiver has died");
    } else if (process === this.#sender) {
      this.#abortSink();
      this.#host.streams.delete(this);
    }
  }

  handleJoin(memberId: MemberId): void {
    if (this.#receiver?.memberId === memberId) this.fail("the receiver has died");
  }

  handleReset(from: MemberId, to: MemberId): void {
    if (from === this.#path.from && to === this.#path.to) this.fail("the connection was reset");
  }

  handleSilence(from: MemberId, to: MemberId): void {
    if (from === this.#path.from && to === this.#path.to) this.#isForgotten = true;
  }

  /** Ends the stream on both sides. */
  fail(problem: string): void {
    this.#failure ??= new Error(`Cannot send snapshot: ${problem}`);
    this.#abortSink();
    this.#wake(this.#failure);
  }

  async run(snapshot: OutgoingSnapshot): Promise<void> {
    await this.#pass(0);
    const receiver = this.#host.processOf(this.#path.to);
    const { peerUrls } = this.#sender.hooks;
    if (receiver?.handler.admit(this.#path.from, peerUrls) !== "known") {
      throw new Error("Cannot send snapshot: the peer does not listen or knows nobody of that id");
    }
    this.#receiver = receiver;
    await this.#atReceiver(() => {
      this.#sink = receiver.handler.openSnapshot(this.#path.from);
      return Promise.resolve();
    });
    if (this.#sink === undefined) throw new Error("Cannot send snapshot: the peer is busy");
    this.#listen(0);
    try {
      await this.#sendAll(snapshot);
    } catch (error) {
      this.#abortSink();
      throw error;
    }
  }

  async #sendAll(snapshot: OutgoingSnapshot): Promise<void> {
    await this.#pass(snapshot.message.length);
    await this.#atReceiver((sink) => sink.begin(snapshot.message));
    for await (const chunk of snapshot.chunks) {
      this.#hash.update(chunk);
      for (const piece of this.#cutUp(chunk)) await this.#sendPiece(piece);
    }
    await this.#pass(32);
    const digest = this.#hash.digest();
    await this.#atReceiver(async (sink) => {
      // From here on the receiver finishes by itself, whatever becomes of the stream.
      this.#sink = undefined;
      await sink.finish(digest);
      if (!this.#isDamaged) return;
      this.#host.onFailure(new CheckFailure("B7", "a damaged snapshot was accepted"));
    });
    await this.#pass(0);
  }

  async #sendPiece(piece: Uint8Array): Promise<void> {
    const { random, faults } = this.#path;
    const { coverage } = this.#host;
    if (faults.snapshotCutProbability > 0 && random.chance(faults.snapshotCutProbability)) {
      coverage.fault("snapshot cut");
      this.fail("the connection broke");
    }
    await this.#pass(piece.length);
    let bytes = piece;
    if (faults.snapshotCorruptProbability > 0 && random.chance(faults.snapshotCorruptProbability)) {
      coverage.fault("snapshot corrupted");
      bytes = Uint8Array.from(piece);
      const at = random.nextInt(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.nextInt(8));
      this.#isDamaged = true;
    }
    await this.#atReceiver((sink) => sink.write(bytes));
  }

  #cutUp(chunk: Uint8Array): readonly Uint8Array[] {
    const count = Math.min(chunk.length, this.#path.random.between(1, piecesMax));
    const size = Math.ceil(chunk.length / Math.max(1, count));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; at += size) pieces.push(chunk.subarray(at, at + size));
    return pieces;
  }

  /** Time on the way; stalls while the path does, until one of the two gives up. */
  async #pass(bytes: number): Promise<void> {
    const { random, faults } = this.#path;
    const pause = random.nextFloat() * faults.snapshotPauseMillis;
    await this.#sleep(pause + drawDelay(faults, bytes, random));
    for (let stalled = 0; this.#isStalled(); stalled += stallMillis) {
      if (stalled >= silenceMaxMillis) this.#giveUp();
      await this.#sleep(stallMillis);
    }
    if (this.#receiver !== undefined && this.#host.processOf(this.#path.to) !== this.#receiver) {
      this.fail("the receiver has died");
    }
    await this.#check();
  }

  /** The receiver's own watch: a sender that was stopped gives nothing up (B12). */
  #listen(silentMillis: number): void {
    this.#host.scheduler.schedule(stallMillis, () => {
      if (this.#sink === undefined) return;
      const isAsleep = this.#receiver?.hooks.isPaused() === true;
      const isSilent = this.#isStalled() || this.#sender.hooks.isPaused();
      if (silentMillis >= silenceMaxMillis) this.#giveUp();
      else if (isAsleep) this.#listen(silentMillis);
      else this.#listen(isSilent && !this.#isReceiverBusy ? silentMillis + stallMillis : 0);
    });
  }

  #giveUp(): void {
    this.#host.coverage.sometimes("a silent stream of a state was given up", true);
    this.fail("the peer does not answer");
  }

  #isStalled(): boolean {
    const { from, to, isCut, isClogged } = this.#path;
    const back = this.#host.pathOf(to, from);
    const isSilent = this.#receiver !== undefined && this.#host.processOf(to) === undefined;
    return this.#isForgotten || isCut || isClogged || back.isCut || back.isClogged || isSilent;
  }

  /** Goes on in the sender's process when time has passed, or at once when the stream fails. */
  #sleep(millis: number): Promise<void> {
    return this.#wakeable((resolve) => {
      this.#host.scheduler.schedule(millis, () => {
        this.#sender.hooks.deliver(resolve);
      });
    });
  }

  /** Runs a step of the receiver in its process and waits for it in the sender's. */
  #atReceiver(step: (sink: IncomingSnapshot) => Promise<void>): Promise<void> {
    const number = ++this.#steps;
    this.#host.scheduler.schedule(answerMaxMillis, () => {
      if (this.#steps === number) this.fail("the peer does not answer");
    });
    return this.#wakeable((resolve, reject) => {
      const receiver = this.#receiver;
      const sink = this.#sink ?? unopened;
      receiver?.hooks.deliver(() => {
        this.#isReceiverBusy = true;
        step(sink).then(
          () => {
            this.#isReceiverBusy = false;
            this.#steps += 1;
            this.#sender.hooks.deliver(resolve);
          },
          (error: unknown) => {
            this.#sender.hooks.deliver(() => {
              reject(new Error(`Cannot send snapshot: ${String(error)}`));
            });
          },
        );
      });
    });
  }

  async #check(): Promise<void> {
    if (this.#failure !== undefined) await Promise.reject(this.#failure);
  }

  #wakeable(begin: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#wake = (error) => {
        this.#sender.hooks.deliver(() => {
          reject(error);
        });
      };
      begin(resolve, reject);
    });
  }

  #abortSink(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink === undefined) return;
    this.#receiver?.hooks.deliver(() => {
      sink.abort().catch(() => undefined);
    });
  }
}

const unopened: IncomingSnapshot = {
  begin: () => Promise.reject(new Error("the stream is closed")),
  write: () => Promise.reject(new Error("the stream is closed")),
  finish: () => Promise.reject(new Error("the stream is closed")),
  abort: () => Promise.resolve(),
};
