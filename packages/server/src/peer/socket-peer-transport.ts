import type { Clock, Logger, Random, Timers } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import type { FrameKind } from "./frame.ts";
import { peerProtocolVersion, type Hello } from "./handshake.ts";
import { defaultPeerLinkOptions, PeerLink, type PeerLinkOptions } from "./peer-link.ts";
import { PeerListener } from "./peer-listener.ts";
import type {
  OutgoingSnapshot,
  PeerAddress,
  PeerHandler,
  PeerTransport,
} from "./peer-transport.ts";
import { parsePeerUrl } from "./peer-url.ts";
import { streamSnapshot } from "./snapshot-outflow.ts";

/** Who this member is and how its connections behave. */
export interface SocketPeerTransportOptions {
  readonly clusterId: bigint;
  readonly memberId: MemberId;
  /** Where this member can be dialled. */
  readonly peerUrls: () => readonly string[];
  readonly link?: Partial<PeerLinkOptions>;
}

/** Counts what goes over the wire; see the exporter's catalogue for the names. */
export interface PeerTransportMeter {
  sentBytes(to: MemberId, bytes: number): void;
  receivedBytes(from: MemberId, bytes: number): void;
  sendFailure(to: MemberId): void;
  roundTrip(to: MemberId, seconds: number): void;
  connection(peer: MemberId, isUp: boolean): void;
}

/** What the transport needs from its surroundings. */
export interface SocketPeerTransportDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly handler: PeerHandler;
  readonly meter: PeerTransportMeter;
}

/** Peers over TCP: each member dials every other one and sends on the connection it dialled. */
export class SocketPeerTransport implements PeerTransport {
  readonly #options: SocketPeerTransportOptions;
  readonly #dependencies: SocketPeerTransportDependencies;
  readonly #listener: PeerListener;
  readonly #links = new Map<MemberId, { readonly link: PeerLink; readonly address: PeerAddress }>();

  constructor(options: SocketPeerTransportOptions, dependencies: SocketPeerTransportDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { clusterId, memberId } = options;
    this.#listener = new PeerListener(
      {
        clusterId,
        memberId,
        handshakeTimeoutMillis: 5_000,
        silenceMaxMillis: 10_000,
        connectionsMax: 256,
      },
      {
        timers: dependencies.timers,
        logger: dependencies.logger,
        handler: dependencies.handler,
        onReceived: (from, bytes) => {
          dependencies.meter.receivedBytes(from, bytes);
        },
      },
    );
  }

  /** Listens on `http://host:port`; returns the port in use. */
  listen(url: string): Promise<number> {
    return this.#listener.listen(parsePeerUrl(url));
  }

  send(to: MemberId, kind: FrameKind, chunks: readonly Uint8Array[]): boolean {
    const isQueued = this.#links.get(to)?.link.send(kind, chunks) ?? false;
    if (!isQueued) this.#dependencies.meter.sendFailure(to);
    return isQueued;
  }

  setPeers(peers: readonly PeerAddress[]): void {
    const wanted = new Map(peers.map((peer) => [peer.memberId, peer]));
    wanted.delete(this.#options.memberId);
    for (const [memberId, { link, address }] of this.#links) {
      const next = wanted.get(memberId);
      if (next?.peerUrls.join() === address.peerUrls.join()) continue;
      link.close();
      this.#links.delete(memberId);
      this.#dependencies.meter.connection(memberId, false);
    }
    for (const [memberId, address] of wanted) {
      if (this.#links.has(memberId)) continue;
      this.#links.set(memberId, { link: this.#dial(address), address });
    }
    this.#listener.refuseRemoved();
  }

  connectedSince(memberId: MemberId): number | undefined {
    return this.#links.get(memberId)?.link.connectedSince;
  }

  async sendSnapshot(to: MemberId, snapshot: OutgoingSnapshot, signal: AbortSignal): Promise<void> {
    const known = this.#links.get(to);
    const url = known?.link.url ?? known?.address.peerUrls[0];
    if (url === undefined) throw new Error(`Cannot send snapshot: no peer ${to.toString(16)}`);
    const { meter } = this.#dependencies;
    const onSent = (bytes: number): void => meter.sentBytes(to, bytes);
    await streamSnapshot(this.#hello(to, "snapshot"), url, snapshot, { signal, onSent });
  }

  async close(): Promise<void> {
    for (const { link } of this.#links.values()) link.close();
    this.#links.clear();
    await this.#listener.close();
  }

  #hello(to: MemberId, purpose: Hello["purpose"]): Hello {
    const { clusterId, memberId, peerUrls } = this.#options;
    const protocol = peerProtocolVersion;
    return { protocol, clusterId, from: memberId, to, purpose, peerUrls: peerUrls() };
  }

  #dial({ memberId, peerUrls }: PeerAddress): PeerLink {
    const { handler, logger, meter } = this.#dependencies;
    const options = { ...defaultPeerLinkOptions, ...this.#options.link };
    return new PeerLink(this.#hello(memberId, "messages"), peerUrls, options, this.#dependencies, {
      onConnected: () => {
        meter.connection(memberId, true);
        handler.onConnected(memberId);
      },
      onDisconnected: () => {
        meter.connection(memberId, false);
        handler.onDisconnected(memberId);
      },
      onRefused: (refusal) => {
        logger.warn("peer refused this member", {
          peer: memberId.toString(16),
          reason: refusal.reason,
          detail: refusal.message,
        });
        if (refusal.reason === "removed") handler.onRemoved(refusal.message);
      },
      onRoundTrip: (seconds) => {
        meter.roundTrip(memberId, seconds);
      },
      onSent: (bytes) => {
        meter.sentBytes(memberId, bytes);
      },
    });
  }
}
