import type { Logger } from "@quorate/platform";
import type { MemberId, SnapshotMessage } from "@quorate/raft";
import { FrameKind } from "../peer/frame.ts";
import type { ClusterDescription } from "../peer/cluster-question.ts";
import type { IncomingSnapshot, PeerHandler } from "../peer/peer-transport.ts";
import type { ForwardIntake } from "./forward-intake.ts";
import type { LeaderRequests } from "./leader-requests.ts";
import type { PeerDirectory } from "./peer-directory.ts";
import type { PromiseExchange, StaleDirectoryError } from "./promise-exchange.ts";
import type { ProposalPump } from "./proposal-pump.ts";
import type { RaftDriver } from "./raft-driver.ts";

/** Who takes what peers send. Asked for at each frame: the parts are made after the transport. */
export interface PeerFrameParts {
  readonly directory: PeerDirectory;
  readonly driver: RaftDriver;
  readonly forwards: ForwardIntake;
  readonly promises: PromiseExchange;
  readonly pump: ProposalPump;
  readonly leaderRequests: LeaderRequests;
  readonly logger: Logger;
  /** The term that this member leads in; undefined when it does not. */
  readonly leadingTerm: () => number | undefined;
}

/** What peers make a member do beside. */
export interface PeerEvents {
  /** Something may move now. */
  onNews(): void;
  /** This member was removed from its cluster. */
  onRemoved(): void;
  /** This member's disk has lost what it promised: the process must end (B16). */
  onStale(error: StaleDirectoryError): void;
  openSnapshot(from: MemberId): IncomingSnapshot | undefined;
  describe(isFreshWanted: boolean): Promise<ClusterDescription>;
}

/** Hands what arrives from peers to the parts of a member; undefined parts: it is closed. */
export function createPeerHandler(
  parts: () => PeerFrameParts | undefined,
  events: PeerEvents,
): PeerHandler {
  let isStale = false;
  return {
    admit: (from, peerUrls = []) => parts()?.directory.admit(from, peerUrls) ?? "unknown",
    onFrame: (from, kind, payload) => {
      const current = parts();
      // Whoever owns a member that is stale ends it; until then it makes nothing worse.
      if (isStale || current?.directory.hear(from) !== true) return;
      const stale = takeFrame(current, from, kind, payload);
      if (stale !== undefined) {
        isStale = true;
        events.onStale(stale);
        return;
      }
      if (kind !== FrameKind.promises) events.onNews();
    },
    describe: (isFreshWanted) => events.describe(isFreshWanted),
    onConnected: (memberId) => {
      // Ahead of anything else on this connection.
      parts()?.promises.handleConnected(memberId);
      parts()?.pump.handleConnected(memberId);
      events.onNews();
    },
    onDisconnected: (memberId) => {
      const current = parts();
      current?.driver.raft.reportUnreachable(memberId);
      current?.leaderRequests.handleDisconnect(memberId);
    },
    onRemoved: () => {
      events.onRemoved();
    },
    openSnapshot: (from) => (parts() === undefined ? undefined : events.openSnapshot(from)),
  };
}

/** @returns Why this member must end: by this frame it found out that its disk forgot (B16). */
function takeFrame(
  parts: PeerFrameParts,
  from: MemberId,
  kind: number,
  payload: Uint8Array,
): StaleDirectoryError | undefined {
  try {
    handleFrame(parts, from, kind, payload);
    return undefined;
  } catch (error) {
    const stale = parts.promises.toStale(from, error);
    if (stale === undefined) throw error;
    return stale;
  }
}

function handleFrame(
  parts: PeerFrameParts,
  from: MemberId,
  kind: number,
  payload: Uint8Array,
): void {
  switch (kind) {
    case FrameKind.promises:
      parts.promises.handlePromises(from, payload);
      return;
    case FrameKind.raft:
      parts.driver.handleFrame(from, payload);
      return;
    case FrameKind.forward:
      parts.forwards.handleForward(from, payload, parts.leadingTerm());
      return;
    case FrameKind.forwardRefused:
      parts.pump.handleRefusal(payload);
      return;
    case FrameKind.request:
      parts.leaderRequests.handleRequest(from, payload);
      return;
    case FrameKind.response:
      parts.leaderRequests.handleResponse(payload);
      return;
    default:
      parts.logger.warn("peer sent a frame of unknown kind", { kind });
  }
}

/**
 * Steps a received state's message.
 *
 * @param onBroken - Gets what consensus throws: a promise is broken and the process must end (C15),
 *   not only the stream that brought the message.
 * @returns Whether the state will be installed.
 */
export function stepSnapshot(
  driver: RaftDriver,
  message: SnapshotMessage,
  onBroken: (error: unknown) => void,
): boolean {
  try {
    driver.raft.step(message);
    return driver.raft.status().isInstallingSnapshot;
  } catch (error) {
    onBroken(error);
    return true;
  }
}
