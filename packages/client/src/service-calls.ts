/**
 * Every RPC of the API as a typed function: the request message in, the answer message out.
 *
 * These add endpoint choice, token, deadline and retries by safety to the bare calls, and nothing
 * else; keys are not namespaced. The friendlier clients are built for what programs do daily.
 */
import { services } from "@quorate/api";

import type { CallableMethod } from "./method-safety.ts";
import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** Settings of a thin call. */
export interface MemberCallOptions extends CallOptions {
  /** Asks this endpoint of the client and no other, for calls about one member. @default any */
  readonly endpoint?: string;
}

/** The functions of one service: promises for single answers, iterators for streams. */
export type ServiceCalls<Service> = {
  readonly [
    Name in keyof Service as Service[Name] extends { readonly kind: "bidi-stream" } ? never : Name
  ]: Service[Name] extends {
    readonly kind: infer Kind;
    readonly encodeRequest: (message: infer Request) => Uint8Array;
    readonly decodeResponse: (bytes: Uint8Array) => infer Response;
  }
    ? Kind extends "server-stream"
      ? (request: Request, options?: MemberCallOptions) => AsyncGenerator<Response, void, undefined>
      : (request: Request, options?: MemberCallOptions) => Promise<Response>
    : never;
};

/** Members of the cluster: list, add, remove, update, promote. */
export type ClusterClient = ServiceCalls<typeof services.cluster>;
/** One member's care: status, alarms, defragmentation, hashes, snapshot, leader moves. */
export type MaintenanceClient = ServiceCalls<typeof services.maintenance>;
/** Users, roles and the switch of authentication. */
export type AuthClient = ServiceCalls<typeof services.auth>;
/** gRPC health of a member. */
export type HealthClient = ServiceCalls<typeof services.health>;
/** Elections run by the server; the recipes package runs them in the client, with fencing. */
export type ElectionServiceClient = ServiceCalls<typeof services.election>;
/** Locks run by the server. */
export type LockServiceClient = ServiceCalls<typeof services.lock>;

type Unary = <Request, Response>(
  method: CallableMethod<Request, Response>,
) => (request: Request, options?: MemberCallOptions) => Promise<Response>;
type ServerStream = <Request, Response>(
  method: CallableMethod<Request, Response>,
) => (request: Request, options?: MemberCallOptions) => AsyncGenerator<Response, void, undefined>;

/** All thin clients of one transport. @internal */
export interface ServiceClients {
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
  readonly auth: AuthClient;
  readonly health: HealthClient;
  readonly electionService: ElectionServiceClient;
  readonly lockService: LockServiceClient;
}

/** Makes the thin clients of a transport. @internal */
export function serviceClients(transport: Transport): ServiceClients {
  const unary: Unary = (method) => (request, options) => transport.unary(method, request, options);
  const stream: ServerStream = (method) => (request, options) =>
    transport.serverStream(method, request, options);
  const { cluster, maintenance, health, election, lock } = services;
  return {
    cluster: {
      memberAdd: unary(cluster.memberAdd),
      memberRemove: unary(cluster.memberRemove),
      memberUpdate: unary(cluster.memberUpdate),
      memberList: unary(cluster.memberList),
      memberPromote: unary(cluster.memberPromote),
    },
    maintenance: {
      alarm: unary(maintenance.alarm),
      status: unary(maintenance.status),
      defragment: unary(maintenance.defragment),
      hash: unary(maintenance.hash),
      hashKv: unary(maintenance.hashKv),
      snapshot: stream(maintenance.snapshot),
      moveLeader: unary(maintenance.moveLeader),
      downgrade: unary(maintenance.downgrade),
    },
    auth: authClient(unary),
    health: {
      check: unary(health.check),
      list: unary(health.list),
      watch: stream(health.watch),
    },
    electionService: {
      campaign: unary(election.campaign),
      proclaim: unary(election.proclaim),
      leader: unary(election.leader),
      observe: stream(election.observe),
      resign: unary(election.resign),
    },
    lockService: { lock: unary(lock.lock), unlock: unary(lock.unlock) },
  };
}

function authClient(unary: Unary): AuthClient {
  const { auth } = services;
  return {
    authEnable: unary(auth.authEnable),
    authDisable: unary(auth.authDisable),
    authStatus: unary(auth.authStatus),
    authenticate: unary(auth.authenticate),
    userAdd: unary(auth.userAdd),
    userGet: unary(auth.userGet),
    userList: unary(auth.userList),
    userDelete: unary(auth.userDelete),
    userChangePassword: unary(auth.userChangePassword),
    userGrantRole: unary(auth.userGrantRole),
    userRevokeRole: unary(auth.userRevokeRole),
    roleAdd: unary(auth.roleAdd),
    roleGet: unary(auth.roleGet),
    roleList: unary(auth.roleList),
    roleDelete: unary(auth.roleDelete),
    roleGrantPermission: unary(auth.roleGrantPermission),
    roleRevokePermission: unary(auth.roleRevokePermission),
  };
}
