export {
  StateMachine,
  type AlarmView,
  type AppliedBatch,
  type AppliedEntry,
  type CommittedEntry,
  type ConfigurationEntry,
  type LeaseView,
  type MembershipView,
  type NormalEntry,
  type StateMachineOptions,
  type StateMachineSnapshot,
} from "./state-machine.ts";
export {
  checkBatch,
  decodeBatch,
  encodeBatch,
  firstSequence,
  joinBatches,
  requestOverheadMaxBytes,
  type BatchRequest,
  type ProposedRequest,
  type RequestId,
} from "./batch.ts";
export { BatchReader } from "./batch-reader.ts";
export type { BatchPosition, HeldBatch, HeldBatches } from "./held-batch.ts";
export type { RequestKind } from "./request-kind.ts";
export {
  decodeRequest,
  minLeaseTtlSeconds,
  normalizeLeaseGrant,
  type DecodedRequest,
  type RequestMessages,
} from "./request.ts";
export type {
  AppliedDeleteRange,
  AppliedMessage,
  AppliedOperation,
  AppliedPut,
  AppliedRange,
  AppliedResponse,
  AppliedTxn,
  LeaseExpireResponse,
  MemberAttributesResponse,
  RequestOutcome,
  RequestRefusal,
  ResponseMessages,
} from "./outcome.ts";
export { PutCommand } from "./put-command.ts";
export { toDeleteRangeResponse, toPutResponse, toTxnResponse } from "./wire-response.ts";
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
  checkPut,
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
export { highOfId, IdTable, idOfHalves, lowOfId } from "./id-table.ts";
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
  toMemberErrorCode,
  type MemberErrorCode,
  type RefusedError,
  type RequestErrorCode,
  type StateMachineErrorCode,
} from "./errors.ts";
export { toRangeResponse } from "./range-query.ts";
