/** `etcdserverpb.Maintenance`: what operators ask. */
import {
  AlarmType,
  services,
  type AlarmResponseInit,
  type DefragmentResponseInit,
  type HashKVResponseInit,
  type MoveLeaderResponseInit,
  type StatusResponseInit,
} from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import { toMemberId, type MemberId } from "@quorate/raft";
import { defaultQuotaBytes } from "@quorate/state-machine";
import { propose, unary, type Reply } from "./calls.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";
import { ServiceError } from "./status.ts";

/** The methods of the service. */
export function maintenanceMethods(context: ServiceContext): readonly RpcMethod[] {
  const { alarm, status, defragment, hashKv, moveLeader } = services.maintenance;
  const { member } = context;
  const { store } = member.state;
  return [
    unary(context, alarm, (request, reply: Reply<AlarmResponseInit>, bytes) => {
      propose(context, {
        decoded: { kind: "alarm", message: request },
        bytes,
        onError: (error) => reply.fail(error),
        onResponse: (response) => reply.ok({ ...response, header: headerOf(context) }),
      });
    }),
    unary(
      context,
      status,
      (_request, reply: Reply<StatusResponseInit>) => reply.ok(statusOf(context)),
      { isServedByLearner: true },
    ),
    unary(context, defragment, (_request, reply: Reply<DefragmentResponseInit>) => {
      context.logger.info("starting defragment", { sizeBytes: store.backend.sizeBytes });
      store.backend.defragment().then(
        () => {
          context.logger.info("finished defragment", { sizeBytes: store.backend.sizeBytes });
          reply.ok({});
        },
        (error: unknown) => {
          context.logger.warn("defragment failed", { error: String(error) });
          reply.fail(error);
        },
      );
    }),
    unary(context, hashKv, (request, reply: Reply<HashKVResponseInit>) => {
      store.hashKv(request.revision).then(
        ({ hash, hashRevision, compactRevision, revision }) => {
          reply.ok({ header: headerOf(context, revision), hash, hashRevision, compactRevision });
        },
        (error: unknown) => reply.fail(error),
      );
    }),
    unary(context, moveLeader, (request, reply: Reply<MoveLeaderResponseInit>) => {
      if (request.targetId === 0n) throw new ServiceError("bad-leader-transferee");
      moveLeadership(context, toMemberId(request.targetId), reply);
    }),
  ];
}

function statusOf(context: ServiceContext): StatusResponseInit {
  const { member, options } = context;
  const { log, leader } = member.status();
  const { store, clusterVersion, alarms } = member.state;
  const errors = alarms
    .list()
    .map(({ memberId, alarm }) => `memberID:${memberId} alarm:${alarmName(alarm)} `);
  if (leader === undefined) errors.unshift("etcdserver: no leader");
  return {
    header: headerOf(context),
    version: options.version,
    dbSize: store.backend.sizeBytes,
    dbSizeInUse: store.backend.sizeInUseBytes,
    dbSizeQuota: options.quotaBytes ?? defaultQuotaBytes,
    leader: leader ?? 0n,
    raftIndex: log.commitIndex,
    raftAppliedIndex: member.state.appliedIndex,
    raftTerm: member.term,
    isLearner: member.isLearner,
    storageVersion: clusterVersion ?? "",
    downgradeInfo: { enabled: false },
    errors,
  };
}

/** Name of an alarm as etcd prints it. */
export function alarmName(alarm: number): string {
  const found = Object.entries(AlarmType).find(([, value]) => value === alarm);
  return found?.[0] ?? "UNKNOWN";
}

function moveLeadership(
  context: ServiceContext,
  target: MemberId,
  reply: Reply<MoveLeaderResponseInit>,
): void {
  const { member, timers, options } = context;
  if (!member.isLeader) throw new ServiceError("not-leader");
  if (member.leader === target) {
    reply.ok({});
    return;
  }
  if (member.transferLeadership(target).kind === "dropped") {
    throw new ServiceError("bad-leader-transferee");
  }
  const timer = timers.setTimer(2 * options.electionTimeoutMillis, () => {
    stop();
    reply.fail(new ServiceError("timeout-leader-transfer"));
  });
  const stop = member.onSoftState(({ leader }) => {
    if (leader !== target) return;
    timer.cancel();
    stop();
    reply.ok({});
  });
}
