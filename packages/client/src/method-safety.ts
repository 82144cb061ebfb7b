import { services } from "@quorate/api";

/** Whether a repetition does harm: reads are asked again elsewhere, writes never blindly (P6). */
export type MethodSafety = "read" | "write";

/** What the transport needs of a method; the entries of `services` have it. @internal */
export interface CallableMethod<Request, Response> {
  /** gRPC path such as `/etcdserverpb.KV/Range`. */
  readonly path: string;
  readonly encodeRequest: (message: Request) => Uint8Array;
  readonly decodeResponse: (bytes: Uint8Array) => Response;
}

/**
 * Methods that change nothing of the store. Authenticate makes a token, but one too many is
 * harmless; Alarm counts as a write because two of its three actions are.
 */
const readPaths: ReadonlySet<string> = new Set([
  services.kv.range.path,
  services.lease.leaseTimeToLive.path,
  services.lease.leaseLeases.path,
  services.cluster.memberList.path,
  services.maintenance.status.path,
  services.maintenance.hash.path,
  services.maintenance.hashKv.path,
  services.auth.authStatus.path,
  services.auth.authenticate.path,
  services.auth.userGet.path,
  services.auth.userList.path,
  services.auth.roleGet.path,
  services.auth.roleList.path,
  services.election.leader.path,
  services.health.check.path,
  services.health.list.path,
]);

/** The safety of a method by its path; what is not known to be a read is a write. */
export function safetyOf(path: string): MethodSafety {
  return readPaths.has(path) ? "read" : "write";
}
