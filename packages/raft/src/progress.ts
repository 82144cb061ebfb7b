/**
 * What a leader knows about one follower, and so what it may send (thesis §3.5, §10.2).
 *
 * ```
 *              rejected / unreachable
 *      ┌───────────────────────────────────────┐
 *      ▼           accepted                    │
 *   probe ──────────────────────────────► replicate
 *      ▲ │ next entry is compacted             │ next entry is compacted
 *      │ └───────────► snapshot ◄──────────────┘
 *      └─────────────────┘ installed or failed
 * ```
 *
 * - `probe`: where the logs agree is not known. One message at a time, the next after an answer or
 *   a heartbeat's.
 * - `replicate`: they agree through `match`. Messages are sent ahead of the answers, up to a
 *   window.
 * - `snapshot`: the follower gets the state; nothing is sent until it has it.
 */
import { Inflights } from "./inflights.ts";

/** How a follower is served. */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** One follower in the eyes of its leader. */
export class Progress {
  /** Highest index known to be durable there. Invariant: `match < next`. */
  match = 0;
  /** First index of the next append. */
  next: number;
  state: ProgressState = "probe";
  /** In `probe`: a message is on the way. */
  isPaused = false;
  /** In `snapshot`: the index of the snapshot on the way. */
  pendingSnapshot = 0;
  /** Answered since the last quorum check. */
  isRecentlyActive = true;
  /**
   * Highest commit index sent and usable there: commit messages that tell nothing new are spared.
   */
  sentCommit = 0;
  /** A client of the follower waits for the entry at this index: commits up to it are not held. */
  expectedCommit = 0;
  /** An empty append shall find out whether what was sent has arrived. */
  isEmptyAppendDue = false;
  /**
   * Has denied an index that it had acknowledged: its disk went back in time (B16), or an answer
   * came late.
   */
  hasRegressed = false;
  /** Ticks until a removed member is forgotten; undefined for members, Infinity before commit. */
  departingTicks: number | undefined;
  readonly inflights: Inflights;

  constructor(next: number, limits: { readonly maxCount: number; readonly maxBytes: number }) {
    this.next = next;
    this.inflights = new Inflights(limits.maxCount, limits.maxBytes);
  }

  /** Falls back to one message at a time. */
  becomeProbe(): void {
    if (this.state === "snapshot") this.next = Math.max(this.match, this.pendingSnapshot) + 1;
    else this.next = this.match + 1;
    this.sentCommit = Math.min(this.sentCommit, this.match);
    this.#enter("probe");
  }

  /** The logs agree through `match`. */
  becomeReplicate(): void {
    this.#enter("replicate");
    this.next = this.match + 1;
  }

  /** A snapshot at `index` is on its way. */
  becomeSnapshot(index: number): void {
    this.#enter("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
  }

  /**
   * The follower acknowledged `index`.
   *
   * @returns Whether anything was learned.
   */
  accepted(index: number): boolean {
    const isNews = index > this.match;
    this.match = Math.max(this.match, index);
    this.next = Math.max(this.next, this.match + 1);
    if (isNews) this.isPaused = false;
    if (index >= this.match) this.hasRegressed = false;
    return isNews;
  }

  /**
   * The follower had no entry that matches `rejected`; the logs may agree at `hint`.
   *
   * @returns False for an answer to a message that is no longer of interest.
   */
  rejected(rejected: number, hint: number): boolean {
    if (this.state === "snapshot") return false;
    if (this.state === "replicate") {
      if (rejected <= this.match) {
        this.hasRegressed = true;
        return false;
      }
      this.becomeProbe();
      return true;
    }
    // While probing exactly one question is open: about the entry before `next`.
    if (this.next - 1 !== rejected) return false;
    if (rejected <= this.match) {
      // The probe stays paused: a heartbeat asks again, and stops a member that has lost entries.
      this.hasRegressed = true;
      return false;
    }
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.isPaused = false;
    return true;
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.isPaused = false;
    this.isEmptyAppendDue = false;
    this.pendingSnapshot = 0;
    this.inflights.clear();
  }
}
