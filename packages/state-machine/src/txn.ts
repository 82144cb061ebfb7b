// A transaction runs in three steps, and only the last one writes:
//
//   1. choose    all compares, those of nested transactions on the chosen path too, against the
//                state before the transaction; the result is a tree of chosen branches
//   2. validate  everything on the chosen path that could fail, against that same state
//   3. execute   the operations in order; each sees the earlier ones; nothing can fail any more
//
// As etcd `server/etcdserver/txn/txn.go`. There, a put with ignore_value or ignore_lease behind a
// delete that the overlap check overlooks (range_end "\0") stops the server; here step 2 follows
// such deletes and refuses the whole transaction with `key-not-found` (C29).
import type {
  DeleteRangeRequest,
  DeleteRangeResponseInit,
  PutRequest,
  PutResponseInit,
  RangeRequest,
  RequestOp,
  ResponseOpInit,
  TxnRequest,
  TxnResponseInit,
} from "@quorate/api";
import {
  CompactedError,
  decodeStored,
  FutureRevisionError,
  keyFromBytes,
  rangeEndAll,
  type Key,
  type MvccStore,
  type RangeQuery,
  type RangeResult,
  type WriteTxn,
} from "@quorate/mvcc";
import { assert } from "./assert.ts";
import { RequestError } from "./errors.ts";
import type { LeaseTable } from "./lease-table.ts";
import { toKeyValue, toRangeQuery, toRangeResponse } from "./range-query.ts";
import { isCompareTrue } from "./txn-compare.ts";

/** State before the transaction. */
export interface TxnState {
  readonly store: MvccStore;
  readonly leases: LeaseTable;
}

/** The branch chosen at one level, with the choices of the nested transactions in it in order. */
export interface TxnPath {
  readonly succeeded: boolean;
  readonly operations: readonly RequestOp[];
  readonly nested: readonly TxnPath[];
}

/** Step 1: evaluates the compares. */
export function choosePath(state: TxnState, request: TxnRequest): TxnPath {
  const succeeded = request.compare.every((compare) => isCompareTrue(state, compare));
  const operations = succeeded ? request.success : request.failure;
  const nested: TxnPath[] = [];
  for (const { request: operation } of operations) {
    if (operation?.case === "requestTxn") nested.push(choosePath(state, operation.value));
  }
  return { succeeded, operations, nested };
}

/**
 * Step 2: checks the chosen path.
 *
 * @throws RequestError `lease-not-found` or `key-not-found`; CompactedError, FutureRevisionError.
 */
export function validatePath(state: TxnState, path: TxnPath): void {
  validateLevel(state, path, { deletedFrom: undefined });
}

/** Step 3: runs the chosen path. @returns The answer without the top header. */
export function executePath(state: TxnState, txn: WriteTxn, path: TxnPath): TxnResponseInit {
  const nested = path.nested.values();
  const responses = path.operations.map(({ request }): ResponseOpInit => {
    switch (request?.case) {
      case "requestRange":
        return { response: { case: "responseRange", value: executeRange(txn, request.value) } };
      case "requestPut":
        return { response: { case: "responsePut", value: executePut(state, txn, request.value) } };
      case "requestDeleteRange": {
        const value = executeDeleteRange(state, txn, request.value);
        return { response: { case: "responseDeleteRange", value } };
      }
      default: {
        const value = { header: {}, ...executePath(state, txn, nextOf(nested)) };
        return { response: { case: "responseTxn", value } };
      }
    }
  });
  return { succeeded: path.succeeded, responses };
}

/** Runs the chosen path of a transaction that only reads. */
export function readPath(store: MvccStore, path: TxnPath): TxnResponseInit {
  const responses = path.operations.map(({ request }): ResponseOpInit => {
    assert(request?.case === "requestRange", "a read-only transaction holds only ranges");
    return { response: { case: "responseRange", value: executeRange(store, request.value) } };
  });
  const header = { revision: store.currentRevision };
  return { header, succeeded: path.succeeded, responses };
}

/**
 * Checks a put of its own against the state before it: the lease first, then the key.
 *
 * @throws RequestError `lease-not-found` or `key-not-found`.
 */
export function validatePut(state: TxnState, request: PutRequest): void {
  validateLease(state, request);
  validateKey(state, request);
}

/** Runs a put that was validated. */
export function executePut(
  { leases }: TxnState,
  txn: WriteTxn,
  request: PutRequest,
): PutResponseInit {
  const key = keyFromBytes(request.key);
  const previous = request.prevKv || request.ignoreValue ? txn.get(key) : undefined;
  const lease = request.ignoreLease ? leases.leaseOf(key) : request.lease;
  let value = request.value;
  if (request.ignoreValue) {
    assert(previous !== undefined, "a put that keeps the value finds one");
    value = decodeStored(previous).value;
  }
  txn.put(key, value, lease);
  leases.attach(key, lease);
  const header = { revision: txn.revision };
  if (!request.prevKv || previous === undefined) return { header };
  return { header, prevKv: toKeyValue(previous) };
}

/** Runs a deletion; it cannot fail. */
export function executeDeleteRange(
  { leases }: TxnState,
  txn: WriteTxn,
  request: DeleteRangeRequest,
): DeleteRangeResponseInit {
  const key = keyFromBytes(request.key);
  const rangeEnd = keyFromBytes(request.rangeEnd);
  const prevKvs = request.prevKv ? txn.range({ key, rangeEnd }).kvs.map(toKeyValue) : [];
  const keys = txn.deleteRange(key, rangeEnd);
  for (const deleted of keys) leases.detach(deleted);
  const revision = txn.hasChanges ? txn.revision : txn.revision - 1;
  return { header: { revision }, deleted: keys.length, prevKvs };
}

interface ReadSource {
  range(query: RangeQuery): RangeResult;
}

function executeRange(
  source: ReadSource,
  request: RangeRequest,
): ReturnType<typeof toRangeResponse> {
  return toRangeResponse(source.range(toRangeQuery(request)));
}

/** What the operations before have done to the keys, as far as validation must know. */
interface Effects {
  /** Every key from here on was deleted. */
  deletedFrom: Key | undefined;
}

function validateLevel(state: TxnState, path: TxnPath, effects: Effects): void {
  const nested = path.nested.values();
  for (const { request } of path.operations) {
    switch (request?.case) {
      case "requestRange":
        validateRange(state.store, request.value);
        break;
      case "requestPut":
        // Not as a put of its own: which error comes first is as in etcd's `checkPut`.
        validateKey(state, request.value);
        validateLease(state, request.value);
        validateNotDeleted(request.value, effects);
        break;
      case "requestDeleteRange":
        noteDelete(request.value, effects);
        break;
      default:
        validateLevel(state, nextOf(nested), effects);
    }
  }
}

function validateLease({ leases }: TxnState, { lease }: PutRequest): void {
  if (lease === 0n || leases.has(lease)) return;
  throw new RequestError("lease-not-found", `Cannot put: lease ${lease} does not exist`);
}

function validateKey({ store }: TxnState, request: PutRequest): void {
  if (!request.ignoreValue && !request.ignoreLease) return;
  if (store.versionOf(keyFromBytes(request.key)) === undefined) throw missingKey();
}

function validateRange(store: MvccStore, { revision }: RangeRequest): void {
  if (revision === 0) return;
  const { currentRevision, compactRevision } = store;
  if (revision > currentRevision) throw new FutureRevisionError(revision, currentRevision);
  if (revision < compactRevision) throw new CompactedError(revision, compactRevision);
}

function noteDelete(request: DeleteRangeRequest, effects: Effects): void {
  if (keyFromBytes(request.rangeEnd) !== rangeEndAll) return;
  const key = keyFromBytes(request.key);
  if (effects.deletedFrom === undefined || key < effects.deletedFrom) effects.deletedFrom = key;
}

function validateNotDeleted(request: PutRequest, { deletedFrom }: Effects): void {
  if (deletedFrom === undefined || !(request.ignoreValue || request.ignoreLease)) return;
  if (keyFromBytes(request.key) >= deletedFrom) throw missingKey();
}

function nextOf(nested: Iterator<TxnPath>): TxnPath {
  const { value, done } = nested.next();
  assert(done !== true, "each nested transaction has a path");
  return value;
}

function missingKey(): RequestError {
  return new RequestError("key-not-found", "Cannot keep value or lease: the key does not exist");
}
