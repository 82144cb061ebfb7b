import type { Entry, MemberId } from "@quorate/raft";
import type { AppliedEntry, AppliedResponse, DecodedRequest } from "@quorate/state-machine";
import type { Lessor } from "./lessor.ts";
import type { MemberMeter } from "./member-meter.ts";
import type { ProposedOutcome } from "./outcome.ts";
import type { ProposalQueue } from "./proposal-queue.ts";

/** Whom applied entries concern. */
export interface AppliedEntriesParts {
  readonly memberId: MemberId;
  readonly proposals: ProposalQueue<DecodedRequest, ProposedOutcome>;
  readonly lessor: Lessor;
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
  handle(entry: Entry, applied: AppliedEntry, leadingTerm: number | undefined): void {
    const { memberId, proposals, lessor, onConfiguration } = this.#parts;
    let hasRevoked = false;
    for (const { requestId, outcome } of applied.outcomes) {
      if (outcome.kind === "response") hasRevoked = this.#note(outcome.response) || hasRevoked;
      if (requestId.member === memberId) proposals.settle(requestId.sequence, outcome);
    }
    if (hasRevoked) lessor.handleRevocations();
    if (entry.kind === "configuration") onConfiguration();
    // Everything that earlier leaders have committed is applied: deciding about leases may begin.
    if (entry.term === leadingTerm && lessor.term !== entry.term) lessor.promote(entry.term);
  }

  /** @returns Whether leases have ended. */
  #note({ kind, message }: AppliedResponse): boolean {
    const { lessor, meter } = this.#parts;
    switch (kind) {
      case "lease-grant":
        lessor.handleGrant(message.id ?? 0n, message.ttl ?? 0);
        meter.leasesGranted.add();
        meter.leaseTtlSeconds.observe(message.ttl ?? 0);
        return false;
      case "lease-revoke":
        meter.leasesRevoked.add();
        return true;
      case "lease-expire":
        meter.leasesRevoked.add(message.expired.length);
        return true;
      default:
        return false;
    }
  }
}
