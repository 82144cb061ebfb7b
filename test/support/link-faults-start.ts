import { unlessRequired } from "./fault-means.ts";
import type { LinkFaults } from "./link-faults.ts";
import { ProxyNetwork } from "./link-faults-proxies.ts";
import { KernelRefusal, NamespaceNetwork, namespacesMissing } from "./namespaces.ts";

/**
 * Makes the network of a cluster of `size` members, of namespaces where that is possible.
 *
 * @param kind - Forces one way; "namespaces" then throws where there can be none.
 * @throws Error also where namespaces could be made and are not: relays are no way out of a bug
 */
export function startLinkFaults(size: number, kind?: LinkFaults["kind"]): LinkFaults {
  if (kind === "proxies") return new ProxyNetwork();
  const made = makeNamespaces(size);
  if (typeof made !== "string") return made;
  if (kind === "namespaces") throw new Error(`Cannot make namespaces: ${made}`);
  unlessRequired(made);
  return new ProxyNetwork();
}

/** Returns why there can be none. */
function makeNamespaces(size: number): NamespaceNetwork | string {
  const missing = namespacesMissing();
  if (missing !== false) return missing;
  try {
    return new NamespaceNetwork(size);
  } catch (error) {
    // Root in a container may list namespaces and not be allowed to make any.
    if (error instanceof KernelRefusal) return error.message;
    throw error;
  }
}
