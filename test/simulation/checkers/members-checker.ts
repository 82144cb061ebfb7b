/**
 * Who the members are is said in one place, the replicated state; consensus has it from there and
 * from the log behind it (M4). Whoever was removed never comes back under its old id (M3).
 */
import { decodeConfigurationEntry, type Configuration } from "@quorate/raft";
import type { Entry } from "@quorate/raft";
import type { MemberConfiguration, MembershipView } from "@quorate/state-machine";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/** Entries between two looks at a state beside those that change it. */
const entriesPerLook = 32;

/** See the head of the file. */
export class MembersChecker implements WorldObserver {
  readonly #coverage: Coverage;
  /** All that were ever members. */
  readonly #known = new Set<bigint>();
  #removed: readonly bigint[] = [];
  #appliedIndex = 0;

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  started(process: ObservedProcess): void {
    this.#compare(process);
  }

  restored(process: ObservedProcess): void {
    this.#compare(process);
  }

  softStateChanged(process: ObservedProcess): void {
    this.#compare(process);
  }

  applied(process: ObservedProcess, entry: Entry): void {
    if (entry.kind === "configuration") this.#apply(process, entry);
    else if (entry.index % entriesPerLook === 0) this.#compare(process);
  }

  #apply(process: ObservedProcess, entry: Entry): void {
    const { memberId, state } = process;
    const { configuration } = decodeConfigurationEntry(entry.data);
    check(isSame(configuration, state.members.configuration), "M4", () => {
      const own = describe(state.members.configuration);
      const wanted = describe(configuration);
      return `${memberId} has members ${own} after ${entry.index}, which says ${wanted}`;
    });
    this.#compare(process);
    this.#isGoneForGood(process, entry.index, configuration);
  }

  /** Consensus acts on what is in the state, unless its log is ahead of it. */
  #compare(process: ObservedProcess): void {
    const { memberId, state } = process;
    // A first member knows the others from its settings until it has applied what says so.
    if (state.appliedIndex === 0) return;
    const { members, appliedIndex } = state;
    const problem = tableProblem(members);
    check(problem === undefined, "M4", () => `${memberId} at ${appliedIndex}: ${problem}`);
    const { configuration, configurationIndex } = process.status();
    if (configurationIndex > appliedIndex) return;
    check(isSame(configuration, members.configuration), "M4", () => {
      const inState = `its state at ${appliedIndex} has ${describe(members.configuration)}`;
      return `${memberId} acts on ${describe(configuration)}, ${inState}`;
    });
    this.#coverage.checked("M4");
  }

  #isGoneForGood(process: ObservedProcess, index: number, configuration: Configuration): void {
    const ids = idsOf(configuration);
    const { members } = process.state;
    if (index > this.#appliedIndex) {
      this.#appliedIndex = index;
      const back = this.#removed.find((id) => ids.has(id));
      check(back === undefined, "M3", () => `member ${back} was removed and is back at ${index}`);
      for (const id of ids) this.#known.add(id);
      this.#removed = [...this.#known].filter((id) => !ids.has(id));
    } else if (index < this.#appliedIndex) return;
    const forgotten = this.#removed.find((id) => !members.isRemoved(id));
    check(forgotten === undefined, "M3", () => {
      return `${process.memberId} at ${index} does not know that ${forgotten} was removed`;
    });
    this.#coverage.checked("M3", this.#removed.length);
  }
}

/** What is wrong with a table of members by its own configuration; undefined when all is well. */
function tableProblem({ configuration, members }: MembershipView): string | undefined {
  const ids = idsOf(configuration);
  const stranger = members.find(({ id }) => !ids.has(id));
  if (stranger !== undefined) return `member ${stranger.id} is not in ${describe(configuration)}`;
  if (configuration.votersOutgoing.length === 0 && members.length !== ids.size) {
    return `${members.length} members, and the configuration is ${describe(configuration)}`;
  }
  const { learners, learnersNext } = configuration;
  const wrong = members.find(
    ({ id, isLearner }) => isLearner !== [...learners, ...learnersNext].includes(id),
  );
  if (wrong === undefined) return undefined;
  return `member ${wrong.id} is ${wrong.isLearner ? "" : "not "}listed as a learner`;
}

function isSame(one: MemberConfiguration, other: MemberConfiguration): boolean {
  return describe(one) === describe(other);
}

function idsOf({
  voters,
  votersOutgoing,
  learners,
  learnersNext,
}: MemberConfiguration): Set<bigint> {
  return new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext]);
}

function describe(configuration: MemberConfiguration): string {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  const sets = [voters, votersOutgoing, learners, learnersNext];
  return sets.map((ids) => `{${ids.join(" ")}}`).join("");
}
