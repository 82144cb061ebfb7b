import { encodeCompactionRequest } from "@quorate/api";
import { propose } from "./calls.ts";
import type { ServiceContext } from "./service-context.ts";

/** Compacts through the log, as a client would. Rejects when it is refused or not committed. */
export function compactThroughLog(context: ServiceContext, revision: number): Promise<void> {
  return new Promise((resolve, reject) => {
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
