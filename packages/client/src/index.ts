export { Client, connect } from "./client.ts";
export type {
  AuthOptions,
  CallOptions,
  ClientOptions,
  KeepaliveOptions,
  TlsOptions,
  WatchBufferOptions,
} from "./options.ts";
export type { Bytes } from "./bytes.ts";
export { prefixEnd, type KeyRange } from "./key-range.ts";
export { KeyValue, type Header } from "./key-value.ts";
export type { RangeOptions, RangeResult } from "./range-request.ts";
export type { PageOptions, RangePage } from "./pager.ts";
export type { CompactOptions, KvClient } from "./kv.ts";
export {
  op,
  type DeleteOptions,
  type DeleteResult,
  type Operation,
  type PutOptions,
  type PutResult,
} from "./operation.ts";
export {
  compare,
  Txn,
  type CompareOperator,
  type Comparison,
  type ResultsOf,
  type TxnResult,
} from "./txn.ts";
export type { Watcher, WatchBatch, WatchEvent, WatchOptions } from "./watcher.ts";
export type { HoldOptions, LeaseClient, LeaseGrant, LeaseTimeToLive } from "./lease.ts";
export type { Lease } from "./lease-holder.ts";
export type {
  AuthClient,
  ClusterClient,
  ElectionServiceClient,
  HealthClient,
  LockServiceClient,
  MaintenanceClient,
  MemberCallOptions,
  ServiceCalls,
} from "./service-calls.ts";
export {
  ClientClosedError,
  EtcdError,
  InvalidArgumentError,
  InvalidOptionsError,
  LeaseLostError,
  ServerError,
  TransportError,
  WatchCanceledError,
  WatchCompactedError,
  type CallFailure,
  type LeaseLossReason,
  type ServerErrorCode,
  type TransportErrorCode,
} from "./errors.ts";
export { toBytes, toText } from "./bytes.ts";
// For other packages: the rows of the service registry.
export {
  formatInstance,
  instanceProblems,
  isSameInstance,
  isServiceName,
  parseInstance,
  type Instance,
} from "./instance.ts";
