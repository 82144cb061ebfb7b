export { RaftNode } from "./raft-node.ts";
export {
  defaultRaftOptions,
  resolveRaftOptions,
  type RaftOptions,
  type RaftRandom,
  type ResolvedRaftOptions,
} from "./options.ts";
export type { RaftInitialState } from "./initial-state.ts";
export type { ReadState, Ready, Role, SoftState } from "./ready.ts";
export type {
  ConfigurationOptions,
  ConfigurationResult,
  DropReason,
  ProposeResult,
  ReadIndexResult,
  TransferResult,
} from "./results.ts";
export type { FollowerStatus, LeaderStatus, LogStatus, RaftStatus } from "./status.ts";
export type { ProgressState } from "./progress.ts";
export type { Promises } from "./promise-witness.ts";
export { RaftAssertionError } from "./assert.ts";
export {
  RaftCodecError,
  RaftError,
  RaftForgottenError,
  RaftOptionsError,
  RaftStateError,
} from "./errors.ts";

// For other packages.
export {
  entryBytes,
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
export {
  emptyConfiguration,
  isJoint,
  isMember,
  isVoter,
  membersOf,
  toConfiguration,
} from "./configuration-change.ts";
export type {
  AppendMessage,
  AppendResponseMessage,
  CommitMessage,
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
export { decodeMessage, encodeMessage } from "./codec.ts";
export {
  decodeConfigurationEntry,
  decodeEntry,
  decodeHardState,
  decodeSnapshotMark,
  encodeConfigurationEntry,
  encodeEntry,
  encodeHardState,
  encodeSnapshotMark,
} from "./codec-records.ts";
