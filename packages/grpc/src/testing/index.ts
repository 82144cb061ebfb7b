export { describeRpcServer } from "./describe-rpc-server.ts";
export {
  type ComplianceOptions,
  type Harness,
  type RpcServerFactory,
  startHarness,
} from "./harness.ts";
export { connectRaw, frame, openRaw, rawOutcome, type RawOutcome } from "./raw-call.ts";
export {
  type ClientCallOptions,
  type ClientOutcome,
  type ClientUnaryCall,
  readAll,
  RpcClient,
} from "./rpc-client.ts";
export type { KnownGaps } from "./wire-compliance.ts";
