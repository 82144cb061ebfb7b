export { openSession, Session, type SessionOptions } from "./session.ts";
export { Lock, Mutex, type WaitOptions } from "./mutex.ts";
export { Election, Leadership, type Leader } from "./election.ts";
export { Ownership } from "./ownership.ts";
export { ownerKey } from "./owner-queue.ts";
export {
  AlreadyQueuedError,
  InstanceConflictError,
  InvalidInstanceError,
  NotOwnerError,
  OwnershipLostError,
  RecipeError,
  SessionLostError,
  WaitCancelledError,
  type OwnershipLoss,
} from "./errors.ts";
export {
  defaultRegistryRoot,
  Registry,
  type ForeignRow,
  type RegisteredInstance,
  type RegistryOptions,
  type Resolved,
} from "./registry.ts";
export { toInstance, type InstanceInit } from "./instance.ts";
export { formatInstance, parseInstance, type Instance } from "@quorate/client";
export type { InstanceEvent, InstanceWatch, InstanceWatchOptions } from "./instance-watch.ts";
export type {
  Registration,
  RegistrationEvent,
  RegistrationOptions,
  RegistrationState,
} from "./registration.ts";
