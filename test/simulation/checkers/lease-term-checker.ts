import type { Entry, MemberId } from "@quorate/raft";
import {
  decodeBatch,
  decodeRequest,
  type AppliedEntry,
  type RequestOutcome,
} from "@quorate/state-machine";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/**
 * Leases run out by the word of whoever leads the term (L3): what ends one stands in an entry of
 * the term that its proposer led. The same in an entry of another term is void.
 */
export class LeaseTermChecker implements WorldObserver {
  readonly #coverage: Coverage;
  /** By term. */
  readonly #leaders = new Map<number, MemberId>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  softStateChanged(process: ObservedProcess): void {
    const { role, term } = process.status();
    if (role === "leader") this.#leaders.set(term, process.memberId);
  }

  applied(process: ObservedProcess, entry: Entry, { outcomes }: AppliedEntry): void {
    if (entry.kind !== "normal" || !outcomes.some(isExpiry)) return;
    decodeBatch(entry.data).forEach(({ kind, bytes, member }, i) => {
      const outcome = outcomes[i];
      if (outcome?.kind !== "lease-expire") return;
      const request = decodeRequest(kind, bytes);
      if (request.kind !== "lease-expire") return;
      const { expired } = outcome.message;
      const { term } = request.message;
      const isVoid = term !== entry.term;
      this.#coverage.sometimes("an expiry of a lost term was void (L3)", isVoid);
      check(!isVoid || expired.length === 0, "L3", () => {
        const what = `leases ${expired.join(", ")}, which ran out in term ${term}`;
        return `${process.memberId} ends ${what}, by entry ${entry.index} of term ${entry.term}`;
      });
      if (isVoid) return;
      const leader = this.#leaders.get(term);
      check(leader === undefined || leader === member, "L3", () => {
        return `${member} lets leases expire in term ${term}, which ${leader} leads`;
      });
      this.#coverage.checked("L3");
    });
  }
}

function isExpiry({ kind }: RequestOutcome): boolean {
  return kind === "lease-expire";
}
