/**
 * Moves proposals to where they enter the log: into an entry when this member leads, else in a
 * frame to the leader. Takes what other members forward.
 */
import type { MemberId, RaftNode } from "@quorate/raft";
import type { RequestOutcome } from "@quorate/state-machine";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";
import { decodeForwardRefusal, encodeForward } from "./forward.ts";
import type { ForwardIntake } from "./forward-intake.ts";
import type { MemberProposal } from "./outcome.ts";
import type { ProposalBatch, ProposalQueue } from "./proposal-queue.ts";

/** What the pump moves between. */
export interface ProposalPumpParts {
  readonly raft: RaftNode;
  readonly queue: ProposalQueue<MemberProposal, RequestOutcome>;
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

/** An entry that consensus does not take now: its backlog is full, or leadership is on the move. */
interface StuckEntry {
  readonly term: number;
  readonly data: Uint8Array;
  /** Of the own queue; undefined when only others' requests are in it. */
  readonly batchId: number | undefined;
}

/** See the head of the file. */
export class ProposalPump {
  readonly #parts: ProposalPumpParts;
  #stuck: StuckEntry | undefined;
  #isHeld = false;
  /**
   * Members with a new connection: what was sent on the one before may be lost. Each stays until it
   * leads and everything has been repeated; nothing newer is sent to it before.
   */
  readonly #repeatTo = new Set<MemberId>();
  /** Batches up to this one may have been sent more than once. */
  #repeatedThrough = 0;

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
    this.#unstick();
    this.#parts.forwards.refuse();
    if (leader.other !== undefined && !this.#isHeld) this.#forward(leader.other);
  }

  /** The leader did not take a batch. Asking again at once would only keep both sides busy. */
  handleRefusal(payload: Uint8Array): void {
    const refusal = decodeForwardRefusal(payload);
    if (refusal?.session !== this.#parts.session) return;
    this.#isHeld = true;
    // Of a batch that was sent twice only one frame was refused: the other may be in the log, even
    // if who refused does not know any more, having stepped down or lived anew (P6).
    if (!refusal.isCertain && refusal.forwardId <= this.#repeatedThrough) return;
    this.#parts.queue.giveBack(refusal.forwardId);
  }

  /**
   * There is a new connection to a member. If it leads, batches of its term without an outcome are
   * sent again, under their old numbers and before any newer one: what the broken connection lost
   * is always the end of what was sent, so the leader's filter tells exactly what it has not seen.
   */
  handleConnected(member: MemberId): void {
    this.#isHeld = false;
    this.#repeatTo.add(member);
  }

  /** Time has passed, or there is another leader: batches may be forwarded again. */
  release(): void {
    this.#isHeld = false;
  }

  #propose(): void {
    const { raft, forwards } = this.#parts;
    if (this.#stuck?.term !== raft.term) this.#unstick();
    const entry = this.#stuck ?? this.#nextEntry();
    if (entry === undefined) return;
    const result = raft.propose(entry.data);
    if (result.kind === "accepted") {
      this.#stuck = undefined;
      forwards.clear((from) => raft.expectCommit(from, result.index));
    } else {
      this.#stuck = entry;
    }
  }

  #nextEntry(): StuckEntry | undefined {
    const { raft, queue, forwards } = this.#parts;
    const taken = queue.takeBatch(raft.term);
    const data = forwards.join(taken?.data, raft.term);
    return data === undefined ? undefined : { term: raft.term, data, batchId: taken?.batchId };
  }

  #unstick(): void {
    const batchId = this.#stuck?.batchId;
    this.#stuck = undefined;
    if (batchId !== undefined) this.#parts.queue.giveBack(batchId);
  }

  #forward(leader: MemberId): void {
    const { raft, queue, transport } = this.#parts;
    // In the turn in which the term rises the view may still be that of the term before.
    if (raft.leader !== leader) return;
    if (transport.connectedSince(leader) === undefined) return;
    if (this.#repeatTo.has(leader)) {
      for (const batch of queue.inFlight(raft.term)) {
        this.#repeatedThrough = Math.max(this.#repeatedThrough, batch.batchId);
        if (!this.#send(leader, batch)) return;
      }
      this.#repeatTo.delete(leader);
    }
    for (;;) {
      const taken = queue.takeBatch(raft.term);
      if (taken === undefined) return;
      if (this.#send(leader, taken)) continue;
      queue.giveBack(taken.batchId);
      return;
    }
  }

  #send(leader: MemberId, { term, batchId, data }: ProposalBatch<MemberProposal>): boolean {
    const { transport, session } = this.#parts;
    const frame = encodeForward({ term, session, forwardId: batchId, batch: data });
    if (transport.send(leader, FrameKind.forward, frame)) return true;
    this.#isHeld = true;
    return false;
  }
}
