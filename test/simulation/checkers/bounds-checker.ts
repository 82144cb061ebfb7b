import type { MemberLimits } from "@quorate/server/member";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/** Steps of a process between two looks. */
const stepsPerLook = 32;

/** Queues hold no more than their bounds, whatever the load and the faults (D8, V3, B24). */
export class BoundsChecker implements WorldObserver {
  readonly #coverage: Coverage;
  readonly #limits: MemberLimits;
  #steps = 0;

  constructor(coverage: Coverage, limits: MemberLimits) {
    this.#coverage = coverage;
    this.#limits = limits;
  }

  stepped(process: ObservedProcess): void {
    this.#steps = (this.#steps + 1) % stepsPerLook;
    if (this.#steps === 0) this.#look(process);
  }

  #look(process: ObservedProcess): void {
    const { proposalsMax, proposalBytesMax, inflightAppendsMax } = this.#limits;
    const { pendingProposals = 0, pendingProposalBytes = 0, memberId } = process;
    const isWithin = (what: string, count: number, most: number): void => {
      check(count <= most, "D8", () => `${memberId} holds ${count} ${what}, at most ${most}`);
    };
    isWithin("proposals", pendingProposals, proposalsMax);
    this.#coverage.sometimes("bound of proposals reached", pendingProposals === proposalsMax);
    isWithin("bytes of proposals", pendingProposalBytes, proposalBytesMax);
    const { leadership } = process.status();
    for (const { inflightAppends } of leadership?.followers ?? []) {
      isWithin("appends on their way", inflightAppends, inflightAppendsMax);
      const isFull = inflightAppends === inflightAppendsMax;
      this.#coverage.sometimes("bound of appends on their way reached", isFull);
    }
    this.#coverage.checked("D8 bounds");
  }
}
