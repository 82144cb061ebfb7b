import type { Clock, Counter, Logger } from "@quorate/platform";
import type { MemberId, SoftState } from "@quorate/raft";

/** What the watch needs from its surroundings. */
export interface LeaderWatchDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaderChanges: Counter;
}

/** Who leads, as this member sees it, and for how long nobody has. */
export class LeaderWatch {
  readonly #leaderlessMaxMillis: number;
  readonly #dependencies: LeaderWatchDependencies;
  readonly #listeners = new Set<(softState: SoftState) => void>();
  #softState: SoftState = { role: "follower", leader: undefined };
  #changedAt: number;

  /** @param leaderlessMaxMillis - A minority fails fast after this long without a leader (V2). */
  constructor(leaderlessMaxMillis: number, dependencies: LeaderWatchDependencies) {
    this.#leaderlessMaxMillis = leaderlessMaxMillis;
    this.#dependencies = dependencies;
    this.#changedAt = dependencies.clock.monotonicMillis();
  }

  /** Whether this member leads. */
  get isLeader(): boolean {
    return this.#softState.role === "leader";
  }

  /** Id of the leader, as far as this member knows. */
  get leader(): MemberId | undefined {
    return this.#softState.leader;
  }

  /** Whether callers had better be told than left waiting. */
  isLeaderlessTooLong(nowMillis: number): boolean {
    if (this.#softState.leader !== undefined) return false;
    return nowMillis - this.#changedAt > this.#leaderlessMaxMillis;
  }

  /** Runs at each change of role or leader. Returns a function that ends it. */
  onChange(listener: (softState: SoftState) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Consensus says that something changed. */
  handle(softState: SoftState, term: number): void {
    const { clock, logger, leaderChanges } = this.#dependencies;
    const { leader: from } = this.#softState;
    const { leader: to } = softState;
    this.#softState = softState;
    if (to !== from) {
      this.#changedAt = clock.monotonicMillis();
      if (to !== undefined) leaderChanges.add();
      logger.info("leader changed", { from: from?.toString(16), to: to?.toString(16), term });
    }
    for (const listener of this.#listeners) listener(softState);
  }
}
