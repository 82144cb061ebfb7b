export {
  StateMachine,
  type AlarmView,
  type AppliedEntry,
  type CommittedEntry,
  type ConfigurationEntry,
  type DecodedLookup,
  type LeaseView,
  type MembershipView,
  type NormalEntry,
  type RequestOutcome,
  type StateMachineOptions,
  type StateMachineSnapshot,
} from "./state-machine.ts";
export {
  concatBatches,
  decodeBatch,
  encodeBatch,
  firstSequence,
  requestOverheadMaxBytes,
  type BatchRequest,
  type ProposedRequest,
  type RequestId,
} from "./batch.ts";
export type { RequestKind } from "./request-kind.ts";
export {
  decodeRequest,
  minLeaseTtlSeconds,
  normalizeLeaseGrant,
  type AppliedResponse,
  type DecodedRequest,
  type LeaseExpireResponse,
  type MemberAttributesResponse,
  type RequestMessages,
  type ResponseMessages,
} from "./request.ts";
export {
  encodeClusterVersionRequest,
  encodeLeaseExpireRequest,
  encodeMemberAttributes,
  type ClusterVersionRequest,
  type LeaseExpireRequest,
} from "./internal-request.ts";
export {
  checkDeleteRangeRequest,
  checkLeaseGrantRequest,
  checkPutRequest,
  checkRangeRequest,
  checkTxnRequest,
  defaultMaxTxnOps,
  isReadOnlyTxn,
  isSerializableTxn,
  txnDepthMax,
} from "./request-check.ts";
export {
  defaultQuotaBytes,
  isQuotaExceeded,
  leaseGrantCostBytes,
  putCostBytes,
  quotaBytesOf,
  txnCostBytes,
} from "./quota.ts";
export { leaseTtlMaxSeconds, type LeaseRecord } from "./lease-table.ts";
export type { Alarm } from "./alarm-table.ts";
export type { MemberAttributes, MemberRecord, MemberView } from "./member-table.ts";
export type { MemberConfiguration } from "./configuration.ts";
export {
  decodeMemberChange,
  encodeMemberChange,
  type MemberAddress,
  type MemberChange,
  type MemberChangeContext,
} from "./member-change.ts";
export {
  checkLearnerReady,
  checkMemberChange,
  checkQuorumAfter,
  type Connectivity,
  type MemberCheckOptions,
  type RequestedMemberChange,
} from "./member-check.ts";
export { parseInitialCluster, type InitialCluster, type InitialMember } from "./initial-cluster.ts";
export { computeClusterId, computeMemberId } from "./member-id.ts";
export { normalizePeerUrls } from "./peer-urls.ts";
export {
  ApplyFailedError,
  MalformedBatchError,
  MalformedRequestError,
  MemberChangeError,
  RequestError,
  StateMachineError,
  type MemberErrorCode,
  type RefusedError,
  type RequestErrorCode,
  type StateMachineErrorCode,
} from "./errors.ts";
export { toRangeResponse } from "./range-query.ts";
