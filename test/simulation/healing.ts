/** The healed phase: who must work again, and whether they agree. */
import { CheckFailure } from "./checkers/check-failure.ts";
import { ServiceChecker } from "./checkers/service-checker.ts";
import type { FaultKind } from "./plan/fault-plan.ts";
import type { Machine } from "./world/machine.ts";
import type { World } from "./world/world.ts";
import { calmFaults } from "./world/peer-network-faults.ts";

/**
 * Mends everything, or a majority alone, in which case the others stay as they are or worse (D9).
 *
 * @returns The machines that must converge.
 */
export function heal(world: World): readonly Machine[] {
  const random = world.random.split("healing");
  const isCoreAlone = world.plan.isCoreHealedAlone && canLoseMembers(world);
  const members = random.shuffle([...world.present]);
  const core = isCoreAlone ? members.slice(0, (members.length >> 1) + 1) : members;
  world.clients.healAll();
  for (const machine of world.clientMachines) machine.goOn();
  world.peers.setDefaultFaults(calmFaults);
  if (isCoreAlone) {
    for (const machine of members.slice(core.length)) lose(world, machine, random.nextInt(3));
    world.peers.healCore(core.map(({ memberId }) => memberId));
    world.coverage.sometimes("only a majority was healed", true);
  } else world.peers.healAll();
  // Removed members hear of it now.
  for (const { isRetired, process } of world.machines) if (isRetired) process?.goOn();
  for (const machine of core) {
    machine.process?.goOn();
    machine.disk.slowMillis = 0;
    machine.releaseAll();
  }
  if (isServiceDue(world)) watchService(world, core);
  return core;
}

/** Time between two looks whether a core serves. */
const lookMillis = 250;

/** Has a core judged that must serve soon (V1). */
function watchService(world: World, core: readonly Machine[]): void {
  const { scheduler, coverage, plan } = world;
  const { tickMillis, electionTicks, isPreVote } = plan.timing;
  const ask = (onServed: () => void): void => {
    for (const { running } of core) running?.probeRead(onServed);
  };
  const view = { nowMillis: () => scheduler.nowMillis, ask, coverage };
  const timing = { electionMillis: tickMillis * electionTicks, isPreVote };
  const checker = new ServiceChecker(view, timing);
  const look = (): void => {
    try {
      if (checker.look()) scheduler.schedule(lookMillis, look);
    } catch (error) {
      world.fail(error);
    }
  };
  look();
}

/**
 * Whether nothing that lasts longer than a healing is under way: a change of members, a sync of a
 * slow disk, or what a script has left behind.
 */
function isServiceDue({ plan, present, isOperated }: World): boolean {
  if (plan.faultyMillis === 0 || isOperated) return false;
  if (present.some(({ isRefused }) => isRefused)) return false;
  return !plan.faults.some(({ kind }) => kind === "slow-disk");
}

/** Whether all of a core have applied the same, and hold the same state. */
export function isConverged(world: World, core: readonly Machine[]): boolean {
  return whyNotConverged(world, core) === "";
}

/** What a core does not agree on; empty when it agrees. @throws CheckFailure for unequal states */
export function whyNotConverged(world: World, core: readonly Machine[]): string {
  const present = core.filter(({ isRetired, isRefused }) => !isRetired && !isRefused);
  const starting = present.filter(({ running }) => running === undefined);
  if (starting.length > 0) return `${starting.map(({ name }) => name).join(", ")} not running`;
  // It may have joined after the healing, and then be no part of the core.
  const leader = world.leader()?.memberId;
  const isFollowed = present.every(({ running }) => running?.member?.leader === leader);
  if (leader === undefined || !isFollowed) {
    return `not one leader: ${present.map(describe).join("; ")}`;
  }
  const indexes = present.map(({ running }) => running?.state.appliedIndex ?? 0);
  const newest = Math.max(world.truth.appliedIndex, ...indexes);
  const behind = present.filter((_, i) => indexes[i] !== newest);
  if (behind.length > 0) {
    return `${behind.map(({ name }) => name).join(", ")} behind ${newest}: ${indexes.join(", ")}`;
  }
  const removed = world.machines.filter(({ isRetired }) => isRetired);
  const unaware = removed.filter(({ process }) => process !== undefined);
  if (unaware.length > 0) {
    return `${unaware.map(({ name }) => name).join(", ")} removed, but running`;
  }
  world.coverage.checked("M3", removed.length);
  const hashes = new Set(present.map(({ running }) => running?.state.stateHash()));
  if (hashes.size > 1) throw new CheckFailure("P8", `states differ at the same index ${newest}`);
  return "";
}

function describe({ name, running }: Machine): string {
  if (running === undefined) return `${name} down`;
  const { term, role, leader, votedFor, log, configuration } = running.status();
  const { commitIndex, persistedIndex, lastIndex, lastTerm } = log;
  const at = `commit ${commitIndex} persisted ${persistedIndex} last ${lastIndex}/${lastTerm}`;
  const knows = `leader ${leader?.toString(16)} voted ${votedFor?.toString(16)}`;
  const { voters, learners } = configuration;
  return `${name} ${role} term ${term} ${knows} ${at} of ${voters.length}+${learners.length}`;
}

/** Faults after which members are replaced. */
const changing: ReadonlySet<string> = new Set<FaultKind>([
  "add-member",
  "remove-member",
  "wipe",
  "stale-copy",
  "lying-sync",
  "lost-write",
  "read-flip",
  "bit-flip",
]);

/** While the configuration changes, nobody can say who makes a majority of it. */
function canLoseMembers({ plan }: World): boolean {
  const isChanging = ({ kind }: { readonly kind: string }): boolean => changing.has(kind);
  return !plan.faults.some(isChanging);
}

function lose(world: World, machine: Machine, how: number): void {
  if (how === 0) {
    machine.hold();
    machine.crash("power");
    return;
  }
  if (how === 1) machine.process?.pause();
  const others = world.present.filter((other) => other !== machine);
  const paths = others.flatMap(({ memberId }) => [
    { from: machine.memberId, to: memberId },
    { from: memberId, to: machine.memberId },
  ]);
  world.peers.cut(paths);
  world.clients.cutServer(machine.address);
}
