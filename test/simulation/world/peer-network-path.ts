import type { MemberId } from "@quorate/raft";
import type { SeededRandom } from "@quorate/platform/sim";
import type { LinkFaults } from "./peer-network-faults.ts";

/** How a path is broken: what is sent gets lost, or waits. */
export type PathBreak = "cut" | "clog";

/**
 * One direction between two machines, and what is wrong with it.
 *
 * Each reason why it is broken ends for itself: it works again when the last one is gone.
 */
export class NetworkPath {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly random: SeededRandom;
  faults: LinkFaults;
  /** Whether its faults were set for itself. */
  isOwn: boolean;
  readonly #reasons: Readonly<Record<PathBreak, Set<symbol>>> = { cut: new Set(), clog: new Set() };
  /** Sends on what waits because the path is clogged. */
  readonly #held: (() => void)[] = [];

  constructor(
    ends: { readonly from: MemberId; readonly to: MemberId },
    random: SeededRandom,
    settings: { readonly faults: LinkFaults; readonly isOwn: boolean },
  ) {
    this.from = ends.from;
    this.to = ends.to;
    this.random = random;
    this.faults = settings.faults;
    this.isOwn = settings.isOwn;
  }

  get isCut(): boolean {
    return this.#reasons.cut.size > 0;
  }

  get isClogged(): boolean {
    return this.#reasons.clog.size > 0;
  }

  /** Whether something waits because it is clogged. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Has `release` run when the path is no longer clogged. */
  hold(release: () => void): void {
    this.#held.push(release);
  }

  /** One more reason why it is broken. */
  break(how: PathBreak, reason: symbol): void {
    this.#reasons[how].add(reason);
  }

  /** A reason is gone; one that is none any more changes nothing. */
  mend(how: PathBreak, reason: symbol): void {
    if (this.#reasons[how].delete(reason)) this.#release();
  }

  /** All reasons are gone. */
  heal(): void {
    this.#reasons.cut.clear();
    this.#reasons.clog.clear();
    this.#release();
  }

  #release(): void {
    if (this.isClogged) return;
    for (const release of this.#held.splice(0)) release();
  }
}
