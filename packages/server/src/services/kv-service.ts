/** `etcdserverpb.KV`: the store itself. */
import { services, type CompactionResponseInit, type TxnRequest } from "@quorate/api";
import type { RpcMethod, UnaryCall } from "@quorate/grpc";
import {
  checkDeleteRangeRequest,
  checkPut,
  checkTxnRequest,
  isReadOnlyTxn,
  isSerializableTxn,
  PutCommand,
  putCostBytes,
  txnCostBytes,
} from "@quorate/state-machine";
import { propose, rawUnary, unary, whenFresh, whenOwn, type Reply } from "./calls.ts";
import { DeleteRangeCall, PutCall, TxnCall } from "./kv-call.ts";
import { checkQuota } from "./quota.ts";
import { rangeMethod } from "./range-service.ts";
import { rangeStreamMethod } from "./range-stream.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";
import { composeTxnAnswer } from "./write-answer.ts";

/** The methods of the service. */
export function kvMethods(context: ServiceContext): readonly RpcMethod[] {
  const kv = services.kv;
  return [
    rangeMethod(context),
    rangeStreamMethod(context),
    rawUnary(context, kv.put.path, (bytes, call) => {
      const put = new PutCommand(bytes);
      checkQuota(context, putCostBytes(put));
      checkPut(put);
      checkSize(context, bytes);
      context.member.propose(new PutCall(context, call, put));
    }),
    rawUnary(context, kv.deleteRange.path, (bytes, call) => {
      const request = kv.deleteRange.decodeRequest(bytes);
      checkDeleteRangeRequest(request);
      checkSize(context, bytes);
      context.member.propose(new DeleteRangeCall(context, call, request, bytes));
    }),
    rawUnary(context, kv.txn.path, (bytes, call) => {
      const request = kv.txn.decodeRequest(bytes);
      checkQuota(context, txnCostBytes(request));
      checkTxnRequest(request, context.options.transactionOperationsMax);
      if (isReadOnlyTxn(request)) {
        readTxn(context, request, call);
      } else {
        checkSize(context, bytes);
        context.member.propose(new TxnCall(context, call, bytes));
      }
    }),
    compactMethod(context),
  ];
}

function checkSize({ options }: ServiceContext, bytes: Uint8Array): void {
  if (bytes.length > options.requestBytesMax) throw new ServiceError("request-too-large");
}

function readTxn(context: ServiceContext, request: TxnRequest, call: UnaryCall): void {
  const { member, headers } = context;
  const read = (): void => {
    call.respond([composeTxnAnswer(headers, member.state.readTxn(request), member.term)]);
  };
  const fail = (error: unknown): void => call.fail(toStatus(error));
  if (isSerializableTxn(request)) whenOwn(context, fail, read);
  else whenFresh(context, fail, read);
}

function compactMethod(context: ServiceContext): RpcMethod {
  return unary(
    context,
    services.kv.compact,
    (request, reply: Reply<CompactionResponseInit>, bytes) => {
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
        onResponse: ({ header }) => {
          const answer = { header: headerOf(context, header?.revision) };
          whenRemoved(() => reply.ok(answer));
        },
      });
    },
  );
}
