// How much space a request may take, and whether the quota leaves room for it. The estimate is
// etcd's (`server/storage/quota.go`); deletes and reads cost nothing, so that a full store can be
// emptied.
import type { RequestOp, TxnRequest } from "@quorate/api";
import type { PutCommand } from "./put-command.ts";

/** Quota in bytes when none is set: 2 GiB. */
export const defaultQuotaBytes: number = 2 * 1024 ** 3;

/** Estimated bytes of a lease. */
export const leaseGrantCostBytes = 64;

const putOverheadBytes = 256;

/** Quota of a `--quota-backend-bytes` value: 0 is the default, a negative one is none. */
export function quotaBytesOf(setting: number): number {
  if (setting === 0) return defaultQuotaBytes;
  return setting < 0 ? Number.POSITIVE_INFINITY : setting;
}

/** Estimated bytes of a put: its key, its value and 256. */
export function putCostBytes({ keyLength, valueLength }: PutCommand): number {
  return putOverheadBytes + keyLength + valueLength;
}

/** Estimated bytes of a transaction: the costlier branch, nested ones alike. O(operations). */
export function txnCostBytes(request: TxnRequest): number {
  return Math.max(branchCostBytes(request.success), branchCostBytes(request.failure));
}

/**
 * Whether a request must be refused for lack of space; the caller then raises a NOSPACE alarm.
 *
 * @param room - `sizeBytes`: what the backend has allocated; `quotaBytes`: {@link quotaBytesOf}.
 */
export function isQuotaExceeded(room: {
  readonly costBytes: number;
  readonly sizeBytes: number;
  readonly quotaBytes: number;
}): boolean {
  return room.costBytes > 0 && room.sizeBytes + room.costBytes >= room.quotaBytes;
}

function branchCostBytes(operations: readonly RequestOp[]): number {
  let cost = 0;
  for (const { request } of operations) {
    if (request?.case === "requestPut") {
      const { key, value } = request.value;
      cost += putOverheadBytes + key.length + value.length;
    } else if (request?.case === "requestTxn") {
      cost += txnCostBytes(request.value);
    }
  }
  return cost;
}
