/**
 * What a member asks of the network between members. The real one is `SocketPeerTransport`; a
 * simulator brings its own. Delivery is at most once and in order on each connection; a frame may
 * be lost at any time, and the consensus above copes.
 */
import type { MemberId } from "@quorate/raft";
import type { ClusterDescription } from "./cluster-question.ts";
import type { FrameKind } from "./frame.ts";

/** Another member and where it listens for members. */
export interface PeerAddress {
  readonly memberId: MemberId;
  /** `http://host:port`, tried in order. */
  readonly peerUrls: readonly string[];
}

/** The sending side. */
export interface PeerTransport {
  /**
   * Queues one frame to a connected peer; all frames of a turn leave in one write.
   *
   * @returns false when it was dropped: the peer is unknown, not connected, or its queue is full.
   */
  send(to: MemberId, kind: FrameKind, chunks: readonly Uint8Array[]): boolean;
  /** Connects to new peers and disconnects from those no longer listed. */
  setPeers(peers: readonly PeerAddress[]): void;
  /** Since when a peer has been connected, in monotonic milliseconds; undefined when it is not. */
  connectedSince(memberId: MemberId): number | undefined;
  /**
   * Streams a snapshot to a peer on a connection of its own, with back-pressure.
   *
   * @throws when the peer refuses or the connection breaks; the peer then keeps nothing of it.
   */
  sendSnapshot(to: MemberId, snapshot: OutgoingSnapshot, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A snapshot to be streamed: the raft message that announces it and the bytes of the state. */
export interface OutgoingSnapshot {
  /** The encoded raft snapshot message; the receiver's raft gets it when the state is complete. */
  readonly message: Uint8Array;
  readonly sizeBytes: number;
  /** Chunks of the state, in order. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The receiving side, implemented by the member. Calls come on the event loop, one at a time. */
export interface PeerHandler {
  /**
   * Whether a peer that dials may speak to this member.
   *
   * @param peerUrls - Where it says that it can be dialled, for a member that does not know it yet.
   */
  admit(from: MemberId, peerUrls?: readonly string[]): "known" | "unknown" | "removed";
  /**
   * Says who the members are, to a process that may not be one yet.
   *
   * @param isFreshWanted - Ask a quorum first, if there is one.
   */
  describe(isFreshWanted: boolean): Promise<ClusterDescription>;
  onFrame(from: MemberId, kind: number, payload: Uint8Array): void;
  /** The outgoing connection to a peer came up. */
  onConnected(memberId: MemberId): void;
  /** The outgoing connection to a peer was lost; what was queued may not have arrived. */
  onDisconnected(memberId: MemberId): void;
  /** A peer says that this member was removed from the cluster. */
  onRemoved(message: string): void;
  /** A snapshot arrives; undefined refuses it (one at a time). */
  openSnapshot(from: MemberId): IncomingSnapshot | undefined;
}

/** Where the bytes of an arriving snapshot go. Each call waits for the one before. */
export interface IncomingSnapshot {
  /** The encoded raft message that the state belongs to. */
  begin(message: Uint8Array): Promise<void>;
  /** Takes the next bytes; resolves when more may come. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * All bytes arrived: makes them durable and hands the message to raft.
   *
   * @param sha256 - What the sender computed over all bytes.
   * @throws when it differs from what arrived.
   */
  finish(sha256: Uint8Array): Promise<void>;
  /** The stream broke: removes what arrived. */
  abort(): Promise<void>;
}
