import type { MemberId } from "@quorate/raft";
import { checkBatch, joinBatches, MalformedBatchError } from "@quorate/state-machine";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";
import {
  decodeForward,
  encodeForwardRefusal,
  type ForwardFilter,
  type Forward,
} from "./forward.ts";

/** Most batches of other members that wait for the next entry; more are refused. */
const waitingMax = 1_024;
/** Most bytes of them; one batch always fits. */
const waitingBytesMax = 64 * 1024 * 1024;

interface WaitingForward extends Forward {
  readonly from: MemberId;
}

/** The leader's side of forwarding: batches of other members that wait to enter the log. */
export class ForwardIntake {
  readonly #filter: ForwardFilter;
  readonly #transport: PeerTransport;
  readonly #batchBytesMax: number;
  #waiting: WaitingForward[] = [];
  #waitingBytes = 0;
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
    const { session, forwardId, batch } = forward;
    if (forward.term !== term) {
      // What became of an earlier frame with this batch is not known any more.
      this.#refuse(from, forward, false);
      return;
    }
    if (!this.#filter.admit(from, forward)) return;
    // From here on refusals are certain: the filter lets no other frame with this batch pass.
    if (this.#isFullFor(batch.length)) {
      this.#refuse(from, forward, true);
      return;
    }
    try {
      checkBatch(batch);
    } catch (error) {
      if (!(error instanceof MalformedBatchError)) throw error;
      this.#refuse(from, forward, true);
      return;
    }
    this.#waiting.push({ from, session, forwardId, term, batch });
    this.#waitingBytes += batch.length;
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
    return batches.length === 0 ? undefined : joinBatches(batches);
  }

  /** What was joined has entered the log; `onEntered` gets the sender of each batch. */
  clear(onEntered: (from: MemberId) => void): void {
    for (let i = 0; i < this.#joined; i += 1) {
      const forward = this.#waiting[i];
      if (forward !== undefined) onEntered(forward.from);
    }
    this.#keep(this.#waiting.slice(this.#joined));
    this.#joined = 0;
  }

  /** Nothing of what waits will enter the log here: the senders are told, and try elsewhere. */
  refuse(): void {
    if (this.#waiting.length === 0) return;
    for (const forward of this.#waiting) this.#refuse(forward.from, forward, true);
    this.#keep([]);
  }

  #dropOtherTerms(term: number): void {
    if (this.#waiting.every((forward) => forward.term === term)) return;
    for (const forward of this.#waiting) {
      if (forward.term !== term) this.#refuse(forward.from, forward, true);
    }
    this.#keep(this.#waiting.filter((forward) => forward.term === term));
  }

  #keep(waiting: WaitingForward[]): void {
    this.#waiting = waiting;
    this.#waitingBytes = waiting.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  #isFullFor(bytes: number): boolean {
    const count = this.#waiting.length;
    if (count >= waitingMax) return true;
    return count > 0 && this.#waitingBytes + bytes > waitingBytesMax;
  }

  #refuse(from: MemberId, { session, forwardId }: Forward, isCertain: boolean): void {
    const refusal = encodeForwardRefusal({ session, forwardId, isCertain });
    this.#transport.send(from, FrameKind.forwardRefused, [refusal]);
  }
}
