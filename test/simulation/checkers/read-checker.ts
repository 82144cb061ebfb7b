import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/**
 * P2 without any client: whatever was applied anywhere when a read was asked for must be in the
 * state that it is served from (C2, C3, C4).
 */
export class ReadChecker implements WorldObserver {
  readonly #coverage: Coverage;

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  readServed(process: ObservedProcess, floorIndex: number): void {
    const { appliedIndex } = process.state;
    check(appliedIndex >= floorIndex, "P2", () => {
      return (
        `member ${process.memberId} serves a read from index ${appliedIndex}, ` +
        `${floorIndex} was applied before it was asked for`
      );
    });
    this.#coverage.checked("P2 reads");
  }
}
