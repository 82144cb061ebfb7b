/**
 * Answers as messages of the wire, decoded. Whoever answers many callers composes their bytes from
 * the stored ones instead.
 */
import type {
  DeleteRangeResponseInit,
  PutResponseInit,
  ResponseOpInit,
  TxnResponseInit,
} from "@quorate/api";
import type { AppliedDeleteRange, AppliedOperation, AppliedPut, AppliedTxn } from "./outcome.ts";
import { toKeyValue, toRangeResponse } from "./range-query.ts";

/** The wire message of a put's answer. */
export function toPutResponse({ revision, prevKv }: AppliedPut): PutResponseInit {
  const header = { revision };
  return prevKv === undefined ? { header } : { header, prevKv: toKeyValue(prevKv) };
}

/** The wire message of a deletion's answer. */
export function toDeleteRangeResponse(applied: AppliedDeleteRange): DeleteRangeResponseInit {
  const { revision, deleted, prevKvs } = applied;
  return { header: { revision }, deleted, prevKvs: prevKvs.map(toKeyValue) };
}

/** The wire message of a transaction's answer. */
export function toTxnResponse({ revision, succeeded, operations }: AppliedTxn): TxnResponseInit {
  const header = revision === 0 ? {} : { revision };
  return { header, succeeded, responses: operations.map(toResponseOp) };
}

function toResponseOp(operation: AppliedOperation): ResponseOpInit {
  switch (operation.kind) {
    case "range":
      return { response: { case: "responseRange", value: toRangeResponse(operation.result) } };
    case "put":
      return { response: { case: "responsePut", value: toPutResponse(operation) } };
    case "delete-range":
      return { response: { case: "responseDeleteRange", value: toDeleteRangeResponse(operation) } };
    case "txn":
      return { response: { case: "responseTxn", value: toTxnResponse(operation) } };
  }
}
