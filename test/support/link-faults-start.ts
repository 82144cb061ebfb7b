import type { LinkFaults } from "./link-faults.ts";
import { ProxyNetwork } from "./link-faults-proxies.ts";
import { NamespaceNetwork, namespacesMissing } from "./namespaces.ts";

/**
 * Makes the network of a cluster of `size` members, of namespaces where that is possible.
 *
 * @param kind - Forces one way; "namespaces" then throws where there can be none.
 */
export function startLinkFaults(size: number, kind?: LinkFaults["kind"]): LinkFaults {
  const missing = namespacesMissing();
  if (kind === "proxies" || (kind === undefined && missing !== false)) return new ProxyNetwork();
  if (missing !== false) throw new Error(`Cannot make namespaces: ${missing}`);
  return new NamespaceNetwork(size);
}
