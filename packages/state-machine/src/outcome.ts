/**
 * What became of a request. Answers that carry pairs hold them as stored, which is their wire form,
 * so that whoever answers a caller puts them together without decoding anything.
 */
import type {
  AlarmResponseInit,
  CompactionResponseInit,
  LeaseCheckpointResponseInit,
  LeaseGrantResponseInit,
  LeaseRevokeResponseInit,
} from "@quorate/api";
import type { RangeResult } from "@quorate/mvcc";
import type { RefusedError } from "./errors.ts";
import type { ClusterVersionRequest } from "./internal-request.ts";

/** What became of one request: its answer, or why it had no effect. */
export type RequestOutcome = AppliedResponse | RequestRefusal;

/** A request without effect. */
export interface RequestRefusal {
  readonly kind: "refused";
  readonly error: RefusedError;
}

/** An answer; discriminated by `kind`. */
export type AppliedResponse = AppliedPut | AppliedDeleteRange | AppliedTxn | AppliedMessage;

/** Answer of a kind that does not come in masses: a message, decoded. */
export type AppliedMessage = {
  [K in keyof ResponseMessages]: { readonly kind: K; readonly message: ResponseMessages[K] };
}[keyof ResponseMessages];

/** Answer to a put. */
export interface AppliedPut {
  readonly kind: "put";
  /** Revision of the put. */
  readonly revision: number;
  /** The pair before, as stored; undefined when there was none or nobody asked. */
  readonly prevKv: Uint8Array | undefined;
}

/** Answer to a deletion. */
export interface AppliedDeleteRange {
  readonly kind: "delete-range";
  /** Revision of the store afterwards. */
  readonly revision: number;
  readonly deleted: number;
  /** The deleted pairs as stored, when asked for. */
  readonly prevKvs: readonly Uint8Array[];
}

/** Answer to a range within a transaction. */
export interface AppliedRange {
  readonly kind: "range";
  readonly result: RangeResult;
}

/** Answer to a transaction. */
export interface AppliedTxn {
  readonly kind: "txn";
  /** Revision of the store afterwards; 0 in a nested transaction, whose header is empty. */
  readonly revision: number;
  /** Whether all compares held. */
  readonly succeeded: boolean;
  /** One for each operation of the chosen branch, in order. */
  readonly operations: readonly AppliedOperation[];
}

/** Answer to an operation of a transaction. */
export type AppliedOperation = AppliedPut | AppliedDeleteRange | AppliedRange | AppliedTxn;

/** The messages that answer the other kinds of requests; a header holds only the revision. */
export interface ResponseMessages {
  compact: CompactionResponseInit;
  "lease-grant": LeaseGrantResponseInit;
  "lease-revoke": LeaseRevokeResponseInit;
  "lease-expire": LeaseExpireResponse;
  "lease-checkpoint": LeaseCheckpointResponseInit;
  alarm: AlarmResponseInit;
  "member-attributes": MemberAttributesResponse;
  "cluster-version": ClusterVersionRequest;
}

/** Answer to a lease-expire request. */
export interface LeaseExpireResponse {
  /** Ids of the leases that were removed; empty when the request was void. */
  readonly expired: readonly bigint[];
  /** Whether the term had moved (L3). */
  readonly isVoid: boolean;
}

/** Answer to a member-attributes request. */
export interface MemberAttributesResponse {
  /** False when the member is not, or no more, in the cluster. */
  readonly isMember: boolean;
}
