import { AlarmRequestAlarmAction, AlarmType, encodeAlarmRequest } from "@quorate/api";
import { isQuotaExceeded } from "@quorate/state-machine";
import type { Member } from "../member/member.ts";
import { propose } from "./calls.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError } from "./status.ts";

/** Members whose alarm is on its way: a burst of requests asks for it once. */
const raising = new WeakSet<Member>();

/**
 * Refuses a request that the quota leaves no room for, and raises the alarm that stops all writes.
 *
 * @throws ServiceError `no-space`.
 */
export function checkQuota(context: ServiceContext, costBytes: number): void {
  const { member, options } = context;
  const quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY;
  const { sizeBytes } = member.state.store.backend;
  if (!isQuotaExceeded({ costBytes, sizeBytes, quotaBytes })) return;
  const alarm = {
    action: AlarmRequestAlarmAction.ACTIVATE,
    memberId: member.memberId,
    alarm: AlarmType.NOSPACE,
  };
  if (!member.state.alarms.isRaised(AlarmType.NOSPACE) && !raising.has(member)) {
    raising.add(member);
    context.logger.warn("database space exceeded", { sizeBytes, quotaBytes });
    propose(context, {
      decoded: { kind: "alarm", message: alarm },
      bytes: encodeAlarmRequest(alarm),
      // The next request that does not fit asks again.
      onError: () => raising.delete(member),
      onResponse: () => raising.delete(member),
    });
  }
  throw new ServiceError("no-space");
}
