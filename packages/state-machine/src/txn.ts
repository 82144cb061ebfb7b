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
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
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
import type {
  AppliedDeleteRange,
  AppliedOperation,
  AppliedPut,
  AppliedRange,
  AppliedTxn,
} from "./outcome.ts";
import type { PutCommand } from "./put-command.ts";
import { toRangeQuery } from "./range-query.ts";
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
  const succeeded = areComparesTrue(state, request.compare);
  const operations = succeeded ? request.success : request.failure;
  const nested: TxnPath[] = [];
  for (const { request: operation } of operations) {
    if (operation?.case === "requestTxn") nested.push(choosePath(state, operation.value));
  }
  return { succeeded, operations, nested };
}

function areComparesTrue(state: TxnState, compares: readonly Compare[]): boolean {
  for (const compare of compares) if (!isCompareTrue(state, compare)) return false;
  return true;
}

/**
 * Step 2: checks the chosen path.
 *
 * @throws RequestError `lease-not-found` or `key-not-found`; CompactedError, FutureRevisionError.
 */
export function validatePath(state: TxnState, path: TxnPath): void {
  validateLevel(state, path, { deletedFrom: undefined });
}

/** Step 3: runs the chosen path. @returns What each operation did, in order. */
export function executePath(state: TxnState, txn: WriteTxn, path: TxnPath): AppliedOperation[] {
  const operations: AppliedOperation[] = [];
  let nested = 0;
  for (const { request } of path.operations) {
    switch (request?.case) {
      case "requestRange":
        operations.push(executeRange(txn, request.value));
        break;
      case "requestPut":
        operations.push(executePut(state, txn, keyFromBytes(request.value.key), request.value));
        break;
      case "requestDeleteRange":
        operations.push(executeDeleteRange(state, txn, request.value));
        break;
      default:
        operations.push(executeNested(state, txn, nestedAt(path, nested++)));
    }
  }
  return operations;
}

/** Runs the chosen path of a transaction that only reads. */
export function readPath(store: MvccStore, path: TxnPath): AppliedTxn {
  const operations: AppliedOperation[] = [];
  for (const { request } of path.operations) {
    assert(request?.case === "requestRange", "a read-only transaction holds only ranges");
    operations.push(executeRange(store, request.value));
  }
  return { kind: "txn", revision: store.currentRevision, succeeded: path.succeeded, operations };
}

/**
 * Checks a put of its own against the state before it: the lease first, then the key.
 *
 * @throws RequestError `lease-not-found` or `key-not-found`.
 */
export function validatePut(state: TxnState, put: PutCommand): void {
  validateLease(state, put);
  if (put.ignoreValue || put.ignoreLease) validateKey(state, put.key);
}

/** What a put says beside its key. */
export type PutFields = Readonly<Omit<PutRequest, "key">>;

/** Runs a put that was validated. */
export function executePut(
  { leases }: TxnState,
  txn: WriteTxn,
  key: Key,
  put: PutFields,
): AppliedPut {
  const previous = put.prevKv || put.ignoreValue ? txn.get(key) : undefined;
  const lease = put.ignoreLease ? leases.leaseOf(key) : put.lease;
  let value = put.value;
  if (put.ignoreValue) {
    assert(previous !== undefined, "a put that keeps the value finds one");
    value = decodeStored(previous).value;
  }
  txn.put(key, value, lease);
  leases.attach(key, lease);
  return { kind: "put", revision: txn.revision, prevKv: put.prevKv ? previous : undefined };
}

/** Runs a deletion; it cannot fail. */
export function executeDeleteRange(
  { leases }: TxnState,
  txn: WriteTxn,
  request: DeleteRangeRequest,
): AppliedDeleteRange {
  const key = keyFromBytes(request.key);
  const rangeEnd = keyFromBytes(request.rangeEnd);
  const prevKvs = request.prevKv ? txn.range({ key, rangeEnd }).kvs : [];
  const keys = txn.deleteRange(key, rangeEnd);
  for (const deleted of keys) leases.detach(deleted);
  const revision = txn.hasChanges ? txn.revision : txn.revision - 1;
  return { kind: "delete-range", revision, deleted: keys.length, prevKvs };
}

/** The header of a nested answer is empty, as etcd's. */
function executeNested(state: TxnState, txn: WriteTxn, path: TxnPath): AppliedTxn {
  const operations = executePath(state, txn, path);
  return { kind: "txn", revision: 0, succeeded: path.succeeded, operations };
}

interface ReadSource {
  range(query: RangeQuery): RangeResult;
}

function executeRange(source: ReadSource, request: RangeRequest): AppliedRange {
  return { kind: "range", result: source.range(toRangeQuery(request)) };
}

/** What the operations before have done to the keys, as far as validation must know. */
interface Effects {
  /** Every key from here on was deleted. */
  deletedFrom: Key | undefined;
}

function validateLevel(state: TxnState, path: TxnPath, effects: Effects): void {
  let nested = 0;
  for (const { request } of path.operations) {
    switch (request?.case) {
      case "requestRange":
        validateRange(state.store, request.value);
        break;
      case "requestPut":
        // Not as a put of its own: which error comes first is as in etcd's `checkPut`.
        if (request.value.ignoreValue || request.value.ignoreLease) {
          validateKey(state, keyFromBytes(request.value.key));
        }
        validateLease(state, request.value);
        validateNotDeleted(request.value, effects);
        break;
      case "requestDeleteRange":
        noteDelete(request.value, effects);
        break;
      default:
        validateLevel(state, nestedAt(path, nested++), effects);
    }
  }
}

function validateLease({ leases }: TxnState, { lease }: { readonly lease: bigint }): void {
  if (lease === 0n || leases.has(lease)) return;
  throw new RequestError("lease-not-found", `Cannot put: lease ${lease} does not exist`);
}

/** A put that keeps value or lease needs a key that has them. */
function validateKey({ store }: TxnState, key: Key): void {
  if (store.versionOf(key) === undefined) throw missingKey();
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

function nestedAt(path: TxnPath, index: number): TxnPath {
  const nested = path.nested[index];
  assert(nested !== undefined, "each nested transaction has a path");
  return nested;
}

function missingKey(): RequestError {
  return new RequestError("key-not-found", "Cannot keep value or lease: the key does not exist");
}
