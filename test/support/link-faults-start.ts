import type { LinkFaults } from "./link-faults.ts";
import { ProxyNetwork } from "./link-faults-proxies.ts";
import { NamespaceNetwork, namespacesMissing } from "./namespaces.ts";

/**
 * Makes the network of a cluster of `size` members, of namespaces where that is possible.
 *
 * @param kind - Forces one way; "namespaces" then throws where there can be none.
 */
export function startLinkFaults(size: number, kind?: LinkFaults["kind"]): LinkFaults {
  if (kind === "proxies") return new ProxyNetwork();
  const missing = namespacesMissing();
  if (missing === false && kind === "namespaces") return new NamespaceNetwork(size);
  if (kind === "namespaces") throw new Error(`Cannot make namespaces: ${missing}`);
  try {
    if (missing === false) return new NamespaceNetwork(size);
  } catch (error) {
    // Root in a container may list namespaces and not be allowed to make any.
    console.log(`no namespaces: ${String(error)}`);
  }
  return new ProxyNetwork();
}
