/**
 * Disks that forget or change what was durable (B6, B16, D3): a directory from an old copy, a disk
 * that said yes and had nothing written, a bit that flips. No log can make up for that by itself.
 * What A promises holds as long as one member at a time is struck, and while those to whom it has
 * made its promises are there to remember them; so these faults come in calm moments, and keep
 * others away until they are over.
 */
import { CheckFailure } from "../checkers/check-failure.ts";
import { dataDirectory } from "../world/process-storage.ts";
import type { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { machineAt, type FaultOf, type Strikes } from "./fault.ts";
import { replaceMember } from "./membership-faults.ts";

/** See the head of the file. */
export const deceitStrikes: Strikes<"stale-copy" | "lying-sync" | "bit-flip"> = {
  "stale-copy": (world, fault) => {
    const machine = calmFollower(world, fault);
    if (machine !== undefined) world.operate(goBack(world, machine, fault));
    return undefined;
  },
  "lying-sync": (world, fault) => {
    const machine = calmFollower(world, fault);
    if (machine !== undefined) world.operate(lie(world, machine));
    return undefined;
  },
  "bit-flip": (world, fault) => {
    const machine = calmFollower(world, fault);
    if (machine !== undefined) world.operate(flipBit(world, machine, fault));
    return undefined;
  },
};

/** Longest time between what is forgotten and the forgetting. */
const memoryMillis = 2_000;

/** A follower to strike, while nothing else is wrong and one member less does no harm. */
function calmFollower(
  world: World,
  { target }: FaultOf<"stale-copy" | "lying-sync" | "bit-flip">,
): Machine | undefined {
  const leader = world.leader();
  const machine = machineAt(world, target === "leader" ? 0 : target);
  if (leader === undefined || machine === leader || !world.isCalm()) return undefined;
  return machine?.running?.member?.isLearner === false ? machine : undefined;
}

async function goBack(
  world: World,
  machine: Machine,
  { backMillis }: FaultOf<"stale-copy">,
): Promise<void> {
  const end = world.keepCalm();
  const image = machine.files.image();
  await world.wait(Math.min(backMillis, memoryMillis));
  await forget(world, machine, () => {
    machine.crash("kill");
    machine.files.restore(image);
  });
  end();
}

async function lie(world: World, machine: Machine): Promise<void> {
  const end = world.keepCalm();
  machine.disk.isLying = true;
  await world.wait(memoryMillis);
  await forget(world, machine, () => {
    machine.disk.isLying = false;
    machine.crash("power", "drop-all");
  });
  end();
}

/** Has a follower forget, and sees that it is not believed (B16). */
async function forget(world: World, machine: Machine, strike: () => void): Promise<void> {
  const before = machine.running?.status();
  if (before === undefined) return;
  world.trace(`${machine.name} forgets`);
  machine.hold();
  strike();
  machine.isDoubtful = true;
  world.truth.forgetful.add(machine.memberId);
  machine.release();
  const isDecided = (): boolean => machine.isRefused || machine.isSettled();
  await world.until(isDecided, 5_000 + 3 * electionMillis(world));
  await world.wait(3 * electionMillis(world));
  const after = machine.running?.status();
  world.coverage.sometimes("a member that had forgotten was refused (B16)", after === undefined);
  if (after === undefined) {
    await replaceMember(world, machine);
    return;
  }
  machine.isDoubtful = false;
  // What it acknowledged must be there again, from others, or it must have been refused.
  if (after.log.lastIndex < before.log.persistedIndex && after.term === before.term) {
    const { persistedIndex } = before.log;
    throw new CheckFailure(
      "B16",
      `${machine.name} goes on with a log to ${after.log.lastIndex}, it had acknowledged ` +
        `${persistedIndex} in the same term`,
    );
  }
}

/** A bit of the log flips, somewhere behind what later records witness to be durable (B6). */
async function flipBit(
  world: World,
  machine: Machine,
  { place }: FaultOf<"bit-flip">,
): Promise<void> {
  const end = world.keepCalm();
  machine.hold();
  machine.crash("kill");
  const found = oldestSegment(machine);
  if (found !== undefined) {
    machine.isDoubtful = true;
    const position = Math.floor(place * found.usedBytes * 0.6);
    world.trace(`bit ${position & 7} of ${found.path}:${position} flips on ${machine.name}`);
    machine.files.flipBit(found.path, position, position & 7);
  }
  machine.release();
  const isDecided = (): boolean => machine.isRefused || machine.running !== undefined;
  await world.until(isDecided, 10_000);
  const { isRefused } = machine;
  world.coverage.sometimes("a damaged log was refused (B6)", isRefused);
  if (isRefused) await replaceMember(world, machine);
  machine.isDoubtful = false;
  end();
}

/** The first log file with enough in it, and how much of it is used. */
function oldestSegment(
  machine: Machine,
): { readonly path: string; readonly usedBytes: number } | undefined {
  const directory = `${dataDirectory}/member/wal`;
  const names = machine.files.names(directory).filter((name) => name.endsWith(".wal"));
  const [oldest] = [...names].sort();
  if (oldest === undefined) return undefined;
  const path = `${directory}/${oldest}`;
  const usedBytes = machine.files.contents(path).findLastIndex((byte) => byte !== 0) + 1;
  return usedBytes < 1_000 ? undefined : { path, usedBytes };
}

function electionMillis({ plan }: World): number {
  return plan.timing.electionTicks * plan.timing.tickMillis;
}
