import type { MemberId } from "@quorate/raft";
import { concatBatches, MalformedBatchError } from "@quorate/state-machine";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";
import {
  decodeForward,
  decodeForwardRefusal,
  encodeForwardRefusal,
  type ForwardFilter,
} from "./forward.ts";

/** Most batches of other members that wait for the next entry; more are refused. */
const waitingMax = 1_024;

interface WaitingForward {
  readonly from: MemberId;
  readonly forwardId: number;
  readonly term: number;
  readonly batch: Uint8Array;
}

/** The leader's side of forwarding: batches of other members that wait to enter the log. */
export class ForwardIntake {
  readonly #filter: ForwardFilter;
  readonly #transport: PeerTransport;
  readonly #batchBytesMax: number;
  #waiting: WaitingForward[] = [];
  #joined = 0;

  constructor(
    filter: ForwardFilter,
    transport: PeerTransport,
    bounds: { readonly batchBytesMax: number },
  ) {
    this.#filter = filter;
    this.#transport = transport;
    this.#batchBytesMax = bounds.batchBytesMax;
  }

  /** Whether batches wait. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Takes a forward frame.
   *
   * @param term - The term this member leads in; undefined refuses. A batch for another term is
   *   refused too: its sender counts on it never entering a later term's log.
   */
  handleForward(from: MemberId, payload: Uint8Array, term: number | undefined): void {
    const forward = decodeForward(payload);
    if (forward === undefined) return;
    const { forwardId, batch } = forward;
    if (forward.term !== term || this.#waiting.length >= waitingMax) {
      this.#refuse(from, forwardId);
      return;
    }
    if (!this.#filter.admit(from, forward)) return;
    try {
      concatBatches([batch]);
    } catch (error) {
      if (!(error instanceof MalformedBatchError)) throw error;
      this.#refuse(from, forwardId);
      return;
    }
    this.#waiting.push({ from, forwardId, term, batch });
  }

  /** Takes a refusal of a batch that this member forwarded. */
  handleRefusal(payload: Uint8Array, giveBack: (batchId: number) => void): void {
    const forwardId = decodeForwardRefusal(payload);
    if (forwardId !== undefined) giveBack(forwardId);
  }

  /**
   * The data of the next entry: the own batch and what waits, up to the size bound.
   *
   * @returns undefined when there is nothing. Call `clear` or `refuse` afterwards.
   */
  join(own: Uint8Array | undefined, term: number): Uint8Array | undefined {
    const batches: Uint8Array[] = own === undefined ? [] : [own];
    let bytes = own?.length ?? 0;
    this.#dropOtherTerms(term);
    this.#joined = 0;
    for (const { batch } of this.#waiting) {
      if (batches.length > 0 && bytes + batch.length > this.#batchBytesMax) break;
      batches.push(batch);
      bytes += batch.length;
      this.#joined += 1;
    }
    return batches.length === 0 ? undefined : concatBatches(batches);
  }

  /** What was joined has entered the log. */
  clear(): void {
    this.#waiting = this.#waiting.slice(this.#joined);
    this.#joined = 0;
  }

  /** Nothing of what waits will enter the log here: the senders are told, and try elsewhere. */
  refuse(): void {
    for (const { from, forwardId } of this.#waiting) this.#refuse(from, forwardId);
    this.#waiting = [];
  }

  #dropOtherTerms(term: number): void {
    if (this.#waiting.every((forward) => forward.term === term)) return;
    for (const forward of this.#waiting) {
      if (forward.term !== term) this.#refuse(forward.from, forward.forwardId);
    }
    this.#waiting = this.#waiting.filter((forward) => forward.term === term);
  }

  #refuse(from: MemberId, forwardId: number): void {
    this.#transport.send(from, FrameKind.forwardRefused, [encodeForwardRefusal(forwardId)]);
  }
}
