export {
  toLogIndex,
  toMemberId,
  toTerm,
  type Entry,
  type EntryKind,
  type HardState,
  type LogIndex,
  type MemberId,
  type Term,
} from "./entry.ts";
export type {
  Configuration,
  ConfigurationChange,
  ConfigurationEntry,
  SnapshotMark,
} from "./configuration.ts";
export type {
  AppendMessage,
  AppendResponseMessage,
  HeartbeatMessage,
  HeartbeatResponseMessage,
  Message,
  MessageHead,
  ReadIndexMessage,
  ReadIndexResponseMessage,
  SnapshotMessage,
  TimeoutNowMessage,
  VoteMessage,
  VoteResponseMessage,
} from "./message.ts";
export type { ReadState, Ready, Role, SoftState } from "./ready.ts";
