/** `etcdserverpb.KV`: the store itself. */
import {
  encodeAlarmRequest,
  AlarmRequestAlarmAction,
  AlarmType,
  services,
  type TxnRequest,
} from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import {
  checkDeleteRangeRequest,
  checkPutRequest,
  checkTxnRequest,
  isQuotaExceeded,
  isReadOnlyTxn,
  isSerializableTxn,
  putCostBytes,
  txnCostBytes,
} from "@quorate/state-machine";
import type { Member } from "../member/member.ts";
import { propose, unary, whenFresh, type Reply } from "./calls.ts";
import { rangeMethod } from "./range-service.ts";
import { rangeStreamMethod } from "./range-stream.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";
import { ServiceError } from "./status.ts";
import type {
  CompactionResponseInit,
  DeleteRangeResponseInit,
  PutResponseInit,
  ResponseHeaderInit,
  TxnResponseInit,
} from "@quorate/api";

/** The methods of the service. */
export function kvMethods(context: ServiceContext): readonly RpcMethod[] {
  const kv = services.kv;
  return [
    rangeMethod(context),
    rangeStreamMethod(context),
    unary(context, kv.put, (request, reply: Reply<PutResponseInit>, bytes) => {
      checkQuota(context, putCostBytes(request));
      checkPutRequest(request);
      propose(context, {
        decoded: { kind: "put", message: request },
        bytes,
        onError: (error) => reply.fail(error),
        onResponse: (response) => reply.ok(withHeader(context, response)),
      });
    }),
    unary(context, kv.deleteRange, (request, reply: Reply<DeleteRangeResponseInit>, bytes) => {
      checkDeleteRangeRequest(request);
      propose(context, {
        decoded: { kind: "delete-range", message: request },
        bytes,
        onError: (error) => reply.fail(error),
        onResponse: (response) => reply.ok(withHeader(context, response)),
      });
    }),
    unary(context, kv.txn, (request, reply, bytes) => txn(context, request, reply, bytes)),
    unary(context, kv.compact, (request, reply: Reply<CompactionResponseInit>, bytes) => {
      const { store } = context.member.state;
      const whenRemoved = (answer: () => void): void => {
        if (!request.physical) answer();
        else store.compactionFinished().then(answer, (error: unknown) => reply.fail(error));
      };
      propose(context, {
        decoded: { kind: "compact", message: request },
        bytes,
        // A physical compaction that another caller has asked for is waited for, too.
        onError: (error) => whenRemoved(() => reply.fail(error)),
        onResponse: (response) => {
          const answer = withHeader(context, response);
          whenRemoved(() => reply.ok(answer));
        },
      });
    }),
  ];
}

/** Adds who answers to a response that holds only a revision. */
function withHeader<Response extends { readonly header?: ResponseHeaderInit | undefined }>(
  context: ServiceContext,
  response: Response,
): Response {
  return { ...response, header: headerOf(context, response.header?.revision) };
}

function txn(
  context: ServiceContext,
  request: TxnRequest,
  reply: Reply<TxnResponseInit>,
  bytes: Uint8Array,
): void {
  checkQuota(context, txnCostBytes(request));
  checkTxnRequest(request, context.options.transactionOperationsMax);
  if (isReadOnlyTxn(request)) {
    const read = (): void => {
      reply.ok(withHeader(context, context.member.state.readTxn(request)));
    };
    if (isSerializableTxn(request)) read();
    else whenFresh(context, (error) => reply.fail(error), read);
    return;
  }
  propose(context, {
    decoded: { kind: "txn", message: request },
    bytes,
    onError: (error) => reply.fail(error),
    onResponse: (response) => reply.ok(withHeader(context, response)),
  });
}

/** Members whose alarm is on its way: a burst of requests asks for it once. */
const raising = new WeakSet<Member>();

/**
 * Refuses a request that the quota leaves no room for, and raises the alarm that stops all writes.
 *
 * @throws ServiceError `no-space`.
 */
export function checkQuota(context: ServiceContext, costBytes: number): void {
  const { member, options } = context;
  const quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY;
  const { sizeBytes } = member.state.store.backend;
  if (!isQuotaExceeded({ costBytes, sizeBytes, quotaBytes })) return;
  const alarm = {
    action: AlarmRequestAlarmAction.ACTIVATE,
    memberId: member.memberId,
    alarm: AlarmType.NOSPACE,
  };
  if (!member.state.alarms.isRaised(AlarmType.NOSPACE) && !raising.has(member)) {
    raising.add(member);
    context.logger.warn("database space exceeded", { sizeBytes, quotaBytes });
    propose(context, {
      decoded: { kind: "alarm", message: alarm },
      bytes: encodeAlarmRequest(alarm),
      // The next request that does not fit asks again.
      onError: () => raising.delete(member),
      onResponse: () => raising.delete(member),
    });
  }
  throw new ServiceError("no-space");
}
