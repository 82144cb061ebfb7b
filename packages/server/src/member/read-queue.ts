/**
 * Linearizable reads (P2, thesis §6.4): all reads that arrive in one turn share one round of the
 * read index; while a round is under way the next ones gather. A read is served when the index that
 * its round confirmed has been applied.
 */

/** Why a read could not be confirmed. */
export type ReadFailure = "timeout" | "no-leader" | "stopped" | "too-many-requests";

/** Called once: undefined means the state may be read now. */
export type ReadListener = (failure: ReadFailure | undefined) => void;

/** Bounds of the queue. */
export interface ReadQueueOptions {
  /** A read that is not confirmed within this fails. */
  readonly timeoutMillis: number;
  /** A round without an answer is asked again, under a new id, after this. @default 500 */
  readonly retryMillis: number;
  /** Reads beyond this many waiting are refused. */
  readonly waitingMax: number;
  readonly onRound: () => void;
  readonly onFailure: (failure: ReadFailure, count: number) => void;
  /** A round had no answer in time and is asked again. */
  readonly onSlow: () => void;
}

/**
 * A read on its way. An object with a method, so that a service's read needs no closure beside it.
 */
// Hot: one for each linearizable Range.
export interface QueuedRead {
  /** Monotonic milliseconds; the queue sets it. */
  deadlineMillis: number;
  /** Its work has no small bound: the time is looked at after it. @default false */
  readonly isLong?: boolean;
  /** Called once; see {@link ReadListener}. */
  settle(failure: ReadFailure | undefined): void;
}

/** A read that calls a function back. */
export class ListenedRead implements QueuedRead {
  deadlineMillis = 0;
  readonly isLong = true;
  readonly #listener: ReadListener;

  constructor(listener: ReadListener) {
    this.#listener = listener;
  }

  settle(failure: ReadFailure | undefined): void {
    this.#listener(failure);
  }
}

interface Round {
  readonly requestId: number;
  readonly askedAt: number;
  readonly reads: QueuedRead[];
}

interface ConfirmedRound {
  readonly index: number;
  readonly reads: QueuedRead[];
}

/** Short reads that are served between two looks at the time. */
const readsPerLook = 16;
const neverOver = (): boolean => false;

/** Gathers reads into rounds. Driven by the member: it knows neither clock nor consensus. */
export class ReadQueue {
  readonly #options: ReadQueueOptions;
  #waiting: QueuedRead[] = [];
  #round: Round | undefined;
  /** Confirmed rounds whose index is not applied yet, ascending by index. */
  #confirmed: ConfirmedRound[] = [];
  #nextRequestId = 1;
  #count = 0;

  constructor(options: ReadQueueOptions) {
    this.#options = options;
  }

  /** Reads that wait in any stage. */
  get size(): number {
    return this.#count;
  }

  /** Adds a read that arrived now. */
  add(nowMillis: number, read: QueuedRead): void {
    if (this.#count >= this.#options.waitingMax) {
      this.#options.onFailure("too-many-requests", 1);
      read.settle("too-many-requests");
      return;
    }
    this.#count += 1;
    read.deadlineMillis = nowMillis + this.#options.timeoutMillis;
    this.#waiting.push(read);
  }

  /** The id to ask a round for, when reads wait and no round is under way. */
  startRound(nowMillis: number): number | undefined {
    if (this.#round !== undefined || this.#waiting.length === 0) return undefined;
    const requestId = this.#nextRequestId++;
    this.#options.onRound();
    this.#round = { requestId, askedAt: nowMillis, reads: this.#waiting };
    this.#waiting = [];
    return requestId;
  }

  /** The round could not be asked or was abandoned: its reads wait for the next one. */
  abandon(requestId: number): void {
    const round = this.#round;
    if (round?.requestId !== requestId) return;
    this.#round = undefined;
    this.#waiting = round.reads.concat(this.#waiting);
  }

  /** A quorum confirmed the round. Answers to older rounds are ignored (C4). */
  confirm(requestId: number, index: number): void {
    const round = this.#round;
    if (round?.requestId !== requestId) return;
    this.#round = undefined;
    this.#confirmed.push({ index, reads: round.reads });
  }

  /**
   * Serves the reads whose index is applied.
   *
   * @param isOver - Whether the turn has lasted long enough; asked after each long read and now and
   *   then between short ones.
   * @returns Whether reads are left that may be served in the next turn.
   */
  release(appliedIndex: number, isOver: () => boolean = neverOver): boolean {
    let unseen = 0;
    let isEnough = false;
    for (;;) {
      // Rounds are confirmed one after the other, so their indexes ascend.
      const [first] = this.#confirmed;
      if (first === undefined || first.index > appliedIndex) return false;
      // A round may hold a single read: many of them share the time, too.
      if (isEnough) return true;
      this.#confirmed.shift();
      const { reads } = first;
      let served = 0;
      for (const read of reads) {
        served += 1;
        unseen += 1;
        this.#count -= 1;
        read.settle(undefined);
        if (unseen < readsPerLook && read.isLong !== true) continue;
        unseen = 0;
        isEnough = isOver();
        if (isEnough) break;
      }
      if (served === reads.length) continue;
      this.#confirmed.unshift({ index: first.index, reads: reads.slice(served) });
      return true;
    }
  }

  /** Asks again for a round that got no answer, and fails reads whose time is over. */
  tick(nowMillis: number): void {
    const round = this.#round;
    if (round !== undefined && nowMillis - round.askedAt >= this.#options.retryMillis) {
      this.#options.onSlow();
      this.abandon(round.requestId);
    }
    const late: QueuedRead[] = [];
    this.#waiting = takeLate(this.#waiting, nowMillis, late);
    if (this.#confirmed.length > 0) {
      // Applying may be stuck behind a disk or a snapshot.
      this.#confirmed = this.#confirmed.flatMap(({ index, reads }) => {
        const rest = takeLate(reads, nowMillis, late);
        return rest.length === 0 ? [] : [{ index, reads: rest }];
      });
    }
    if (late.length === 0) return;
    this.#count -= late.length;
    this.#options.onFailure("timeout", late.length);
    for (const read of late) read.settle("timeout");
  }

  /** Fails everything that waits for a round or for its answer. */
  failAll(failure: ReadFailure): void {
    const reads = [...(this.#round?.reads ?? []), ...this.#waiting];
    for (const { reads: confirmed } of this.#confirmed)
      for (const read of confirmed) reads.push(read);
    this.#round = undefined;
    this.#waiting = [];
    this.#confirmed = [];
    this.#count = 0;
    if (reads.length > 0) this.#options.onFailure(failure, reads.length);
    for (const read of reads) read.settle(failure);
  }
}

/** Moves what is late to `late`; returns the rest. Reads stand in order of their deadlines. */
function takeLate(reads: QueuedRead[], nowMillis: number, late: QueuedRead[]): QueuedRead[] {
  let count = 0;
  for (const read of reads) {
    if (read.deadlineMillis > nowMillis) break;
    late.push(read);
    count += 1;
  }
  return count === 0 ? reads : reads.slice(count);
}
