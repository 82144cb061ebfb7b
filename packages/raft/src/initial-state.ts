import { configurationProblem } from "./configuration-change.ts";
import type { SnapshotMark } from "./configuration.ts";
import { toLogIndex, type Entry, type HardState, type LogIndex } from "./entry.ts";
import { RaftStateError } from "./errors.ts";
import { RaftLog } from "./log.ts";

/** What a node starts from: read back from the disk, or made up for a new member. */
export interface RaftInitialState {
  readonly hardState: HardState;
  /**
   * The base of the retained log. Every first member of a new cluster starts with the same: index
   * 0, term 0 and all of them as voters. A member that will be added to a running cluster starts
   * with the empty configuration and learns it from the log.
   */
  readonly compacted: SnapshotMark;
  /** Everything after the base, durable, without a hole. */
  readonly entries: readonly Entry[];
  /** What the state machine holds durably; at least the base. */
  readonly applied: LogIndex;
}

/**
 * Checks a state and makes the log from it.
 *
 * The commit index on the disk is a hint that may lag behind what was applied; both are committed.
 *
 * @throws {@link RaftStateError}
 */
export function initialLog(state: RaftInitialState): RaftLog {
  const { compacted, entries, hardState, applied } = state;
  let last: number = compacted.index;
  let lastTerm: number = compacted.term;
  for (const entry of entries) {
    if (entry.index !== last + 1) refuse(`entry ${entry.index} follows ${last}`);
    if (entry.term < lastTerm)
      refuse(`entry ${entry.index} is of an older term than the one before`);
    last = entry.index;
    lastTerm = entry.term;
  }
  if (lastTerm > hardState.term) refuse(`last entry is of term ${lastTerm}, hard state is older`);
  if (hardState.commit > last) refuse(`commit is ${hardState.commit}, the log ends at ${last}`);
  if (applied > last) refuse(`applied is ${applied}, the log ends at ${last}`);
  if (applied < compacted.index) refuse(`applied is ${applied}, the log begins after it`);
  const problem = configurationProblem(compacted.configuration);
  if (problem !== undefined) refuse(problem);
  const commit = toLogIndex(Math.max(hardState.commit, applied, compacted.index));
  return new RaftLog(compacted, entries, { commit, applied });
}

function refuse(problem: string): never {
  throw new RaftStateError(`Cannot start from the state on disk: ${problem}`);
}
