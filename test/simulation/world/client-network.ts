/**
 * The network between clients and servers in a simulation: real clients, real services, and
 * between them HTTP/2 as far as either can tell it: ordered connections, windows, deadlines,
 * cancellation, keepalive, and the words of grpc-js for what broke (D4).
 *
 * What is sent over a cut link is not lost but late, as with TCP; what is lost is lost with its
 * connection.
 *
 *     const network = new ClientNetwork({ scheduler, random, coverage });
 *     const server = network.serve("m1:2379", methods);
 *     const client = connect({
 *       endpoints: ["m1:2379"],
 *       runtime: { clock, timers, random, createChannel: network.createChannel("c1") },
 *     });
 *     network.link("c1", "m1:2379").cut("to-client");
 */
import { parseEndpoint, type ChannelFactory } from "@quorate/client/sim";
import type { RpcMethod } from "@quorate/grpc";
import type { SeededRandom, SimScheduler } from "@quorate/platform/sim";

import type { Coverage } from "../coverage.ts";
import { SimChannel } from "./client-network-channel.ts";
import { ClientConnection, type ConnectionEnd } from "./client-network-connection.ts";
import type { Frame } from "./client-network-frames.ts";
import { ProcessGate } from "./client-network-gate.ts";
import {
  ClientLink,
  defaultLinkDelay,
  type LinkDelay,
  type LinkDirectionName,
} from "./client-network-link.ts";
import { ServerLife, type ServedProcess, type ServeOptions } from "./client-network-server.ts";

export type { ClientLink, LinkDelay, LinkDirectionName } from "./client-network-link.ts";
export type { ServedProcess, ServeOptions } from "./client-network-server.ts";

/** What a {@link ClientNetwork} is made of. */
export interface ClientNetworkOptions {
  readonly scheduler: SimScheduler;
  /** The network's own stream. */
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  /** Delays of links that are not told otherwise. @default {@link defaultLinkDelay} */
  readonly delay?: LinkDelay;
  readonly observer?: ClientNetworkObserver;
}

/** Sees what crosses the boundary between servers and the network. */
export interface ClientNetworkObserver {
  /**
   * A part of an answer is about to leave a server: what it promises must hold now. Killing the
   * server here keeps the answer from leaving.
   *
   * @param path - gRPC path of the method.
   */
  answerLeaves(address: string, path: string, frame: Frame): void;
}

/** Options of {@link ClientNetwork.createChannel}. */
export interface ClientMachineOptions {
  /** Runs work as the client process's own: now, after a pause, or never. @default now */
  readonly deliver?: (work: () => void) => void;
}

/** A listening address: the life that serves it now, and what its last life left behind. */
interface Host {
  life: ServerLife | undefined;
  /** Directions of the cuts of all its links; none for both. */
  readonly cuts: Map<symbol, readonly LinkDirectionName[]>;
  /** Connections of dead lives whose clients have sent something that nobody answered. */
  readonly orphans: Set<ClientConnection>;
}

interface Machine {
  readonly gate: ProcessGate;
  readonly links: Map<string, ClientLink>;
}

/** See the head of the file. */
export class ClientNetwork {
  readonly #options: ClientNetworkOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #machines = new Map<string, Machine>();
  #delay: LinkDelay;
  #nextConnection = 1;

  constructor(options: ClientNetworkOptions) {
    this.#options = options;
    this.#delay = options.delay ?? defaultLinkDelay;
  }

  /**
   * Makes one life of a server reachable at an address; the one before must be over.
   *
   * @param address - `host:port` as clients are given it.
   */
  serve(address: string, methods: readonly RpcMethod[], options: ServeOptions = {}): ServedProcess {
    const host = this.#host(address);
    if (host.life?.isAlive === true) throw new Error(`Cannot serve "${address}": it is served`);
    const { scheduler, observer } = this.#options;
    const life = new ServerLife(address, methods, options, {
      scheduler,
      answerLeaves: (from, path, frame) => observer?.answerLeaves(from, path, frame),
      orphan: (connection) => host.orphans.add(connection),
    });
    host.life = life;
    // The machine is up again and knows nothing of these.
    for (const orphan of host.orphans) orphan.refuse();
    host.orphans.clear();
    return life;
  }

  /** Makes the network of one client process; `deliver` counts when its name is first used. */
  createChannel(clientName: string, options: ClientMachineOptions = {}): ChannelFactory {
    const machine = this.#machine(clientName, options);
    return (endpoint, resolved, runtime) => {
      const address = parseEndpoint(endpoint)?.target;
      if (address === undefined) throw new Error(`Cannot use endpoint "${endpoint}": malformed`);
      const { random, coverage } = this.#options;
      const host = {
        address,
        gate: machine.gate,
        random: random.split(`channel ${clientName} ${address}`),
        coverage,
        dial: (end: ConnectionEnd) => this.#dial(clientName, address, end),
      };
      return new SimChannel(host, resolved, runtime);
    };
  }

  /** The network between a client and an address; either may come later. */
  link(clientName: string, address: string): ClientLink {
    const { links } = this.#machine(clientName, {});
    const known = links.get(address);
    if (known !== undefined) return known;
    const { scheduler, random, coverage } = this.#options;
    const own = random.split(`link ${clientName} ${address}`);
    const link = new ClientLink(scheduler, own, coverage, this.#delay);
    for (const [reason, directions] of this.#host(address).cuts) link.cutFor(reason, directions);
    links.set(address, link);
    return link;
  }

  /** Sets the delay of all links, present and future. */
  setDelay(delay: LinkDelay): void {
    this.#delay = delay;
    for (const { links } of this.#machines.values()) {
      for (const link of links.values()) link.setDelay(delay);
    }
  }

  /**
   * Cuts all clients, present and future, off an address; one way if only one is named.
   *
   * @returns Ends this cut; what something else has cut stays so.
   */
  cutServer(address: string, ...directions: readonly LinkDirectionName[]): () => void {
    const reason = Symbol("cut");
    const { cuts } = this.#host(address);
    cuts.set(reason, directions);
    for (const link of this.#linksTo(address)) link.cutFor(reason, directions);
    return () => {
      cuts.delete(reason);
      for (const link of this.#linksTo(address)) link.mend(reason);
    };
  }

  /**
   * Breaks all connections of an address; see {@link ClientLink.reset}.
   *
   * @returns Whether there was one.
   */
  resetServer(address: string): boolean {
    return this.#linksTo(address).filter((link) => link.reset()).length > 0;
  }

  /**
   * Leaves all connections of an address half-open; see {@link ClientLink.silence}.
   *
   * @returns Whether there was one.
   */
  silenceServer(address: string): boolean {
    return this.#linksTo(address).filter((link) => link.silence()).length > 0;
  }

  /** Ends all cuts. */
  healAll(): void {
    for (const host of this.#hosts.values()) host.cuts.clear();
    for (const { links } of this.#machines.values()) {
      for (const link of links.values()) link.heal();
    }
  }

  /** A client's machine stands still: what arrives for it waits. Its timers are its owner's. */
  pauseClient(clientName: string): void {
    this.#machine(clientName, {}).gate.pause();
  }

  /** The machine goes on. */
  resumeClient(clientName: string): void {
    this.#machine(clientName, {}).gate.resume();
  }

  /** A client's process dies; its machine resets the connections. */
  killClient(clientName: string): void {
    const { gate, links } = this.#machine(clientName, {});
    gate.die();
    for (const link of links.values()) link.reset();
  }

  #dial(clientName: string, address: string, client: ConnectionEnd): ClientConnection {
    const id = this.#nextConnection;
    this.#nextConnection += 1;
    const link = this.link(clientName, address);
    const { scheduler } = this.#options;
    const connection: ClientConnection = new ClientConnection(
      id,
      scheduler,
      link,
      client,
      (frames) => this.#arrive(address, connection, frames),
    );
    connection.toServer.send({ kind: "hello" });
    return connection;
  }

  /** Frames have reached the machine of an address. */
  #arrive(address: string, connection: ClientConnection, frames: readonly Frame[]): void {
    const host = this.#host(address);
    const { life } = host;
    const isNew = frames[0]?.kind === "hello";
    if (isNew && life?.isAlive === true) life.accept(connection);
    if (connection.server !== undefined) connection.server.onFrames(frames);
    else if (life?.isSilent === true) host.orphans.add(connection);
    else if (connection.hasClient) connection.refuse();
  }

  #linksTo(address: string): readonly ClientLink[] {
    return [...this.#machines.values()]
      .map(({ links }) => links.get(address))
      .filter((link) => link !== undefined);
  }

  #host(address: string): Host {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = { life: undefined, cuts: new Map(), orphans: new Set() };
      this.#hosts.set(address, host);
    }
    return host;
  }

  #machine(clientName: string, { deliver }: ClientMachineOptions): Machine {
    let machine = this.#machines.get(clientName);
    if (machine === undefined) {
      const gate = new ProcessGate(this.#options.scheduler, deliver);
      machine = { gate, links: new Map() };
      this.#machines.set(clientName, machine);
    }
    return machine;
  }
}
