/**
 * The incoming side of the peer protocol: accepts connections, checks the hello, delivers frames,
 * answers pings, and takes snapshot streams with back-pressure, saying all the time that it lives.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Logger, Timer, Timers } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import { decodeClusterQuestion, encodeClusterDescription } from "./cluster-question.ts";
import { encodeFrame, FrameError, FrameKind, FrameReader } from "./frame.ts";
import {
  decodeHello,
  encodeRefusal,
  peerProtocolVersion,
  type Hello,
  type Refusal,
} from "./handshake.ts";
import type { PeerHandler } from "./peer-transport.ts";
import type { SocketAddress } from "./peer-url.ts";
import { SnapshotIntake } from "./snapshot-intake.ts";

/** Longest frame of a connection that has not said who it is. */
const helloBytesMax = 4 * 1024;

/** How often the receiver of a snapshot says that it lives. */
const pulseMillis = 1_000;

/** Settings of a listener. */
export interface PeerListenerOptions {
  readonly clusterId: bigint;
  readonly memberId: MemberId;
  /** Time for the hello to arrive. @default 5000 */
  readonly handshakeTimeoutMillis: number;
  /** A connection without a frame for this long is closed (B10). @default 10000 */
  readonly silenceMaxMillis: number;
  /** Connections beyond this are refused (B20). @default 256 */
  readonly connectionsMax: number;
}

/** What a listener needs from its surroundings. */
export interface PeerListenerDependencies {
  readonly timers: Timers;
  readonly logger: Logger;
  readonly handler: PeerHandler;
  readonly onReceived: (from: MemberId, bytes: number) => void;
}

/** Listens on the peer URLs of a member. */
export class PeerListener {
  readonly #options: PeerListenerOptions;
  readonly #dependencies: PeerListenerDependencies;
  readonly #servers: Server[] = [];
  readonly #connections = new Map<Socket, IncomingConnection>();

  constructor(options: PeerListenerOptions, dependencies: PeerListenerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Starts to accept on an address; returns the port in use. */
  async listen(address: SocketAddress): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#accept(socket);
    });
    server.maxConnections = this.#options.connectionsMax;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(address.port, address.host, () => {
        server.off("error", reject);
        // Such as no file descriptor for the next connection (B24): those that exist go on.
        server.on("error", (error) => {
          this.#dependencies.logger.error("cannot accept peers", { error: error.message });
        });
        resolve();
      });
    });
    this.#servers.push(server);
    const bound = server.address();
    return typeof bound === "object" && bound !== null ? bound.port : address.port;
  }

  /** Closes all connections and stops to accept. */
  async close(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const socket of this.#connections.keys()) socket.destroy();
    await Promise.all(closed);
  }

  /** Tells those that are connected and no members any more (M3). */
  refuseRemoved(): void {
    for (const connection of this.#connections.values()) connection.refuseIfRemoved();
  }

  #accept(socket: Socket): void {
    const connection = new IncomingConnection(socket, this.#options, this.#dependencies);
    this.#connections.set(socket, connection);
    socket.on("close", () => {
      this.#connections.delete(socket);
      connection.handleClose();
    });
  }
}

/** One accepted connection, before and after its hello. */
class IncomingConnection {
  readonly #socket: Socket;
  readonly #options: PeerListenerOptions;
  readonly #dependencies: PeerListenerDependencies;
  readonly #timers: Timers;
  readonly #reader: FrameReader;
  #timer: Timer | undefined;
  #pulse: Timer | undefined;
  /** Whether something came since the timer was set. */
  #hasHeard = false;
  #isSuspect = false;
  #hello: Hello | undefined;
  #intake: SnapshotIntake | undefined;

  constructor(
    socket: Socket,
    options: PeerListenerOptions,
    dependencies: PeerListenerDependencies,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#timers = dependencies.timers;
    this.#reader = new FrameReader((kind, payload) => {
      this.#handle(kind, payload);
    }, helloBytesMax);
    socket.on("data", (chunk: Buffer) => {
      this.#hasHeard = true;
      try {
        if (this.#hello !== undefined) dependencies.onReceived(this.#hello.from, chunk.length);
        this.#reader.push(chunk);
      } catch (error) {
        // Anything else is a broken promise further in: the process must not go on (C15).
        if (!(error instanceof FrameError)) throw error;
        dependencies.logger.warn("peer connection closed", { error: error.message });
        socket.destroy();
      }
    });
    socket.on("error", () => socket.destroy());
    this.#timer = this.#timers.setTimer(options.handshakeTimeoutMillis, () => socket.destroy());
  }

  handleClose(): void {
    this.#timer?.cancel();
    this.#pulse?.cancel();
    this.#intake?.abort();
  }

  #handle(kind: number, payload: Uint8Array): void {
    if (this.#socket.destroyed) return;
    const hello = this.#hello;
    if (hello === undefined) {
      if (kind === FrameKind.clusterQuestion) this.#describe(payload);
      else this.#shakeHands(kind, payload);
      return;
    }
    if (kind === FrameKind.ping) {
      this.#write(FrameKind.pong, payload);
    } else if (this.#intake !== undefined) {
      this.#intake.handle(kind, payload);
    } else {
      this.#dependencies.handler.onFrame(hello.from, kind, payload);
    }
  }

  #describe(payload: Uint8Array): void {
    const question = decodeClusterQuestion(payload);
    if (question === undefined) {
      this.#socket.destroy();
      return;
    }
    // It has a hello's time to be answered: a cluster without a quorum says so before that.
    this.#dependencies.handler.describe(question.isFreshWanted).then(
      (description) => {
        this.#write(FrameKind.clusterDescription, encodeClusterDescription(description));
        this.#socket.end();
      },
      () => this.#socket.destroy(),
    );
  }

  #shakeHands(kind: number, payload: Uint8Array): void {
    const hello = kind === FrameKind.hello ? decodeHello(payload) : undefined;
    const refusal = this.#judge(hello);
    if (refusal !== undefined || hello === undefined) {
      const answer = refusal ?? { reason: "malformed", message: "Expected a hello frame" };
      this.#dependencies.logger.warn("peer refused", { reason: answer.reason });
      this.#write(FrameKind.refusal, encodeRefusal(answer));
      this.#socket.end();
      return;
    }
    if (hello.purpose === "snapshot") {
      const sink = this.#dependencies.handler.openSnapshot(hello.from);
      if (sink === undefined) {
        const message = "Another snapshot is being received";
        this.#write(FrameKind.refusal, encodeRefusal({ reason: "busy", message }));
        this.#socket.end();
        return;
      }
      this.#intake = new SnapshotIntake(this.#socket, sink, this.#dependencies.logger);
    }
    this.#hello = hello;
    this.#reader.trust();
    this.#write(FrameKind.welcome, new Uint8Array(0));
    this.#listenForSilence();
    if (this.#intake !== undefined) this.#beat();
  }

  /** A receiver that is busy with its disk reads no pings: it sends pongs without (B10). */
  #beat(): void {
    this.#pulse = this.#timers.setTimer(pulseMillis, () => {
      if (this.#socket.writableEnded) return;
      this.#write(FrameKind.pong, new Uint8Array(0));
      this.#beat();
    });
  }

  #judge(hello: Hello | undefined): Refusal | undefined {
    if (hello === undefined) return { reason: "malformed", message: "Expected a hello frame" };
    const { clusterId, memberId } = this.#options;
    if (hello.protocol !== peerProtocolVersion) {
      const message = `Peer protocol is ${hello.protocol}, expected ${peerProtocolVersion}`;
      return { reason: "protocol-mismatch", message };
    }
    if (hello.clusterId !== clusterId) {
      const theirs = hello.clusterId.toString(16);
      const message = `Cluster id is ${theirs}, expected ${clusterId.toString(16)}`;
      return { reason: "cluster-mismatch", message };
    }
    if (hello.to !== memberId) {
      const message = `Member here is ${memberId.toString(16)}, not ${hello.to.toString(16)}`;
      return { reason: "wrong-member", message };
    }
    const admission = this.#dependencies.handler.admit(hello.from, hello.peerUrls);
    if (admission === "known") return undefined;
    const name = hello.from.toString(16);
    return admission === "removed"
      ? removedRefusal(hello.from)
      : { reason: "unknown-member", message: `Member ${name} is not known here yet` };
  }

  /** Ends the connection of a member that was removed since it came. */
  refuseIfRemoved(): void {
    const hello = this.#hello;
    if (hello === undefined || this.#socket.destroyed) return;
    if (this.#dependencies.handler.admit(hello.from, hello.peerUrls) !== "removed") return;
    this.#write(FrameKind.refusal, encodeRefusal(removedRefusal(hello.from)));
    this.#socket.end();
  }

  #write(kind: FrameKind, payload: Uint8Array): void {
    for (const chunk of encodeFrame(kind, [payload])) this.#socket.write(chunk);
  }

  /**
   * Closes the connection when nothing came for two half periods. Not for one long one: a process
   * that was stopped sees its timers first and what has arrived meanwhile afterwards (B12).
   */
  #listenForSilence(): void {
    this.#timer?.cancel();
    this.#timer = this.#timers.setTimer(this.#options.silenceMaxMillis / 2, () => {
      // A snapshot's receiver pauses its socket while the disk is busy: that silence is its own.
      const isAlive = this.#hasHeard || this.#intake?.isBusy === true;
      if (!isAlive && this.#isSuspect) {
        this.#socket.destroy();
        return;
      }
      this.#isSuspect = !isAlive;
      this.#hasHeard = false;
      this.#listenForSilence();
    });
  }
}

function removedRefusal(member: MemberId): Refusal {
  const name = member.toString(16);
  return { reason: "removed", message: `Member ${name} was removed from the cluster` };
}
