import type { Coverage } from "../coverage.ts";
import { check } from "./check-failure.ts";

/** What a {@link ServiceChecker} looks at. */
export interface ServiceView {
  readonly nowMillis: () => number;
  /** Asks every healthy member for a linearizable read; calls back for each that may be served. */
  readonly ask: (onServed: () => void) => void;
  readonly coverage: Coverage;
}

/** How members elect. */
export interface ElectionTiming {
  /** The shortest time-out. */
  readonly electionMillis: number;
  readonly isPreVote: boolean;
}

/**
 * The longest that a connected majority may take to serve (V1): 5 s with an election in 1 s.
 * Without pre-vote there may be an election more: a member that cannot win spoils one for others.
 */
function serviceBoundMillis({ electionMillis, isPreVote }: ElectionTiming): number {
  return 2_000 + (isPreVote ? 3 : 4) * electionMillis;
}

/** A majority that is connected serves within a time that its election time-out gives (V1). */
export class ServiceChecker {
  readonly #view: ServiceView;
  readonly #sinceMillis: number;
  readonly #boundMillis: number;
  #isServing = false;

  /** Begins to count. */
  constructor(view: ServiceView, timing: ElectionTiming) {
    this.#view = view;
    this.#sinceMillis = view.nowMillis();
    this.#boundMillis = serviceBoundMillis(timing);
  }

  /** @returns Whether it must be looked at again. @throws CheckFailure when it is too late */
  look(): boolean {
    const { coverage, nowMillis, ask } = this.#view;
    const tookMillis = nowMillis() - this.#sinceMillis;
    if (this.#isServing) {
      coverage.checked("V1");
      return false;
    }
    check(tookMillis <= this.#boundMillis, "V1", () => {
      return `a healed majority serves nothing after ${tookMillis} ms`;
    });
    ask(() => {
      this.#isServing = true;
    });
    return true;
  }
}
