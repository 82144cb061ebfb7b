/**
 * How one configuration becomes the next (thesis §4.1, §4.3).
 *
 * A change of at most one voter is made in one step: majorities of sets that differ by one voter
 * always overlap. Anything more goes through a joint phase, in which both sets must agree:
 *
 * ```
 *   voters {1 2 3}                         add 4, add 5, remove 1
 *   voters {2 3 4 5} outgoing {1 2 3}      joint: enter, one entry
 *   voters {2 3 4 5}                       leave, one entry, appended by the leader itself
 * ```
 *
 * A voter of the outgoing set that is to become a learner cannot be one while it still votes: it
 * waits in `learnersNext`.
 */
import type { Configuration, ConfigurationChange } from "./configuration.ts";
import type { MemberId } from "./entry.ts";

/** The next configuration, or why there is none. */
export type ChangeResult =
  | { readonly kind: "changed"; readonly configuration: Configuration }
  | { readonly kind: "invalid"; readonly problem: string };

/** No member at all: what a node starts with that waits to be added to a running cluster. */
export const emptyConfiguration: Configuration = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
};

/** Makes a plain configuration, in ascending order. */
export function toConfiguration(
  voters: readonly MemberId[],
  learners: readonly MemberId[] = [],
): Configuration {
  return { ...emptyConfiguration, voters: ascending(voters), learners: ascending(learners) };
}

/** Two sets of voters must agree. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0;
}

/** Whether `member` votes, in either set. */
export function isVoter(configuration: Configuration, member: MemberId): boolean {
  return configuration.voters.includes(member) || configuration.votersOutgoing.includes(member);
}

/** Whether `member` takes part in any way. */
export function isMember(configuration: Configuration, member: MemberId): boolean {
  return isVoter(configuration, member) || configuration.learners.includes(member);
}

/** Every member, ascending. */
export function membersOf(configuration: Configuration): readonly MemberId[] {
  const { voters, votersOutgoing, learners } = configuration;
  return ascending(new Set([...voters, ...votersOutgoing, ...learners]));
}

/**
 * Applies changes in order to a configuration that is not joint.
 *
 * @param isJointWanted - Go through a joint phase even when one step would do.
 */
export function changeConfiguration(
  from: Configuration,
  changes: readonly ConfigurationChange[],
  isJointWanted: boolean,
): ChangeResult {
  if (isJoint(from)) return invalid("the configuration is still joint");
  const voters = new Set(from.voters);
  const learners = new Set(from.learners);
  for (const change of changes) {
    const { memberId } = change;
    if (change.kind === "remove" && !voters.has(memberId) && !learners.has(memberId)) {
      return invalid(`member ${memberId} is not in the configuration`);
    }
    voters.delete(memberId);
    learners.delete(memberId);
    if (change.kind === "add-voter") voters.add(memberId);
    else if (change.kind === "add-learner") learners.add(memberId);
  }
  if (voters.size === 0) return invalid("no voter would be left");
  const before = new Set(from.voters);
  const gone = from.voters.filter((voter) => !voters.has(voter));
  const added = [...voters].filter((voter) => !before.has(voter));
  if (gone.length + added.length <= 1 && !isJointWanted) {
    return { kind: "changed", configuration: toConfiguration([...voters], [...learners]) };
  }
  const configuration: Configuration = {
    voters: ascending(voters),
    votersOutgoing: from.voters,
    learners: ascending([...learners].filter((learner) => !before.has(learner))),
    learnersNext: ascending([...learners].filter((learner) => before.has(learner))),
  };
  return { kind: "changed", configuration };
}

/** Ends a joint phase: the incoming set alone decides from here on. */
export function leaveJoint(from: Configuration): Configuration {
  return toConfiguration(from.voters, [...from.learners, ...from.learnersNext]);
}

/** Whether `member`, the only voter of `from`, gets in `to` one newcomer beside it. */
export function isLoneGrowth(from: Configuration, to: Configuration, member: MemberId): boolean {
  if (isJoint(from) || isJoint(to) || from.voters.length !== 1 || to.voters.length !== 2) {
    return false;
  }
  if (from.voters[0] !== member || !to.voters.includes(member)) return false;
  return to.voters.every((voter) => voter === member || !from.learners.includes(voter));
}

/** What breaks the invariants of {@link Configuration}; undefined when they hold. */
export function configurationProblem(configuration: Configuration): string | undefined {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  for (const members of [voters, votersOutgoing, learners, learnersNext]) {
    const isAscending = members.every((id, i) => i === 0 || (members[i - 1] ?? 0n) < id);
    if (!isAscending) return "members are not ascending";
  }
  const voting = new Set([...voters, ...votersOutgoing]);
  if (learners.some((learner) => voting.has(learner))) return "a learner is a voter";
  const waiting = new Set(votersOutgoing);
  for (const voter of voters) waiting.delete(voter);
  if (learnersNext.some((id) => !waiting.has(id))) return "a next learner is no outgoing voter";
  if (voters.length === 0 && votersOutgoing.length > 0) return "joint without incoming voters";
  return undefined;
}

function invalid(problem: string): ChangeResult {
  return { kind: "invalid", problem };
}

function ascending(members: Iterable<MemberId>): readonly MemberId[] {
  return [...members].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
