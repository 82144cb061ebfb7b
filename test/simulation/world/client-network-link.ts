import type { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import type { Coverage } from "../coverage.ts";
import type { ClientConnection } from "./client-network-connection.ts";

/** How long one way takes; drawn for each packet. */
export interface LinkDelay {
  readonly minMillis: number;
  readonly maxMillis: number;
  /** Share of packets that are lost at first and sent again. */
  readonly slowChance: number;
  /** Longest time such a packet takes in addition. */
  readonly slowMaxMillis: number;
}

/** Delays of a healthy local network. */
export const defaultLinkDelay: LinkDelay = {
  minMillis: 0.1,
  maxMillis: 1.5,
  slowChance: 0.005,
  slowMaxMillis: 60,
};

/** Which way of a link a fault is about. */
export type LinkDirectionName = "to-server" | "to-client";

/** After a cut heals, TCP sends again within this time. */
const resendMaxMillis = 400;

/** One way between two machines: delays what goes over it, holds it while it is cut. */
export class LinkDirection {
  delay: LinkDelay;
  readonly #scheduler: SimScheduler;
  readonly #random: SeededRandom;
  readonly #held: ((extraMillis: number) => void)[] = [];
  readonly #cuts = new Set<symbol>();

  constructor(scheduler: SimScheduler, random: SeededRandom, delay: LinkDelay) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.delay = delay;
  }

  get isCut(): boolean {
    return this.#cuts.size > 0;
  }

  /** Virtual time at which what leaves now arrives. */
  arrivalMillis(): number {
    const { minMillis, maxMillis, slowChance, slowMaxMillis } = this.delay;
    let millis = minMillis + this.#random.nextFloat() * (maxMillis - minMillis);
    if (slowChance > 0 && this.#random.chance(slowChance)) {
      millis += this.#random.nextFloat() * slowMaxMillis;
    }
    return this.#scheduler.nowMillis + millis;
  }

  /** Has `send` run now, or when a cut has healed; `extraMillis` is for sending again. */
  dispatch(send: (extraMillis: number) => void): void {
    if (this.isCut) this.#held.push(send);
    else send(0);
  }

  /** One more reason to let nothing through. */
  cut(reason: symbol): void {
    this.#cuts.add(reason);
  }

  /** A reason is gone; one that is none any more changes nothing. */
  mend(reason: symbol): void {
    if (this.#cuts.delete(reason)) this.#release();
  }

  /** All reasons are gone. */
  heal(): void {
    if (!this.isCut) return;
    this.#cuts.clear();
    this.#release();
  }

  #release(): void {
    if (this.isCut) return;
    for (const send of this.#held.splice(0)) send(this.#random.nextFloat() * resendMaxMillis);
  }
}

/** The network between one client machine and one server address, and its faults. */
export class ClientLink {
  readonly toServer: LinkDirection;
  readonly toClient: LinkDirection;
  /** Draws what is not a delay. @internal */
  readonly random: SeededRandom;
  /** @internal */
  readonly coverage: Coverage;
  readonly #connections = new Set<ClientConnection>();

  /** @internal */
  constructor(scheduler: SimScheduler, random: SeededRandom, coverage: Coverage, delay: LinkDelay) {
    this.toServer = new LinkDirection(scheduler, random.split("to-server"), delay);
    this.toClient = new LinkDirection(scheduler, random.split("to-client"), delay);
    this.random = random.split("choices");
    this.coverage = coverage;
  }

  /**
   * Lets nothing through, one way or both; what is sent waits, as TCP's does.
   *
   * @returns Ends this cut; what something else has cut stays so.
   */
  cut(...directions: readonly LinkDirectionName[]): () => void {
    const reason = Symbol("cut");
    this.cutFor(reason, directions);
    return () => this.mend(reason);
  }

  /** {@link ClientLink.cut} for a reason that {@link ClientLink.mend} takes away. @internal */
  cutFor(reason: symbol, directions: readonly LinkDirectionName[]): void {
    const both = directions.length === 0;
    if (both || directions.includes("to-server")) this.toServer.cut(reason);
    if (both || directions.includes("to-client")) this.toClient.cut(reason);
    this.coverage.fault(both ? "client link cut" : "client link cut one way");
  }

  /** @internal */
  mend(reason: symbol): void {
    this.toServer.mend(reason);
    this.toClient.mend(reason);
  }

  /** Ends all cuts; what waited arrives, in order. */
  heal(): void {
    this.toServer.heal();
    this.toClient.heal();
  }

  setDelay(delay: LinkDelay): void {
    this.toServer.delay = delay;
    this.toClient.delay = delay;
  }

  /**
   * Breaks all connections: both ends hear of it, each in its time; what is under way is lost.
   *
   * @returns Whether there was one.
   */
  reset(): boolean {
    const connections = [...this.#connections];
    if (connections.length === 0) return false;
    this.coverage.fault("client connection reset");
    for (const connection of connections) connection.reset();
    return true;
  }

  /**
   * Leaves all connections half-open: nothing arrives any more and nobody is told (B10). The client
   * notices by its keepalive only, and has to; new connections are fine.
   *
   * @returns Whether there was one.
   */
  silence(): boolean {
    const connections = [...this.#connections].filter(({ hasClient }) => hasClient);
    if (connections.length === 0) return false;
    this.coverage.fault("client connection half-open");
    for (const connection of connections) connection.silence();
    return true;
  }

  /** @internal */
  add(connection: ClientConnection): void {
    this.#connections.add(connection);
  }

  /** @internal */
  remove(connection: ClientConnection): void {
    this.#connections.delete(connection);
  }
}
