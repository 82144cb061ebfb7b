/**
 * Links as relays on loopback: every member is known to the others by the address of a relay.
 *
 * A relay learns who is at the other end from the first frame of a connection, where a member names
 * itself and whom it wants to speak to. A link that is cut carries neither bytes nor the end of a
 * connection: what was sent waits in the relay and in the sender's socket, as packets that TCP
 * sends again, and arrives when the link is whole.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { ClusterProcesses } from "./cluster-processes.ts";
import type { Link, LinkFaults, Party } from "./link-faults.ts";

/** A hello lies in the first bytes; a frame before it is no longer than this. */
const helloBytesMax = 4 * 1024;
const helloPattern = /"from":"([0-9a-f]+)","to":"([0-9a-f]+)"/;
const slowMillis = 50;

/** See the head of the file. */
export class ProxyNetwork implements LinkFaults {
  readonly kind = "proxies";
  readonly clusterOptions: LinkFaults["clusterOptions"];
  readonly #relays: Relay[] = [];
  readonly #table = new LinkTable();

  constructor() {
    this.#table.onKnown = () => {
      for (const relay of this.#relays) relay.update();
    };
    this.clusterOptions = {
      advertisePeer: async (index, listenUrl) => {
        const relay = new Relay(this.#table, index, Number(new URL(listenUrl).port), undefined);
        this.#relays.push(relay);
        return `http://127.0.0.1:${await relay.listen()}`;
      },
    };
  }

  async endpoints(cluster: ClusterProcesses): Promise<readonly string[]> {
    return Promise.all(
      cluster.members.map(async (member, index) => {
        const relay = new Relay(this.#table, index, member.clientPort, "clients");
        this.#relays.push(relay);
        return `127.0.0.1:${await relay.listen()}`;
      }),
    );
  }

  drop(links: readonly Link[]): void {
    this.#table.cut = new Set(links.map(({ from, to }) => `${from} ${to}`));
    for (const relay of this.#relays) relay.update();
  }

  reset(index: number, party: Party): void {
    for (const relay of this.#relays) relay.reset(index, party);
  }

  narrow(index: number, isNarrow: boolean): void {
    if (isNarrow) this.#table.slow.add(index);
    else this.#table.slow.delete(index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.close()));
  }
}

/** What is wrong with which link, and who is who. */
class LinkTable {
  cut: ReadonlySet<string> = new Set();
  readonly slow = new Set<Party>();
  /** Called when an id has got its index. */
  onKnown: () => void = () => undefined;
  readonly #indexes = new Map<string, number>();

  /** Index of a member by the id it has on the wire; it is known once somebody dialled it. */
  indexOf(id: string): number | undefined {
    return this.#indexes.get(id);
  }

  learn(id: string, index: number): void {
    if (this.#indexes.has(id)) return;
    this.#indexes.set(id, index);
    this.onKnown();
  }

  /** Whether nothing may pass; always so while one of both is not known yet. */
  isCut(from: Party | undefined, to: Party | undefined): boolean {
    return from === undefined || to === undefined || this.cut.has(`${from} ${to}`);
  }
}

/** All connections to one listener of one member. */
class Relay {
  readonly #table: LinkTable;
  readonly #owner: number;
  readonly #targetPort: number;
  readonly #dialler: Party | undefined;
  readonly #server: Server;
  readonly #connections = new Set<RelayedConnection>();

  constructor(table: LinkTable, owner: number, targetPort: number, dialler: Party | undefined) {
    this.#table = table;
    this.#owner = owner;
    this.#targetPort = targetPort;
    this.#dialler = dialler;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      const connection = new RelayedConnection(
        { table: this.#table, owner: this.#owner, dialler: this.#dialler },
        { near: socket, far: connect(this.#targetPort, "127.0.0.1") },
        () => this.#connections.delete(connection),
      );
      this.#connections.add(connection);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        if (address !== null && typeof address !== "string") resolve(address.port);
      });
    });
  }

  update(): void {
    for (const connection of this.#connections) connection.update();
  }

  reset(index: number, party: Party): void {
    for (const connection of this.#connections) {
      if (connection.isBetween(index, party)) connection.reset();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.reset();
    await closed;
  }
}

interface Ends {
  readonly table: LinkTable;
  readonly owner: number;
  readonly dialler: Party | undefined;
}

/** One dialled connection: `near` is the dialler's end, `far` the owner's. */
class RelayedConnection {
  readonly #ends: Ends;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #onClosed: () => void;
  readonly #ended = new Set<Socket>();
  /** Chunks under way to a socket on a slow link; what comes after them waits, too. */
  readonly #delayed = new Map<Socket, number>();
  #dialler: Party | undefined;
  #diallerId: string | undefined;
  #head: Buffer = Buffer.alloc(0);

  constructor(
    ends: Ends,
    sockets: { readonly near: Socket; readonly far: Socket },
    onClosed: () => void,
  ) {
    this.#ends = ends;
    this.#near = sockets.near;
    this.#far = sockets.far;
    this.#onClosed = onClosed;
    this.#dialler = ends.dialler;
    for (const [from, to] of [
      [this.#near, this.#far],
      [this.#far, this.#near],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (chunk: Buffer) => this.#carry(from, to, chunk));
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#ended.add(from);
        this.update();
      });
      to.on("drain", () => this.update());
    }
    this.update();
  }

  isBetween(index: number, party: Party): boolean {
    const [owner, dialler] = [this.#ends.owner, this.#identify()];
    return (owner === index && dialler === party) || (owner === party && dialler === index);
  }

  reset(): void {
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
    this.#onClosed();
  }

  /** Brings both directions in line with the table. */
  update(): void {
    const { table, owner } = this.#ends;
    const dialler = this.#identify();
    // The first bytes have to be read before it is known who sends them.
    const isInCut = dialler !== undefined && table.isCut(dialler, owner);
    const isOutCut = table.isCut(owner, dialler);
    if (dialler !== undefined && !isInCut && this.#head.length > 0) {
      this.#write(this.#far, this.#head, owner);
      this.#head = Buffer.alloc(0);
    }
    move(this.#near, isInCut || this.#far.writableNeedDrain);
    move(this.#far, isOutCut || this.#near.writableNeedDrain);
    if (this.#ended.has(this.#near) && !isInCut) this.#far.destroy();
    if (this.#ended.has(this.#far) && !isOutCut) this.#near.destroy();
    if (this.#ended.size === 2) this.#onClosed();
  }

  #carry(from: Socket, to: Socket, chunk: Buffer): void {
    if (from === this.#near && this.#diallerId === undefined && this.#dialler === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const [, fromId, toId] = helloPattern.exec(this.#head.toString("latin1")) ?? [];
      if (fromId !== undefined && toId !== undefined) {
        this.#diallerId = fromId;
        this.#ends.table.learn(toId, this.#ends.owner);
      } else if (this.#head.length > helloBytesMax) {
        this.reset();
      }
      this.update();
      return;
    }
    this.#write(to, chunk, to === this.#far ? this.#ends.owner : (this.#dialler ?? "clients"));
    if (to.writableNeedDrain) from.pause();
  }

  #write(socket: Socket, chunk: Buffer, party: Party): void {
    const waiting = this.#delayed.get(socket) ?? 0;
    if (waiting === 0 && !this.#ends.table.slow.has(party)) {
      socket.write(chunk);
      return;
    }
    this.#delayed.set(socket, waiting + 1);
    setTimeout(() => {
      this.#delayed.set(socket, (this.#delayed.get(socket) ?? 1) - 1);
      if (!socket.destroyed) socket.write(chunk);
    }, slowMillis);
  }

  #identify(): Party | undefined {
    if (this.#dialler === undefined && this.#diallerId !== undefined) {
      this.#dialler = this.#ends.table.indexOf(this.#diallerId);
    }
    return this.#dialler;
  }
}

function move(socket: Socket, isHeld: boolean): void {
  if (isHeld) socket.pause();
  else socket.resume();
}
