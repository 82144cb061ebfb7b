import type { MemberId } from "@quorate/raft";
import { FrameKind, type PeerHandler } from "@quorate/server/member";
import { CheckFailure } from "../checkers/check-failure.ts";
import { drawDelay } from "./peer-network-faults.ts";
import type { NetworkPath } from "./peer-network-path.ts";
import type { NetworkHost, PeerProcessHooks } from "./peer-network.ts";

/** A process that takes part. */
export interface NetworkProcess {
  readonly memberId: MemberId;
  readonly handler: PeerHandler;
  readonly hooks: PeerProcessHooks;
  readonly links: Map<MemberId, PeerNetworkLink>;
}

/** How often an idle connection is probed, and how many probes may stay unanswered (B10). */
const pingMillis = 500;
const unansweredMax = 4;
/** The same while frames wait, and pings behind them. */
const unansweredBusyMax = 10;
/** A half-open connection is given up within this time, also where frames wait before pings. */
const noticeMaxMillis = 7_000;
/** A connection from which nothing came for this long is closed by its receiver. */
const receiverSilenceMillis = 10_000;
/** Pauses between attempts to connect. */
const redialMinMillis = 25;
const redialMaxMillis = 200;
/** Frames beyond this many bytes on the way are refused. */
const queueBytesMax = 64 * 1024 * 1024;

/**
 * One process's outgoing connection to a peer: dials until it is closed, delivers frames, notices
 * silence, and dials again.
 */
export class PeerNetworkLink {
  readonly #host: NetworkHost;
  readonly #process: NetworkProcess;
  readonly #path: NetworkPath;
  /** The process at the other end while connected; frames reach no other. */
  #peer: NetworkProcess | undefined;
  /** Whether the other end has forgotten the connection. */
  #isForgotten = false;
  #connectedSince: number | undefined;
  /** Frames of an older connection are lost. */
  #generation = 0;
  #lastArrival = 0;
  /** What has arrived before the promises that the connection begins with; undefined after them. */
  #overtaking: (() => void)[] | undefined;
  #queuedBytes = 0;
  #unanswered = 0;
  #silentMillis = 0;
  #isClosed = false;

  constructor(host: NetworkHost, process: NetworkProcess, path: NetworkPath) {
    this.#host = host;
    this.#process = process;
    this.#path = path;
    this.#dialLater();
  }

  /** Of the sender's machine; undefined when it is not connected or has noticed that it is not. */
  get connectedSince(): number | undefined {
    return this.#connectedSince;
  }

  /** Takes a frame; false when there is no connection to put it on. */
  send(kind: FrameKind, chunks: readonly Uint8Array[]): boolean {
    if (this.#connectedSince === undefined || this.#queuedBytes > queueBytesMax) return false;
    const payload = Buffer.concat(chunks);
    this.#process.hooks.frameLeaves?.(this.#path.to, kind, payload);
    if (kind !== FrameKind.raft) {
      this.#sendInOrder(kind, payload);
      return true;
    }
    const { random, faults } = this.#path;
    const { coverage } = this.#host;
    if (faults.dropProbability > 0 && random.chance(faults.dropProbability)) {
      coverage.fault("network drop");
      return true;
    }
    this.#sendRaft(payload);
    if (faults.duplicateProbability > 0 && random.chance(faults.duplicateProbability)) {
      coverage.fault("network duplicate");
      this.#sendRaft(payload);
    }
    return true;
  }

  /** The connection breaks and the sender hears of it. */
  reset(): void {
    if (this.#connectedSince === undefined) return;
    this.#generation += 1;
    this.#connectedSince = undefined;
    this.#peer = undefined;
    this.#isForgotten = false;
    this.#overtaking = undefined;
    this.#queuedBytes = 0;
    const { handler, hooks } = this.#process;
    const { to } = this.#path;
    // In a turn of its own: never inside a call of the process.
    this.#host.scheduler.schedule(0, () => {
      hooks.deliver(() => {
        handler.onDisconnected(to);
      });
    });
    this.#dialLater();
  }

  /** Frames vanish; the sender notices when its pings stay unanswered, or the run has failed. */
  breakSilently(): void {
    this.#isForgotten = true;
    this.#expectNoticed(this.#generation, 0);
  }

  /**
   * The members at the other end have changed: a member that was removed is told and cut off. Where
   * it cannot be told, it finds that the other end has forgotten the connection.
   */
  refuseIfRemoved(): void {
    const { from, to } = this.#path;
    const peer = this.#peer;
    if (this.#connectedSince === undefined || peer === undefined || this.#isForgotten) return;
    if (peer.handler.admit(from, this.#process.hooks.peerUrls) !== "removed") return;
    this.#isForgotten = true;
    const back = this.#host.pathOf(to, from);
    if (back.isCut || back.isClogged) return;
    const generation = this.#generation;
    this.#host.scheduler.schedule(drawDelay(back.faults, 0, back.random), () => {
      if (this.#generation !== generation || this.#isClosed) return;
      this.#tellRemoved();
      this.reset();
    });
  }

  /** Ends it for good; what is on the way may still arrive. */
  close(): void {
    this.#isClosed = true;
    this.#connectedSince = undefined;
  }

  #dialLater(): void {
    const millis = this.#path.random.between(redialMinMillis, redialMaxMillis);
    this.#host.scheduler.schedule(millis, () => {
      this.#dial();
    });
  }

  /** TCP and the hello: there, back, and only between processes that both run. */
  #dial(): void {
    if (this.#isClosed) return;
    const { from, to, random, faults } = this.#path;
    const back = this.#host.pathOf(to, from);
    const isOpen = ![this.#path, back].some(({ isCut, isClogged }) => isCut || isClogged);
    if (!isOpen || this.#process.hooks.isPaused()) {
      this.#dialLater();
      return;
    }
    const millis = drawDelay(faults, 0, random) + drawDelay(back.faults, 0, random);
    this.#host.scheduler.schedule(millis, () => {
      const peer = this.#host.processOf(to);
      if (this.#isClosed) return;
      if (peer === undefined || peer.hooks.isPaused() || this.#path.isCut || back.isCut) {
        this.#dialLater();
        return;
      }
      const admission = peer.handler.admit(from, this.#process.hooks.peerUrls);
      if (admission === "known") this.#connect(peer);
      else {
        if (admission === "removed") this.#tellRemoved();
        this.#dialLater();
      }
    });
  }

  #connect(peer: NetworkProcess): void {
    const { hooks, handler } = this.#process;
    const generation = ++this.#generation;
    this.#peer = peer;
    this.#unanswered = 0;
    this.#silentMillis = 0;
    this.#lastArrival = this.#host.scheduler.nowMillis;
    hooks.deliver(() => {
      if (this.#isClosed || this.#generation !== generation) return;
      this.#connectedSince = hooks.monotonicMillis();
      handler.onConnected(this.#path.to);
      this.#pingLater(generation);
    });
  }

  #tellRemoved(): void {
    const { hooks, handler, memberId } = this.#process;
    hooks.deliver(() => {
      handler.onRemoved(`Member ${memberId.toString(16)} was removed from the cluster`);
    });
  }

  #pingLater(generation: number): void {
    this.#host.scheduler.schedule(pingMillis, () => {
      if (this.#isClosed || this.#generation !== generation) return;
      this.#ping();
      if (this.#generation === generation) this.#pingLater(generation);
    });
  }

  /**
   * Pings are counted, not time: a process that was paused does not blame its peer for that. A
   * receiver closes what has said nothing for long, and the sender finds out when it goes on.
   */
  #ping(): void {
    const { from, to, isCut, isClogged } = this.#path;
    const peer = this.#host.processOf(to);
    if (this.#process.hooks.isPaused()) {
      this.#silentMillis += pingMillis;
      if (this.#silentMillis >= receiverSilenceMillis) this.reset();
      return;
    }
    this.#silentMillis = 0;
    const isReachable = !isCut && !isClogged && !this.#host.pathOf(to, from).isClogged;
    if (isReachable && peer !== undefined && peer !== this.#peer) {
      // A machine that came back knows nothing of the connection and says so.
      this.reset();
      return;
    }
    const isAnswered = isReachable && !this.#isForgotten && peer?.hooks.isPaused() === false;
    this.#unanswered = isAnswered ? 0 : this.#unanswered + 1;
    const patience = this.#path.isHolding ? unansweredBusyMax : unansweredMax;
    if (this.#unanswered < patience) return;
    this.#host.coverage.sometimes("a silent connection was noticed", true);
    this.reset();
  }

  /** What counts is the time in which the process runs: one that stands still notices nothing. */
  #expectNoticed(generation: number, silentMillis: number): void {
    const { scheduler, coverage, onFailure } = this.#host;
    scheduler.schedule(pingMillis, () => {
      const { memberId, hooks } = this.#process;
      if (this.#isClosed) return;
      if (this.#generation !== generation) {
        coverage.checked("B10");
        return;
      }
      const millis = silentMillis + (hooks.isPaused() ? 0 : pingMillis);
      if (millis <= noticeMaxMillis) this.#expectNoticed(generation, millis);
      else onFailure(new CheckFailure("B10", `${memberId} keeps a half-open connection`));
    });
  }

  #sendInOrder(kind: FrameKind, payload: Uint8Array): void {
    if (kind === FrameKind.promises) this.#overtaking ??= [];
    this.#deliverAt(this.#nextInOrder(payload.length), kind, payload);
  }

  #sendRaft(payload: Uint8Array): void {
    const { random, faults } = this.#path;
    const { reorderProbability } = faults;
    if (reorderProbability > 0 && random.chance(reorderProbability)) {
      this.#host.coverage.fault("network reorder");
      const { nowMillis } = this.#host.scheduler;
      const millis = drawDelay(faults, payload.length, random) * (1 + 3 * random.nextFloat());
      this.#deliverAt(nowMillis + millis, FrameKind.raft, payload);
    } else this.#deliverAt(this.#nextInOrder(payload.length), FrameKind.raft, payload);
  }

  #nextInOrder(bytes: number): number {
    const { random, faults } = this.#path;
    const wanted = this.#host.scheduler.nowMillis + drawDelay(faults, bytes, random);
    this.#lastArrival = Math.max(this.#lastArrival, wanted);
    return this.#lastArrival;
  }

  #deliverAt(atMillis: number, kind: FrameKind, payload: Uint8Array): void {
    const { scheduler } = this.#host;
    const generation = this.#generation;
    this.#queuedBytes += payload.length;
    scheduler.schedule(atMillis - scheduler.nowMillis, () => {
      this.#arrive(generation, kind, payload);
    });
  }

  #arrive(generation: number, kind: FrameKind, payload: Uint8Array): void {
    if (this.#generation !== generation) return;
    const { isCut, isClogged, from, to } = this.#path;
    if (isClogged) {
      this.#path.hold(() => {
        if (this.#generation !== generation) return;
        this.#queuedBytes -= payload.length;
        this.#deliverAt(this.#nextInOrder(0), kind, payload);
      });
      return;
    }
    this.#queuedBytes -= payload.length;
    const peer = this.#peer;
    // A stream with a hole delivers nothing behind it: for ordered kinds the connection is lost.
    if (isCut || this.#isForgotten) {
      if (kind !== FrameKind.raft) this.#isForgotten = true;
      return;
    }
    if (peer === undefined || this.#host.processOf(to) !== peer) return;
    const deliver = (): void => {
      peer.hooks.deliver(() => {
        peer.handler.onFrame(from, kind, payload);
      });
    };
    const overtaking = this.#overtaking;
    if (overtaking === undefined) deliver();
    else if (kind !== FrameKind.promises) overtaking.push(deliver);
    else {
      this.#overtaking = undefined;
      for (const each of [deliver, ...overtaking]) each();
    }
  }
}
