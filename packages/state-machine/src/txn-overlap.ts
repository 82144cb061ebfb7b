// A branch of a transaction may not put a key twice, nor put and delete it. The rule is etcd's
// (`server/etcdserver/api/v3rpc/key.go` `checkIntervals`) with its gaps, which clients can see:
//
//   - A level's own deletes count for the whole level, wherever they stand.
//   - Nested transactions are taken in order. A put in either of their branches collides with a put
//     of an earlier one and with any delete known so far; afterwards their deletes are known too.
//     So a put in an earlier nested transaction and a delete in a later one go unnoticed.
//   - The two branches of one nested transaction exclude each other and do not collide.
//   - A delete to "\0" (no upper bound) counts as the empty interval [key, "\0"): no collision.
import { keyFromBytes, type Key } from "@quorate/mvcc";
import type { RequestOp, TxnRequest } from "@quorate/api";
import { RequestError } from "./errors.ts";
import { KeyIntervals, type KeyInterval } from "./key-interval.ts";

/**
 * Checks both branches of the outermost transaction, each for itself.
 *
 * @throws RequestError `duplicate-key`.
 */
export function checkTxnOverlaps(request: TxnRequest): void {
  // Hot: most transactions write one key, and need no sets to find that out.
  if (mayCollide(request.success)) checkBranch(request.success);
  if (mayCollide(request.failure)) checkBranch(request.failure);
}

interface BranchWrites {
  readonly puts: ReadonlySet<Key>;
  readonly deletes: KeyIntervals;
}

function checkBranch(operations: readonly RequestOp[]): BranchWrites {
  const puts = new Set<Key>();
  let deletes = deletesOf(operations);
  for (const { request } of operations) {
    if (request?.case !== "requestTxn") continue;
    const success = checkBranch(request.value.success);
    const failure = checkBranch(request.value.failure);
    for (const key of success.puts) addPut(puts, key, deletes);
    for (const key of failure.puts) if (!success.puts.has(key)) addPut(puts, key, deletes);
    deletes = deletes.union(success.deletes).union(failure.deletes);
  }
  for (const { request } of operations) {
    if (request?.case === "requestPut") addPut(puts, keyFromBytes(request.value.key), deletes);
  }
  return { puts, deletes };
}

function addPut(puts: Set<Key>, key: Key, deletes: KeyIntervals): void {
  if (puts.has(key) || deletes.has(key)) {
    throw new RequestError("duplicate-key", "Cannot run txn: a key is written twice in a branch");
  }
  puts.add(key);
}

function deletesOf(operations: readonly RequestOp[]): KeyIntervals {
  const intervals: KeyInterval[] = [];
  for (const { request } of operations) {
    if (request?.case !== "requestDeleteRange") continue;
    const begin = keyFromBytes(request.value.key);
    const rangeEnd = keyFromBytes(request.value.rangeEnd);
    intervals.push({ begin, end: rangeEnd === "" ? `${begin}\0` : rangeEnd });
  }
  return KeyIntervals.of(intervals);
}

/** Whether there are two writes, or nested ones. */
function mayCollide(operations: readonly RequestOp[]): boolean {
  let writes = 0;
  for (const { request } of operations) {
    if (request?.case === "requestTxn") return true;
    if (request?.case === "requestPut" || request?.case === "requestDeleteRange") writes += 1;
  }
  return writes > 1;
}
