import type { SimScheduler } from "@quorate/platform/sim";

import { check } from "../checkers/check-failure.ts";
import type { Frame } from "./client-network-frames.ts";
import type { ClientLink, LinkDirection } from "./client-network-link.ts";

/** How a client hears of a broken connection: the code and words of grpc-js for its calls. */
export interface BreakWords {
  readonly code: number;
  readonly details: string;
}

/** What grpc-js says of calls whose connection broke; it depends on the order of socket events. */
const breakWords: readonly BreakWords[] = [
  { code: 14, details: "Connection dropped" },
  { code: 14, details: "read ECONNRESET" },
  { code: 1, details: "Call cancelled" },
  {
    code: 13,
    details: "Received RST_STREAM with code 2 triggered by internal client error: read ECONNRESET",
  },
];

/** Time after which a server has noticed, by pings of its own, that a client is gone. */
const serverNoticesMillis = 80_000;

/** How long a client may wait for a half-open connection: two keepalive times, on a slow clock. */
const clientNoticesMillis = 17_000;
const lookMillis = 500;

/** One end of a connection. */
export interface ConnectionEnd {
  onFrames(frames: readonly Frame[]): void;
  /** The connection is no more. */
  onBroken(words: BreakWords): void;
  /** Has `work` run in the end's process and told whether calls wait for the connection. */
  look?(work: (hasCalls: boolean) => void): void;
}

/**
 * One TCP connection between a client and one life of a server.
 *
 * Each way is ordered. Frames that are sent within one event share a packet.
 */
export class ClientConnection {
  readonly id: number;
  readonly link: ClientLink;
  readonly toServer: Pipe;
  readonly toClient: Pipe;
  readonly #scheduler: SimScheduler;
  #client: ConnectionEnd | undefined;
  #server: ConnectionEnd | undefined;
  #isSilent = false;
  #isEstablished = false;

  /** @param arrive - Takes what reaches the server's machine, whether a server is there or not. */
  constructor(
    id: number,
    scheduler: SimScheduler,
    link: ClientLink,
    client: ConnectionEnd,
    arrive: (frames: readonly Frame[]) => void,
  ) {
    this.id = id;
    this.link = link;
    this.#scheduler = scheduler;
    this.#client = client;
    this.toServer = new Pipe(scheduler, link.toServer, (frames) => {
      if (!this.#isSilent) arrive(frames);
    });
    this.toClient = new Pipe(scheduler, link.toClient, (frames) => {
      if (this.#isSilent) return;
      this.#isEstablished = true;
      this.#client?.onFrames(frames);
    });
    link.add(this);
  }

  /** Whether the client still has it. */
  get hasClient(): boolean {
    return this.#client !== undefined;
  }

  /** Whether the server's first word has reached the client; until then TCP asks again. */
  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  /** The server's end; undefined before it was accepted and after it was lost. */
  get server(): ConnectionEnd | undefined {
    return this.#server;
  }

  accept(server: ConnectionEnd): void {
    this.#server = server;
  }

  /** The client gives the connection up; the server hears of it when that arrives. */
  leaveClient(): void {
    if (this.#client === undefined) return;
    this.toServer.send({ kind: "bye" });
    this.#client = undefined;
    this.#removeWhenGone();
  }

  /** The server's end is no more: it has closed or its process is dead. */
  leaveServer(): void {
    this.#server = undefined;
    this.#removeWhenGone();
  }

  /** The machine of the server tells the client that there is no such connection; may get lost. */
  refuse(words: BreakWords = this.#drawWords()): void {
    if (this.link.toClient.isCut && this.#isEstablished) return;
    this.toClient.sendOut(() => this.#breakClient(words));
  }

  /** See {@link ClientLink.reset}. */
  reset(): void {
    const { toServer, toClient } = this.link;
    const words = this.#drawWords();
    this.#scheduleAt(toClient.arrivalMillis(), () => this.#breakClient(words));
    this.#scheduleAt(toServer.arrivalMillis(), () => this.#breakServer());
  }

  /** See {@link ClientLink.silence}. */
  silence(): void {
    if (this.#isSilent || this.#client === undefined) return;
    if (!this.#isEstablished) {
      this.reset();
      return;
    }
    this.#isSilent = true;
    this.#scheduler.schedule(serverNoticesMillis, () => this.#breakServer());
    this.#expectNoticed(0);
  }

  /** The client gives the connection up in time; what counts is the time in which calls wait. */
  #expectNoticed(waitedMillis: number): void {
    this.#scheduler.schedule(lookMillis, () => {
      if (this.#client === undefined) this.link.coverage.checked("B10");
      this.#client?.look?.((hasCalls) => {
        const millis = waitedMillis + (hasCalls ? lookMillis : 0);
        const isInTime = this.#client === undefined || millis <= clientNoticesMillis;
        check(isInTime, "B10", () => `a client waits for a half-open connection for ${millis} ms`);
        this.#expectNoticed(millis);
      });
    });
  }

  #breakClient(words: BreakWords): void {
    const client = this.#client;
    if (client === undefined || this.#isSilent) return;
    this.#client = undefined;
    this.#removeWhenGone();
    client.onBroken(words);
  }

  #breakServer(): void {
    const server = this.#server;
    this.#server = undefined;
    this.#removeWhenGone();
    server?.onBroken({ code: 14, details: "" });
  }

  #drawWords(): BreakWords {
    return this.link.random.pick(breakWords);
  }

  #scheduleAt(atMillis: number, action: () => void): void {
    this.#scheduler.schedule(atMillis - this.#scheduler.nowMillis, action);
  }

  #removeWhenGone(): void {
    if (this.#client === undefined && this.#server === undefined) this.link.remove(this);
  }
}

/** One way of a connection: packets arrive in the order in which they were sent. */
class Pipe {
  readonly #scheduler: SimScheduler;
  readonly #direction: LinkDirection;
  readonly #deliver: (frames: readonly Frame[]) => void;
  #packet: Frame[] = [];
  #packetEvent = -1;
  #lastArrivalMillis = 0;
  /** What is under way, in order. */
  readonly #arrivals: (() => void)[] = [];

  constructor(
    scheduler: SimScheduler,
    direction: LinkDirection,
    deliver: (frames: readonly Frame[]) => void,
  ) {
    this.#scheduler = scheduler;
    this.#direction = direction;
    this.#deliver = deliver;
  }

  send(frame: Frame): void {
    if (this.#packetEvent === this.#scheduler.executed) {
      this.#packet.push(frame);
      return;
    }
    const packet = [frame];
    this.#packet = packet;
    this.#packetEvent = this.#scheduler.executed;
    this.sendOut(() => this.#deliver(packet));
  }

  /** Has `arrive` run after everything sent before has arrived. */
  sendOut(arrive: () => void): void {
    this.#direction.dispatch((extraMillis) => {
      const atMillis = this.#direction.arrivalMillis() + extraMillis;
      this.#lastArrivalMillis = Math.max(this.#lastArrivalMillis, atMillis);
      this.#arrivals.push(arrive);
      // Each arrival takes the oldest, so that rounding of times changes no order.
      const delayMillis = this.#lastArrivalMillis - this.#scheduler.nowMillis;
      this.#scheduler.schedule(Math.max(0, delayMillis), () => this.#arrivals.shift()?.());
    });
  }
}
