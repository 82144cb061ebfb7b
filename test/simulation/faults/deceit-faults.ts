/**
 * Disks that forget or change what was durable (B6, B7, B16, D3): a directory from an old copy, a
 * disk that said yes and had nothing written, a bit that flips. No log can make up for that by
 * itself. What A promises holds as long as one member at a time is struck, and while those to whom
 * it has made its promises are there to remember them; so these faults wait for a calm moment, and
 * keep others away until they are over.
 */
import type { SimFault } from "@quorate/platform/sim";
import { CheckFailure } from "../checkers/check-failure.ts";
import type { FaultKind, FaultPlan } from "../plan/fault-plan.ts";
import type { Machine } from "../world/machine.ts";
import { dataDirectory } from "../world/process-storage.ts";
import type { World } from "../world/world.ts";
import type { FaultOf } from "./fault.ts";
import { flipLogBit } from "./log-damage.ts";
import { replaceMember } from "./membership-faults.ts";
import { flipRowBit } from "./store-damage.ts";

type DeceitKind = "stale-copy" | "lying-sync" | "lost-write" | "read-flip" | "bit-flip";
/** A fault that must wait for a calm moment. */
export type Deceit = FaultOf<DeceitKind>;

type DeceitStrike<Kind extends DeceitKind> = (
  world: World,
  machine: Machine,
  fault: FaultOf<Kind>,
  hit: () => void,
) => Promise<void>;

const strikes: { readonly [Kind in DeceitKind]: DeceitStrike<Kind> } = {
  "stale-copy": async (world, machine, { backMillis, isElected }, hit) => {
    const image = machine.files.image();
    await remember(world, machine, backMillis, isElected);
    await forget(world, machine, () => {
      hit();
      machine.crash("kill");
      machine.files.restore(image);
    });
  },
  "lying-sync": async (world, machine, { isElected }, hit) => {
    hit();
    machine.disk.isLying = true;
    await remember(world, machine, memoryMillis, isElected);
    machine.disk.isLying = false;
    await forget(world, machine, () => machine.crash("power", "drop-all"));
  },
  "lost-write": async (world, machine, { countdown, elsewhere }, hit) => {
    const disarm = machine.disk.arm({
      matches: ({ kind }) => kind === "write",
      countdown,
      strike: ({ path }): SimFault => {
        hit();
        // It may find out by itself, before it is made to start anew.
        suspect(world, machine);
        world.trace(`${machine.name} loses a write of ${path}`);
        if (elsewhere === undefined) return { kind: "lost-write" };
        const position = Math.floor(elsewhere * world.plan.machine.segmentBytes);
        return { kind: "misdirected-write", position };
      },
    });
    await remember(world, machine, memoryMillis, false);
    disarm();
    await forget(world, machine, () => machine.crash("kill"));
  },
  "read-flip": async (world, machine, { countdown, bit }, hit) => {
    let disarm: (() => void) | undefined;
    await forget(world, machine, () => {
      machine.crash("kill");
      disarm = machine.disk.arm({
        matches: ({ kind }) => kind === "read",
        countdown,
        strike: ({ path }) => {
          hit();
          world.trace(`${machine.name} reads a wrong bit of ${path}`);
          return { kind: "bit-flip", bit };
        },
      });
    });
    disarm?.();
  },
  "bit-flip": (world, machine, fault, hit) => flipBit(world, machine, fault, hit),
};

/** Longest time between what is forgotten and the forgetting. */
const memoryMillis = 2_000;

/** Whether a fault must wait for a calm moment. */
export function isDeceit(fault: FaultPlan): fault is Deceit {
  const kinds: Partial<Record<FaultKind, unknown>> = strikes;
  return kinds[fault.kind] !== undefined;
}

/**
 * Waits until nothing else is wrong and one member less does no harm, and strikes a follower.
 *
 * @param hit - As for other faults.
 * @param isOver - Whether faults are over.
 */
export async function strikeInCalm(
  world: World,
  fault: Deceit,
  hit: () => void,
  isOver: () => boolean,
): Promise<void> {
  const isReady = (): boolean =>
    world.isCalm() && world.present.every((machine) => machine.isSettled());
  await world.until(() => isOver() || isReady(), 5_000 + 3 * electionMillis(world));
  const machine = isOver() || !isReady() ? undefined : followerAt(world, fault.target);
  if (machine !== undefined) await toStrike(fault)(world, machine, fault, hit);
}

/** A follower that votes, by its place. */
function followerAt(world: World, target: number): Machine | undefined {
  const leader = world.leader();
  const followers = world.present.filter(
    (machine) => machine !== leader && machine.running?.member?.isLearner === false,
  );
  return followers[target % Math.max(1, followers.length)];
}

/** Time in which a member makes promises; an election has it vote, or be led by somebody else. */
async function remember(
  world: World,
  machine: Machine,
  millis: number,
  isElected: boolean,
): Promise<void> {
  const most = Math.min(millis, memoryMillis);
  await world.wait(most / 2);
  const leader = world.leader();
  const heir = world.present.find((one) => one !== machine && one !== leader);
  if (isElected && heir !== undefined) {
    leader?.running?.member?.transferLeadership(heir.memberId);
  }
  await world.wait(most / 2);
}

/** Has a follower forget, and sees that it is not believed (B16). */
async function forget(world: World, machine: Machine, strike: () => void): Promise<void> {
  const before = machine.running?.status();
  if (before === undefined) {
    if (machine.isRefused) await replaceMember(world, machine);
    return;
  }
  world.trace(`${machine.name} forgets`);
  machine.hold();
  strike();
  suspect(world, machine);
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

/** Its disk is not to be trusted: it may refuse to serve, and may not know what it promised. */
function suspect(world: World, machine: Machine): void {
  machine.isDoubtful = true;
  world.truth.forgetful.add(machine.memberId);
}

/** A bit of the log or of a row flips where checksums must tell: the member has to refuse. */
async function flipBit(
  world: World,
  machine: Machine,
  { file, place }: FaultOf<"bit-flip">,
  hit: () => void,
): Promise<void> {
  machine.hold();
  machine.crash("kill");
  const flipped =
    file === "log"
      ? flipLogBit(machine.files, `${dataDirectory}/member/wal`, place)
      : flipRowBit(machine.files, `${dataDirectory}/member/snap/db`, place);
  if (flipped === undefined) {
    machine.release();
    return;
  }
  hit();
  world.trace(`a bit of ${flipped} flips on ${machine.name}`);
  machine.isDoubtful = true;
  world.coverage.fault(`bit-flip in the ${file}`);
  machine.release();
  const isDecided = (): boolean => machine.refusal !== undefined || machine.running !== undefined;
  await world.until(isDecided, 10_000);
  const isSeen = machine.refusal?.includes(file === "log" ? "Wal" : "StoreCorrupt") === true;
  if (!isSeen) {
    const promise = file === "log" ? "B6" : "B7";
    const instead = machine.refusal ?? "goes on";
    throw new CheckFailure(promise, `${machine.name} does not see ${flipped}: ${instead}`);
  }
  world.coverage.sometimes(`damage of the ${file} was seen`, true);
  await replaceMember(world, machine);
  machine.isDoubtful = false;
}

function electionMillis({ plan }: World): number {
  return plan.timing.electionTicks * plan.timing.tickMillis;
}

/** The strike was found by the fault's kind. */
function toStrike(fault: Deceit): DeceitStrike<DeceitKind> {
  return strikes[fault.kind] as DeceitStrike<DeceitKind>;
}
