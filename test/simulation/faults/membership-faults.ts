/** What operators do while everything else goes wrong: hand over, add, remove, replace (B15). */
import type { ClientMachine } from "../world/client-machine.ts";
import type { Machine } from "../world/machine.ts";
import type { Path } from "../world/peer-network-shapes.ts";
import type { World } from "../world/world.ts";
import { anotherMachine, machineAt, type Strikes } from "./fault.ts";

/** How often an operator tries, and how long it waits in between. */
const attemptsMax = 20;
const retryMillis = 500;

/** See the head of the file. */
export const membershipStrikes: Strikes<"transfer" | "add-member" | "remove-member" | "wipe"> = {
  transfer: (world, { target }, hit) => {
    const leader = world.leader();
    if (leader === undefined) return undefined;
    const named = machineAt(world, target);
    const machine = named === leader ? anotherMachine(world, leader, 0) : named;
    if (machine === undefined) return undefined;
    const result = leader.running?.member?.transferLeadership(machine.memberId);
    if (result?.kind === "accepted") hit();
    return undefined;
  },
  "add-member": (world, { isPromoted }, hit) => {
    world.operate(addMember(world, { isPromoted, hit }));
    return undefined;
  },
  "remove-member": (world, { target, isCutOff }, hit) => {
    const machine = machineAt(world, target);
    if (machine === undefined || !canShrink(world)) return undefined;
    hit();
    world.isShrinking = true;
    if (isCutOff) world.peers.cut(pathsOf(world, machine));
    world.operate(removeMember(world, machine));
    return undefined;
  },
  // Nothing is left of the disk: the member goes, and a new one takes its place.
  wipe: (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine === undefined || !canShrink(world)) return undefined;
    hit();
    world.operate(replaceMember(world, machine));
    return undefined;
  },
};

/** One member less at a time, and never below two: a majority must not be gone for good. */
function canShrink(world: World): boolean {
  const configuration = world.leader()?.running?.status().configuration;
  if (configuration === undefined || world.isShrinking) return false;
  return configuration.voters.length > 2 && configuration.votersOutgoing.length === 0;
}

/** All between a machine and the others. */
function pathsOf(world: World, { memberId: one }: Machine): readonly Path[] {
  const others = world.machines.filter(({ memberId }) => memberId !== one);
  return others.flatMap(({ memberId: other }) => [
    { from: one, to: other },
    { from: other, to: one },
  ]);
}

/** Its process is left alone: it ends when it hears that its member is gone (M3). */
function leave(world: World, machine: Machine): true {
  const isUnaware = machine.running?.isAlive === true;
  world.coverage.sometimes("a removed member ran on", isUnaware);
  machine.leave();
  world.isShrinking = false;
  return true;
}

/** A machine is lost: its member goes, and a new one takes its place. */
export async function replaceMember(world: World, machine: Machine): Promise<void> {
  machine.retire();
  world.isShrinking = true;
  await replace(world, machine);
}

async function replace(world: World, machine: Machine): Promise<void> {
  if (await removeMember(world, machine)) await addMember(world);
}

/** @returns Whether the member is known to be gone. */
async function removeMember(world: World, machine: Machine): Promise<boolean> {
  const operator = world.operator();
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    try {
      await operator.client.cluster.memberRemove({ id: machine.memberId });
      return leave(world, machine);
    } catch {
      // Refused, or nobody knows: the list says which.
      const members = await list(operator);
      if (members?.every(({ id }) => id !== machine.memberId) === true) {
        return leave(world, machine);
      }
    }
    await world.wait(retryMillis);
  }
  return false;
}

async function addMember(
  world: World,
  { isPromoted = true, hit = (): void => undefined } = {},
): Promise<void> {
  const operator = world.operator();
  const place = world.reservePlace();
  if (place === undefined) return;
  hit();
  const peerUrl = world.peerUrlOf(place);
  let machine: Machine | undefined;
  for (let attempt = 0; attempt < attemptsMax && machine === undefined; attempt += 1) {
    try {
      const request = { peerUrls: [peerUrl], isLearner: true };
      await operator.client.cluster.memberAdd(request);
    } catch {
      await world.wait(retryMillis);
    }
    const members = await list(operator);
    const added = members?.find(({ peerUrls }) => peerUrls.includes(peerUrl));
    if (added === undefined) continue;
    machine = world.addMachine({ memberId: added.id, isFirst: false, place });
    machine.start();
  }
  if (machine !== undefined && isPromoted) await promote(world, machine, operator);
}

async function promote(world: World, machine: Machine, operator: ClientMachine): Promise<void> {
  for (let attempt = 0; attempt < 2 * attemptsMax; attempt += 1) {
    try {
      await operator.client.cluster.memberPromote({ id: machine.memberId });
      world.coverage.sometimes("a learner was promoted", true);
      return;
    } catch {
      await world.wait(retryMillis);
    }
  }
}

type Listed = readonly { readonly id: bigint; readonly peerUrls: readonly string[] }[];

async function list(operator: ClientMachine): Promise<Listed | undefined> {
  try {
    const { members } = await operator.client.cluster.memberList({ linearizable: true });
    return members.map(({ id, peerUrls }) => ({ id, peerUrls }));
  } catch {
    return undefined;
  }
}
