/** `etcdserverpb.Cluster`: who the members are. */
import { services, type MemberListResponseInit } from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import { unary, whenFresh, type Reply } from "./calls.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";

/** The methods of the service. */
export function clusterMethods(context: ServiceContext): readonly RpcMethod[] {
  return [
    unary(context, services.cluster.memberList, (request, reply: Reply<MemberListResponseInit>) => {
      const list = (): void => {
        // The Cluster service leaves the revision out.
        const header = headerOf(context, 0);
        reply.ok({ header, members: context.member.state.members.members.map(toWireMember) });
      };
      if (request.linearizable) whenFresh(context, (error) => reply.fail(error), list);
      else list();
    }),
  ];
}

function toWireMember(member: {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}): NonNullable<MemberListResponseInit["members"]>[number] {
  const { id, name, peerUrls, clientUrls, isLearner } = member;
  return { id, name, peerUrls, clientUrls, isLearner };
}
