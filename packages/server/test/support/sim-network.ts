import { createHash } from "node:crypto";
import type { MemberId } from "@quorate/raft";
import type { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import type { PeerHandler, PeerTransport } from "../../src/peer/peer-transport.ts";
import type { OutgoingSnapshot, PeerAddress } from "../../src/peer/peer-transport.ts";

/** Time until a sender notices that nobody answers any more: half-open connections look alive. */
const silenceMillis = 2_000;
const reconnectMillis = 50;
const delayMaxMillis = 15;

/** A directed connection: frames arrive in order, or the connection breaks. */
interface Link {
  readonly from: MemberId;
  readonly to: MemberId;
  isUp: boolean;
  isCut: boolean;
  /** Frames of an older connection are lost. */
  generation: number;
  lastArrival: number;
}

/** The network of one simulated cluster: delays, cuts, resets. */
export class SimNetwork {
  readonly #scheduler: SimScheduler;
  readonly #random: SeededRandom;
  readonly #links = new Map<string, Link>();
  readonly #handlers = new Map<MemberId, PeerHandler>();
  readonly #snapshotsInto = new Map<MemberId, number>();
  readonly #sent = new Map<number, number>();

  constructor(scheduler: SimScheduler, random: SeededRandom) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** How many states have arrived at a member. */
  snapshotsInto(memberId: MemberId): number {
    return this.#snapshotsInto.get(memberId) ?? 0;
  }

  /** How many frames of a kind were sent. */
  framesOf(kind: number): number {
    return this.#sent.get(kind) ?? 0;
  }

  /** The transport of a process that begins to live. */
  join(memberId: MemberId, handler: PeerHandler): PeerTransport {
    this.#handlers.set(memberId, handler);
    return {
      send: (to, kind, chunks) => {
        if (this.#handlers.get(memberId) !== handler) return false;
        this.#sent.set(kind, this.framesOf(kind) + 1);
        return this.#send(this.#link(memberId, to), kind, Buffer.concat(chunks));
      },
      setPeers: (peers: readonly PeerAddress[]) => {
        for (const { memberId: to } of peers) {
          if (to !== memberId) this.#connectLater(this.#link(memberId, to));
        }
      },
      connectedSince: (to) => (this.#link(memberId, to).isUp ? 0 : undefined),
      sendSnapshot: (to, snapshot, signal) => this.#sendSnapshot(memberId, to, snapshot, signal),
      close: () => {
        if (this.#handlers.get(memberId) === handler) this.leave(memberId);
        return Promise.resolve();
      },
    };
  }

  /** The process is dead. */
  leave(memberId: MemberId): void {
    this.#handlers.delete(memberId);
    for (const link of this.#links.values()) {
      if (link.from === memberId) this.#drop(link);
      else if (link.to === memberId) this.reset(link.from, link.to);
    }
  }

  /** Loses what is on the way; the sender learns of it at once and connects again. */
  reset(from: MemberId, to: MemberId): void {
    const link = this.#link(from, to);
    if (!link.isUp) return;
    this.#drop(link);
    const handler = this.#handlers.get(from);
    this.#scheduler.schedule(0, () => {
      if (handler !== undefined && this.#handlers.get(from) === handler) handler.onDisconnected(to);
    });
    this.#connectLater(link);
  }

  /** A frame arrives that was sent long ago. */
  deliver(from: MemberId, to: MemberId, kind: number, payload: Uint8Array): void {
    this.#handlers.get(to)?.onFrame(from, kind, payload);
  }

  /** Nothing arrives from `from` at `to` until it is healed. */
  cut(from: MemberId, to: MemberId): void {
    this.#link(from, to).isCut = true;
  }

  healAll(): void {
    for (const link of this.#links.values()) link.isCut = false;
  }

  #drop(link: Link): void {
    link.isUp = false;
    link.generation += 1;
  }

  #link(from: MemberId, to: MemberId): Link {
    const name = `${from}>${to}`;
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    const link = { from, to, isUp: false, isCut: false, generation: 0, lastArrival: 0 };
    this.#links.set(name, link);
    return link;
  }

  #connectLater(link: Link): void {
    const handler = this.#handlers.get(link.from);
    this.#scheduler.schedule(reconnectMillis, () => {
      if (link.isUp || handler === undefined) return;
      if (this.#handlers.get(link.from) !== handler) return;
      if (link.isCut || !this.#handlers.has(link.to)) {
        this.#connectLater(link);
        return;
      }
      link.isUp = true;
      handler.onConnected(link.to);
    });
  }

  #send(link: Link, kind: number, payload: Uint8Array): boolean {
    if (!link.isUp) return false;
    const { generation, from, to } = link;
    const wanted = this.#scheduler.nowMillis + this.#random.nextInt(delayMaxMillis);
    link.lastArrival = Math.max(link.lastArrival, wanted);
    this.#scheduler.schedule(link.lastArrival - this.#scheduler.nowMillis, () => {
      if (link.generation !== generation) return;
      if (link.isCut) {
        link.generation += 1;
        const broken = link.generation;
        this.#scheduler.schedule(silenceMillis, () => {
          if (link.generation === broken) this.reset(from, to);
        });
        return;
      }
      this.#handlers.get(to)?.onFrame(from, kind, payload);
    });
    return true;
  }

  async #sendSnapshot(
    from: MemberId,
    to: MemberId,
    snapshot: OutgoingSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const sender = this.#handlers.get(from);
    const receiver = this.#handlers.get(to);
    const check = (): void => {
      const isWhole = this.#handlers.get(from) === sender && this.#handlers.get(to) === receiver;
      if (!isWhole || signal.aborted || this.#link(from, to).isCut) throw new Error("broken");
    };
    check();
    const intake = receiver?.openSnapshot(from);
    if (intake === undefined) throw new Error("busy");
    try {
      await intake.begin(snapshot.message);
      const hash = createHash("sha256");
      for await (const chunk of snapshot.chunks) {
        await this.#pause();
        check();
        hash.update(chunk);
        await intake.write(chunk);
      }
      await this.#pause();
      check();
      await intake.finish(hash.digest());
      this.#snapshotsInto.set(to, this.snapshotsInto(to) + 1);
    } catch (error) {
      await intake.abort();
      throw error;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.schedule(this.#random.nextInt(200), resolve);
    });
  }
}
