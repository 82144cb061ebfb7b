import { createHash } from "node:crypto";

/**
 * Id of a member: the first 8 bytes of SHA-1 over its sorted peer URLs, the cluster token and, for
 * members added later, the time in seconds.
 *
 * @param identity - `unixSeconds` left out for initial members; members added later have an empty
 *   `clusterToken` and the proposer's time.
 * @remarks As etcd `server/etcdserver/api/membership/member.go` `computeMemberID`.
 */
export function computeMemberId(identity: {
  readonly peerUrls: readonly string[];
  readonly clusterToken: string;
  readonly unixSeconds?: number;
}): bigint {
  const { peerUrls, clusterToken, unixSeconds } = identity;
  const hash = createHash("sha1").update([...peerUrls].sort().join("") + clusterToken);
  if (unixSeconds !== undefined) hash.update(String(unixSeconds));
  return hash.digest().readBigUInt64BE(0);
}

/**
 * Id of a cluster: the first 8 bytes of SHA-1 over the ascending ids of its initial members.
 *
 * @remarks As etcd `server/etcdserver/api/membership/cluster.go` `genID`.
 */
export function computeClusterId(memberIds: readonly bigint[]): bigint {
  const hash = createHash("sha1");
  for (const id of [...memberIds].sort((left, right) => (left < right ? -1 : 1))) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(id);
    hash.update(bytes);
  }
  return hash.digest().readBigUInt64BE(0);
}
