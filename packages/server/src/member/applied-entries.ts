import type { Entry } from "@quorate/raft";
import type { AppliedEntry, RequestOutcome } from "@quorate/state-machine";
import type { Lessor } from "./lessor.ts";
import type { MemberMeter } from "./member-meter.ts";
import type { Membership } from "./membership.ts";
import type { MemberBatch, MemberProposal } from "./outcome.ts";
import type { ProposalQueue } from "./proposal-queue.ts";

/** Whom applied entries concern. */
export interface AppliedEntriesParts {
  readonly proposals: ProposalQueue<MemberProposal, RequestOutcome>;
  readonly lessor: Lessor;
  readonly membership: Membership;
  readonly meter: MemberMeter;
  readonly onConfiguration: () => void;
}

/** Tells everybody what an applied entry means: callers, the lessor, the peers. */
export class AppliedEntries {
  readonly #parts: AppliedEntriesParts;

  constructor(parts: AppliedEntriesParts) {
    this.#parts = parts;
  }

  /** @param leadingTerm - The term that this member leads in; undefined when it does not. */
  handle(
    entry: Entry,
    { outcomes, batches, memberChangeRequestId }: AppliedEntry<MemberBatch>,
    leadingTerm: number | undefined,
  ): void {
    const { proposals, lessor, membership, onConfiguration } = this.#parts;
    let hasRevoked = false;
    // Hot: puts pass here, too, and concern nobody but their callers.
    for (const outcome of outcomes) {
      if (outcome.kind !== "put" && this.#note(outcome)) hasRevoked = true;
    }
    for (const { batch, begin } of batches) proposals.settle(batch, outcomes, begin);
    if (hasRevoked) lessor.handleRevocations();
    if (memberChangeRequestId !== undefined) membership.handleApplied(memberChangeRequestId);
    if (entry.kind === "configuration") onConfiguration();
    // Everything that earlier leaders have committed is applied: deciding about leases may begin.
    if (entry.term === leadingTerm && lessor.term !== entry.term) lessor.promote(entry.term);
  }

  /** @returns Whether leases have ended. */
  #note(outcome: RequestOutcome): boolean {
    const { lessor, meter } = this.#parts;
    switch (outcome.kind) {
      case "lease-grant": {
        const { message } = outcome;
        lessor.handleGrant(message.id ?? 0n);
        meter.leasesGranted.add();
        meter.leaseTtlSeconds.observe(message.ttl ?? 0);
        return false;
      }
      case "lease-revoke":
        meter.leasesRevoked.add();
        return true;
      case "lease-expire":
        meter.leasesRevoked.add(outcome.message.expired.length);
        return true;
      default:
        return false;
    }
  }
}
