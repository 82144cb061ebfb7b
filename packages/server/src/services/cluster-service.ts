/** `etcdserverpb.Cluster`: who the members are, and how that changes. */
import {
  services,
  type MemberAddResponseInit,
  type MemberListResponseInit,
  type MemberPromoteResponseInit,
  type MemberRemoveResponseInit,
  type MemberUpdateResponseInit,
} from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import type { WantedMemberChange } from "../member/membership.ts";
import { unary, whenFresh, type Reply } from "./calls.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";
import { failureError } from "./status.ts";

/** The methods of the service. */
export function clusterMethods(context: ServiceContext): readonly RpcMethod[] {
  const { memberAdd, memberRemove, memberUpdate, memberPromote, memberList } = services.cluster;
  return [
    unary(context, memberAdd, ({ peerUrls, isLearner }, reply: Reply<MemberAddResponseInit>) => {
      change(context, { kind: "add", peerUrls, isLearner }, reply, (answer, id) => ({
        ...answer,
        member: answer.members.find((member) => member.id === id),
      }));
    }),
    unary(context, memberRemove, ({ id }, reply: Reply<MemberRemoveResponseInit>) => {
      change(context, { kind: "remove", id }, reply, (answer) => answer);
    }),
    unary(context, memberUpdate, ({ id, peerUrls }, reply: Reply<MemberUpdateResponseInit>) => {
      change(context, { kind: "update", id, peerUrls }, reply, (answer) => answer);
    }),
    unary(context, memberPromote, ({ id }, reply: Reply<MemberPromoteResponseInit>) => {
      change(context, { kind: "promote", id }, reply, (answer) => answer);
    }),
    unary(context, memberList, (request, reply: Reply<MemberListResponseInit>) => {
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

type WireMember = NonNullable<MemberListResponseInit["members"]>[number];

/** What the answers to all changes have in common. */
interface ChangeAnswer {
  readonly header: ReturnType<typeof headerOf>;
  readonly members: readonly WireMember[];
}

function change<Response>(
  context: ServiceContext,
  wanted: WantedMemberChange,
  reply: Reply<Response>,
  toResponse: (answer: ChangeAnswer, id: bigint) => Response,
): void {
  context.member.changeMembers(wanted, (end) => {
    switch (end.kind) {
      case "changed": {
        const answer = { header: headerOf(context, 0), members: end.members.map(toWireMember) };
        reply.ok(toResponse(answer, end.id));
        return;
      }
      case "refused":
        reply.fail(end.error);
        return;
      case "failed":
        reply.fail(failureError(end.failure.reason));
    }
  });
}

function toWireMember(member: {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}): WireMember {
  const { id, name, peerUrls, clientUrls, isLearner } = member;
  return { id, name, peerUrls, clientUrls, isLearner };
}
