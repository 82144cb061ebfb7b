import {
  decodeConfigurationEntry,
  type Configuration,
  type Entry,
  type HardState,
  type Message,
  type RaftStatus,
  type Ready,
} from "@quorate/raft";

/** `{1 2 3} learners {4}`, `{1 2 4} outgoing {1 2 3}`. */
export function describeConfiguration(configuration: Configuration): string {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  const part = (name: string, members: readonly bigint[]): string =>
    members.length === 0 ? "" : ` ${name} {${members.join(" ")}}`;
  return (
    `{${voters.join(" ")}}` +
    part("outgoing", votersOutgoing) +
    part("learners", learners) +
    part("learners-next", learnersNext)
  );
}

/** `5/2 "x"`: index 5 of term 2. */
export function describeEntry(entry: Entry): string {
  const at = `${entry.index}/${entry.term}`;
  if (entry.kind === "configuration") {
    return `${at} ${describeConfiguration(decodeConfigurationEntry(entry.data).configuration)}`;
  }
  if (entry.data.length === 0) return `${at} empty`;
  if (entry.data.length > 20) return `${at} ${entry.data.length}B`;
  return `${at} "${String.fromCharCode(...entry.data)}"`;
}

/** One line: who says what to whom. */
export function describeMessage(message: Message): string {
  return `${message.from}->${message.to} term ${message.term} ${describeBody(message)}`;
}

function describeBody(message: Message): string {
  switch (message.kind) {
    case "append": {
      const entries = message.entries.map(describeEntry).join(", ");
      const after = `append after ${message.previousIndex}/${message.previousTerm}`;
      return `${after} [${entries}] commit ${message.commit}`;
    }
    case "append-response":
      if (!message.isRejected) return `append accepted through ${message.index}`;
      return `append rejected at ${message.index}, hint ${message.hintIndex}/${message.hintTerm}`;
    case "heartbeat":
      return `heartbeat commit ${message.commit}${describeRound(message.readRound)}`;
    case "heartbeat-response":
      return `heartbeat answered${describeRound(message.readRound)}`;
    case "commit":
      return `committed through ${message.commit}/${message.commitTerm}`;
    case "vote": {
      const kind = message.isPreVote ? "pre-vote?" : "vote?";
      const why = message.isLeaderTransfer ? " (transfer)" : "";
      return `${kind} log ends at ${message.lastIndex}/${message.lastTerm}${why}`;
    }
    case "vote-response": {
      const kind = message.isPreVote ? "pre-vote" : "vote";
      return `${kind} ${message.isRejected ? "refused" : "granted"}`;
    }
    case "snapshot": {
      const { index, term, configuration } = message.snapshot;
      return `snapshot at ${index}/${term} ${describeConfiguration(configuration)}`;
    }
    case "timeout-now":
      return "timeout-now";
    case "read-index":
      return "read-index?";
    case "read-index-response":
      return `read-index ${message.index}`;
  }
}

function describeRound(readRound: number): string {
  return readRound === 0 ? "" : ` round ${readRound}`;
}

/** What a Ready asks for, but for its messages; `known` was asked for before. */
export function describeReady(id: bigint, ready: Ready, known: HardState): readonly string[] {
  const lines: string[] = [];
  if (ready.softState !== undefined) {
    const { role, leader } = ready.softState;
    lines.push(`${id} is ${role}${leader === undefined ? "" : `, leader is ${leader}`}`);
  }
  if (ready.snapshot !== undefined) {
    lines.push(`${id} writes snapshot ${ready.snapshot.index}/${ready.snapshot.term}`);
  }
  const { term, votedFor } = ready.hardState ?? known;
  if (term !== known.term || votedFor !== known.votedFor) {
    lines.push(`${id} writes term ${term} vote ${votedFor ?? "none"}`);
  }
  if (ready.entries.length > 0) {
    lines.push(`${id} writes ${ready.entries.map(describeEntry).join(", ")}`);
  }
  if (ready.committedEntries.length > 0) {
    lines.push(`${id} applies ${ready.committedEntries.map(describeEntry).join(", ")}`);
  }
  for (const read of ready.readStates) {
    lines.push(`${id} may serve read ${read.requestId} at ${read.index}`);
  }
  for (const requestId of ready.abandonedReads) lines.push(`${id} abandons read ${requestId}`);
  return lines;
}

/** One line: where a node stands. */
export function describeStatus(status: RaftStatus): string {
  const { log, leadership } = status;
  const leader = status.role === "follower" ? ` of ${status.leader ?? "nobody"}` : "";
  const transfer =
    leadership?.transferTarget === undefined ? "" : ` transferring to ${leadership.transferTarget}`;
  return (
    `${status.id}: ${status.role}${leader} term ${status.term} ` +
    `commit ${log.commitIndex} last ${log.lastIndex}/${log.lastTerm}${transfer}`
  );
}

/** One line a follower of a leader. */
export function describeProgress(status: RaftStatus): readonly string[] {
  return (status.leadership?.followers ?? []).map((follower) => {
    const marks = [
      follower.isLearner ? " learner" : "",
      follower.isDeparting ? " departing" : "",
      follower.isRecentlyActive ? "" : " silent",
      follower.pendingSnapshot === undefined ? "" : ` snapshot ${follower.pendingSnapshot}`,
      follower.inflightAppends === 0 ? "" : ` inflight ${follower.inflightAppends}`,
    ];
    const { id, state, matchIndex, nextIndex } = follower;
    return `${id}: ${state} match ${matchIndex} next ${nextIndex}${marks.join("")}`;
  });
}
