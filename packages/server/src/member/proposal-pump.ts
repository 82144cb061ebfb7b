/**
 * Moves proposals to where they enter the log: into an entry when this member leads, else in a
 * frame to the leader. Takes what other members forward.
 */
import type { MemberId, RaftNode } from "@quorate/raft";
import type { DecodedRequest } from "@quorate/state-machine";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";
import { encodeForward } from "./forward.ts";
import type { ForwardIntake } from "./forward-intake.ts";
import type { ProposedOutcome } from "./outcome.ts";
import type { ProposalQueue } from "./proposal-queue.ts";

/** What the pump moves between. */
export interface ProposalPumpParts {
  readonly raft: RaftNode;
  readonly queue: ProposalQueue<DecodedRequest, ProposedOutcome>;
  readonly forwards: ForwardIntake;
  readonly transport: PeerTransport;
  /** Random 32 bits: the life of this process. */
  readonly session: number;
}

/** Who leads, as this member sees it. */
export interface LeaderView {
  readonly isSelf: boolean;
  /** Another member; undefined for none. */
  readonly other: MemberId | undefined;
}

/** See the head of the file. */
export class ProposalPump {
  readonly #parts: ProposalPumpParts;

  constructor(parts: ProposalPumpParts) {
    this.#parts = parts;
  }

  /**
   * Moves what waits.
   *
   * @param isLogBusy - While the own disk is busy the next entry fills itself; a lone request never
   *   waits for company.
   */
  run(leader: LeaderView, isLogBusy: boolean): void {
    if (leader.isSelf) {
      if (!isLogBusy) this.#propose();
      return;
    }
    this.#parts.forwards.refuse();
    if (leader.other !== undefined) this.#forward(leader.other);
  }

  #propose(): void {
    const { raft, queue, forwards } = this.#parts;
    const taken = queue.takeBatch(raft.term);
    const data = forwards.join(taken?.data, raft.term);
    if (data === undefined) return;
    if (raft.propose(data).kind === "accepted") {
      forwards.clear();
      return;
    }
    // Nothing entered the log: leadership is moving or the backlog is full. The next turn tries.
    if (taken !== undefined) queue.giveBack(taken.batchId);
    forwards.refuse();
  }

  #forward(leader: MemberId): void {
    const { raft, queue, transport, session } = this.#parts;
    for (;;) {
      const taken = queue.takeBatch(raft.term);
      if (taken === undefined) return;
      const { batchId, data } = taken;
      const { term } = raft;
      const frame = encodeForward({ term, session, forwardId: batchId, batch: data });
      if (!transport.send(leader, FrameKind.forward, frame)) {
        queue.giveBack(batchId);
        return;
      }
    }
  }
}
