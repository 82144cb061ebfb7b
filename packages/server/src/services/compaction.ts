import { encodeCompactionRequest } from "@quorate/api";
import { propose, whenFresh } from "./calls.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError } from "./status.ts";

/**
 * Compacts through the log, as a client would, if this member leads: a quorum confirms it first,
 * because a process that was stopped for a while believes in its leadership yet (B12).
 *
 * Rejects when it is refused or not committed, or another member leads.
 */
export async function compactThroughLog(context: ServiceContext, revision: number): Promise<void> {
  await new Promise<void>((resolve, reject) => whenFresh(context, reject, resolve));
  if (!context.member.isLeader) throw new ServiceError("not-leader");
  await new Promise<void>((resolve, reject) => {
    const message = { revision, physical: false };
    propose(context, {
      decoded: { kind: "compact", message },
      bytes: encodeCompactionRequest(message),
      onError: reject,
      onResponse: () => {
        resolve();
      },
    });
  });
}
