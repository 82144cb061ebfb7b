import { MemberChangeError } from "./errors.ts";
import { computeClusterId, computeMemberId } from "./member-id.ts";
import { normalizePeerUrls } from "./peer-urls.ts";

/** A member that the cluster is born with. */
export interface InitialMember {
  readonly id: bigint;
  /** Name in the initial cluster setting; how a process finds itself. */
  readonly name: string;
  /** Sorted. */
  readonly peerUrls: readonly string[];
}

/** What all initial members compute alike. */
export interface InitialCluster {
  readonly clusterId: bigint;
  /** Ascending by id. */
  readonly members: readonly InitialMember[];
}

/**
 * Computes ids from the initial cluster setting.
 *
 * @param setting - `name=url` pairs joined by commas; a name may come again with another URL.
 * @param clusterToken - Keeps clusters with the same URLs apart.
 * @throws {@link MemberChangeError} `invalid-member-urls` for a pair without a name, a URL that
 *   {@link normalizePeerUrls} refuses or one given twice.
 */
export function parseInitialCluster(setting: string, clusterToken: string): InitialCluster {
  const urlsOfName = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const pair of setting.split(",")) {
    const split = pair.indexOf("=");
    const name = pair.slice(0, split).trim();
    if (split < 1 || name === "") throw invalid(`"${pair}" is not name=url`);
    const url = pair.slice(split + 1);
    if (seen.has(url)) throw invalid(`"${url}" is given twice`);
    seen.add(url);
    urlsOfName.set(name, [...(urlsOfName.get(name) ?? []), url]);
  }
  const members = [...urlsOfName].map(([name, urls]) => {
    const peerUrls = normalizePeerUrls(urls);
    return { id: computeMemberId({ peerUrls, clusterToken }), name, peerUrls };
  });
  members.sort((left, right) => (left.id < right.id ? -1 : 1));
  return { clusterId: computeClusterId(members.map((member) => member.id)), members };
}

function invalid(reason: string): MemberChangeError {
  return new MemberChangeError("invalid-member-urls", `Cannot use initial cluster: ${reason}`);
}
