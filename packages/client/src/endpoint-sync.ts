import { services } from "@quorate/api";

import { parseEndpoint } from "./endpoint-address.ts";
import { sleep } from "./runtime.ts";
import type { Transport } from "./transport.ts";

/**
 * Replaces the endpoints by the client URLs of all voting members that have started.
 *
 * @returns The endpoints from now on; unchanged when the members name none that can be used.
 * @internal
 */
export async function syncEndpoints(transport: Transport): Promise<readonly string[]> {
  const { members } = await transport.unary(services.cluster.memberList, {});
  const names = members
    .filter((member) => !member.isLearner)
    .flatMap((member) => member.clientUrls)
    .filter((url) => parseEndpoint(url) !== undefined);
  transport.endpoints.replace([...new Set(names)]);
  return transport.endpoints.names;
}

/** Repeats {@link syncEndpoints} until the client is closed. @internal */
export async function keepEndpointsInSync(
  transport: Transport,
  intervalMillis: number,
): Promise<void> {
  const { timers, logger } = transport.runtime;
  while (await sleep(timers, intervalMillis, transport.closedSignal)) {
    try {
      await syncEndpoints(transport);
    } catch (error) {
      logger?.debug("Cannot refresh the endpoints", {
        error: error instanceof Error ? error.message : "unknown",
      });
    }
  }
}
