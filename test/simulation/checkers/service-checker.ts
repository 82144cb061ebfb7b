import type { Coverage } from "../coverage.ts";
import { check } from "./check-failure.ts";

/** What a {@link ServiceChecker} looks at. */
export interface ServiceView {
  readonly nowMillis: () => number;
  /** Asks every healthy member for a linearizable read; calls back for each that may be served. */
  readonly ask: (onServed: () => void) => void;
  readonly coverage: Coverage;
}

/** The longest that a connected majority may take to serve (V1): 5 s with an election in 1 s. */
function serviceBoundMillis(electionMillis: number): number {
  return 2_000 + 3 * electionMillis;
}

/** A majority that is connected serves within a time that its election time-out gives (V1). */
export class ServiceChecker {
  readonly #view: ServiceView;
  readonly #sinceMillis: number;
  readonly #boundMillis: number;
  #isServing = false;

  /** Begins to count. */
  constructor(view: ServiceView, electionMillis: number) {
    this.#view = view;
    this.#sinceMillis = view.nowMillis();
    this.#boundMillis = serviceBoundMillis(electionMillis);
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
