// Argument checks: functions of the request alone. The service calls them before it proposes; apply
// calls them again without the operation limit, which is a setting of one member (P8), so that a
// request that came another way is refused alike everywhere instead of breaking apply.
import {
  RangeRequestSortOrder,
  RangeRequestSortTarget,
  type DeleteRangeRequest,
  type LeaseGrantRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from "@quorate/api";
import { RequestError } from "./errors.ts";
import { leaseTtlMaxSeconds } from "./lease-table.ts";
import type { PutCommand } from "./put-command.ts";
import { checkTxnOverlaps } from "./txn-overlap.ts";

/** Operations of a transaction when nothing else is set. */
export const defaultMaxTxnOps = 128;

/** Levels of nested transactions; deeper ones are refused as having too many operations. */
export const txnDepthMax = 32;

const maxSortOrder = Math.max(...Object.values(RangeRequestSortOrder));
const maxSortTarget = Math.max(...Object.values(RangeRequestSortTarget));

/**
 * Checks the arguments of a range.
 *
 * @throws {@link RequestError} `key-empty` or `invalid-sort-option`.
 */
export function checkRangeRequest(request: RangeRequest): void {
  checkKey(request.key);
  const { sortOrder, sortTarget } = request;
  if (sortOrder < 0 || sortOrder > maxSortOrder) throw sortError("order", sortOrder);
  if (sortTarget < 0 || sortTarget > maxSortTarget) throw sortError("target", sortTarget);
}

/**
 * Checks the arguments of a put.
 *
 * @throws {@link RequestError} `key-empty`, `value-provided` or `lease-provided`.
 */
export function checkPut(put: PutCommand): void {
  checkPutParts(put.keyLength, put.valueLength, put);
}

/**
 * Checks the arguments of a deletion.
 *
 * @throws {@link RequestError} `key-empty`.
 */
export function checkDeleteRangeRequest(request: DeleteRangeRequest): void {
  checkKey(request.key);
}

/**
 * Checks a transaction whole: operation counts, arguments of every operation of both branches at
 * any depth, then overlaps.
 *
 * @param maxTxnOps - Most compares, successes or failures at the top; what the top leaves over is
 *   the allowance of each nested transaction.
 * @throws {@link RequestError} `too-many-operations`, `key-empty`, `key-not-found` (an operation
 *   without content), those of the single checks, or `duplicate-key`.
 * @remarks O(n log n) in the number of operations.
 */
export function checkTxnRequest(request: TxnRequest, maxTxnOps: number = defaultMaxTxnOps): void {
  checkTxnLevel(request, maxTxnOps, 1);
  checkTxnOverlaps(request);
}

/**
 * Checks the arguments of a grant; a small TTL is raised, not refused.
 *
 * @throws {@link RequestError} `lease-ttl-too-large`.
 */
export function checkLeaseGrantRequest(request: LeaseGrantRequest): void {
  if (request.ttl > leaseTtlMaxSeconds) {
    const limit = `TTL ${request.ttl} s exceeds ${leaseTtlMaxSeconds} s`;
    throw new RequestError("lease-ttl-too-large", `Cannot grant lease: ${limit}`);
  }
}

/** Whether all operations of both branches are ranges: such a transaction is a read. */
export function isReadOnlyTxn(request: TxnRequest): boolean {
  return everyOperation(request, (operation) => operation.request?.case === "requestRange");
}

/** Whether a read-only transaction may be answered without asking the cluster. */
export function isSerializableTxn(request: TxnRequest): boolean {
  return everyOperation(
    request,
    ({ request: range }) => range?.case === "requestRange" && range.value.serializable,
  );
}

function checkTxnLevel(request: TxnRequest, allowance: number, depth: number): void {
  const count = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (count > allowance || depth > txnDepthMax) {
    const excess = count > allowance ? `${count} operations, ${allowance} allowed` : "too deep";
    throw new RequestError("too-many-operations", `Cannot run txn: ${excess}`);
  }
  for (const compare of request.compare) checkKey(compare.key);
  for (const operation of request.success) checkOperation(operation, allowance - count, depth);
  for (const operation of request.failure) checkOperation(operation, allowance - count, depth);
}

function checkOperation({ request }: RequestOp, allowance: number, depth: number): void {
  switch (request?.case) {
    case "requestRange":
      checkRangeRequest(request.value);
      return;
    case "requestPut":
      checkPutParts(request.value.key.length, request.value.value.length, request.value);
      return;
    case "requestDeleteRange":
      checkDeleteRangeRequest(request.value);
      return;
    case "requestTxn":
      checkTxnLevel(request.value, allowance, depth + 1);
      return;
    case undefined:
      throw new RequestError("key-not-found", "Cannot run txn: an operation is empty");
  }
}

function checkPutParts(keyLength: number, valueLength: number, put: PutFlags): void {
  if (keyLength === 0) throw emptyKey();
  if (put.ignoreValue && valueLength > 0) {
    throw new RequestError("value-provided", "Cannot put: ignore_value is set and value is given");
  }
  if (put.ignoreLease && put.lease !== 0n) {
    throw new RequestError("lease-provided", "Cannot put: ignore_lease is set and lease is given");
  }
}

type PutFlags = Pick<PutRequest, "ignoreValue" | "ignoreLease" | "lease">;

function checkKey(key: Uint8Array): void {
  if (key.length === 0) throw emptyKey();
}

function emptyKey(): RequestError {
  return new RequestError("key-empty", "Cannot use key: it is empty");
}

function sortError(what: string, value: number): RequestError {
  return new RequestError("invalid-sort-option", `Cannot sort: unknown ${what} ${value}`);
}

function everyOperation(request: TxnRequest, test: (operation: RequestOp) => boolean): boolean {
  return request.success.every(test) && request.failure.every(test);
}
