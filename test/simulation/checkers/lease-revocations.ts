import type { Coverage } from "../coverage.ts";
import type { LeaseCall } from "../history/lease-history.ts";
import { check } from "./check-failure.ts";
import type { LeaseLives } from "./lease-lives.ts";

/**
 * Before its time a lease ends only if a client has asked for that (L1): each revocation in the
 * truth of a lease that these clients made was sent by one of them, whatever it was told.
 *
 * @throws CheckFailure
 */
export function checkRevocations(
  calls: readonly LeaseCall[],
  lives: LeaseLives,
  coverage: Coverage,
): void {
  const askedMillis = new Map<bigint, number>();
  const made = new Set<bigint>();
  for (const call of calls) {
    if (call.kind === "grant" && call.outcome.kind === "ok") made.add(call.outcome.leaseId);
    if (call.kind !== "revoke") continue;
    const { leaseId, sentMillis } = call;
    askedMillis.set(leaseId, Math.min(askedMillis.get(leaseId) ?? Infinity, sentMillis));
  }
  for (const leaseId of made) {
    for (const { endedMillis, isExpired } of lives.of(leaseId)) {
      if (isExpired || endedMillis === Infinity) continue;
      check((askedMillis.get(leaseId) ?? Infinity) <= endedMillis, "L1", () => {
        return `lease ${leaseId} was revoked at ${endedMillis}, and nobody had asked for it`;
      });
      coverage.checked("L1");
    }
  }
}
