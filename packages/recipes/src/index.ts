export { openSession, Session, type SessionOptions } from "./session.ts";
export { Lock, Mutex, type WaitOptions } from "./mutex.ts";
export { Election, Leadership, type Leader } from "./election.ts";
export { Ownership } from "./ownership.ts";
export { ownerKey } from "./owner-queue.ts";
export {
  AlreadyQueuedError,
  InvalidInstanceError,
  NotOwnerError,
  OwnershipLostError,
  RecipeError,
  SessionLostError,
  WaitCancelledError,
  type OwnershipLoss,
} from "./errors.ts";
