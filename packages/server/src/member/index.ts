/**
 * A member without its process: what a simulator puts on machines, networks and disks of its own.
 *
 * @internal
 */
export { Member, type MemberDependencies, type MemberObserver } from "./member.ts";
export type { MemberMeter } from "./member-meter.ts";
export type { MemberChangeEnd, WantedMemberChange } from "./membership.ts";
export { defaultMemberLimits, type MemberLimits, type MemberTiming } from "./member-timing.ts";
export { AutoCompactor } from "./auto-compactor.ts";
export { Publisher } from "../publish.ts";
export { compactThroughLog } from "../services/compaction.ts";
export type { AutoCompaction } from "../config/options.ts";
export {
  openStorage,
  type Bootstrap,
  type OpenedStorage,
  type StorageDependencies,
} from "./storage.ts";
export { FrameKind } from "../peer/frame.ts";
export type {
  IncomingSnapshot,
  OutgoingSnapshot,
  PeerAddress,
  PeerHandler,
  PeerTransport,
} from "../peer/peer-transport.ts";
export { createMethods } from "../services/methods.ts";
export { OpenStreams } from "../services/open-streams.ts";
export {
  createHeaderEncoder,
  type ServiceContext,
  type ServiceOptions,
} from "../services/service-context.ts";
