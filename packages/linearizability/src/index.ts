export {
  checkLinearizability,
  type CheckOptions,
  type Counterexample,
  type Judgement,
} from "./check.ts";
export { formatCounterexample } from "./counterexample.ts";
export {
  InvalidHistoryError,
  isCompleted,
  type CompletedOperation,
  type Operation,
  type PendingOperation,
} from "./history.ts";
export { partitionBy, type Model } from "./model.ts";
export {
  registerModel,
  type RegisterInput,
  type RegisterOutput,
  type RegisterState,
} from "./models/register.ts";
export {
  versionedRegisterModel,
  type VersionedChange,
  type VersionedCondition,
  type VersionedInput,
  type VersionedOutput,
  type VersionedState,
  type VersionedValue,
} from "./models/versioned-register.ts";
export {
  mapModel,
  type MapCondition,
  type MapInput,
  type MapOutput,
  type MapRange,
  type MapState,
  type MapStep,
  type MapStepOutput,
} from "./models/map.ts";
