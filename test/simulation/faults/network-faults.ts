/** Partitions, bad links and broken connections, of members and of their clients (D4). */
import type { MemberId } from "@quorate/raft";
import { allPaths, between, isolateOne, type Path } from "../world/peer-network-shapes.ts";
import { drawSwizzle, majorityRing } from "../world/peer-network-shapes.ts";
import type { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { anotherMachine, machineAt, type FaultOf, type Strikes, type Undo } from "./fault.ts";
import { once } from "./process-faults.ts";

/** See the head of the file. */
export const networkStrikes: Strikes<
  | ("isolate" | "split" | "bridge" | "ring" | "one-way" | "swizzle" | "clog" | "reset")
  | ("flap" | "bad-links" | "cut-clients" | "reset-clients")
> = {
  isolate: (world, { target }) => {
    const machine = machineAt(world, target);
    return machine && cut(world, isolateOne(idsOf(world), machine.memberId));
  },
  split: (world, { sides }) => cut(world, between(...groups(world.present, sides))),
  bridge: (world, { target, sides }) => {
    const machine = machineAt(world, target);
    const others = world.present.filter((other) => other !== machine);
    return cut(world, between(...groups(others, sides)));
  },
  ring: (world) => cut(world, majorityRing(idsOf(world), world.random.split("ring"))),
  "one-way": (world, fault) => {
    const machine = machineAt(world, fault.target);
    return machine && cut(world, oneWay(world, machine, fault));
  },
  swizzle: (world, fault) => swizzle(world, fault),
  clog: (world, { target }) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    const paths = isolateOne(idsOf(world), machine.memberId);
    world.peers.clog(paths);
    return () => world.peers.heal(paths);
  },
  reset: (world, { target }) => {
    const machine = machineAt(world, target);
    for (const { memberId } of world.present) {
      if (machine === undefined || memberId === machine.memberId) continue;
      world.peers.reset(machine.memberId, memberId);
      world.peers.reset(memberId, machine.memberId);
    }
    return undefined;
  },
  flap: (world, fault) => {
    const machine = machineAt(world, fault.target);
    return machine && flap(world, machine, fault);
  },
  "bad-links": (world, { faults }) => {
    world.peers.setDefaultFaults(faults);
    return once(() => world.peers.setDefaultFaults(world.plan.network));
  },
  "cut-clients": (world, { target }) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    const { address } = machine;
    world.clients.cutServer(address);
    return once(() => world.clients.healServer(address));
  },
  "reset-clients": (world, { target }) => {
    const machine = machineAt(world, target);
    if (machine !== undefined) world.clients.resetServer(machine.address);
    return undefined;
  },
};

function idsOf(world: World): readonly MemberId[] {
  return world.present.map(({ memberId }) => memberId);
}

function cut(world: World, paths: readonly Path[]): Undo {
  world.peers.cut(paths);
  return once(() => world.peers.heal(paths));
}

/** Two groups by the bits of a number, lowest for the first machine. */
function groups(
  machines: readonly Machine[],
  sides: number,
): [readonly MemberId[], readonly MemberId[]] {
  const isLeft = (_: Machine, place: number): boolean => ((sides >> place) & 1) === 0;
  const left = machines.filter(isLeft).map(({ memberId }) => memberId);
  const right = machines
    .map(({ memberId }) => memberId)
    .filter((memberId) => !left.includes(memberId));
  return [left, right];
}

function oneWay(world: World, machine: Machine, fault: FaultOf<"one-way">): readonly Path[] {
  const { memberId } = machine;
  const other = fault.other === "all" ? undefined : anotherMachine(world, machine, fault.other);
  const isMeant = ({ from, to }: Path): boolean => {
    const [own, others] = fault.direction === "to" ? [to, from] : [from, to];
    return own === memberId && (other === undefined || others === other.memberId);
  };
  return allPaths(idsOf(world)).filter(isMeant);
}

/** Breaks links one by one and mends them in another order. */
function swizzle(world: World, { forMillis, atMillis }: FaultOf<"swizzle">): Undo {
  const random = world.random.split(`swizzle ${atMillis}`);
  const { breaks, mends } = drawSwizzle(idsOf(world), random);
  const stepMillis = forMillis / Math.max(1, breaks.length + mends.length);
  const isClog = random.chance(0.5);
  let isOver = false;
  const step = (paths: readonly Path[], isBreak: boolean, place: number): void => {
    world.scheduler.schedule(place * stepMillis, () => {
      if (isOver) return;
      if (!isBreak) world.peers.heal(paths);
      else if (isClog) world.peers.clog(paths);
      else world.peers.cut(paths);
    });
  };
  breaks.forEach((path, place) => step([path], true, place));
  mends.forEach((path, place) => step([path], false, breaks.length + place));
  return once(() => {
    isOver = true;
    world.peers.heal(breaks);
  });
}

function flap(world: World, machine: Machine, { periodMillis }: FaultOf<"flap">): Undo {
  const paths = isolateOne(idsOf(world), machine.memberId);
  let isOver = false;
  const turn = (isCut: boolean): void => {
    if (isOver) return;
    if (isCut) world.peers.cut(paths);
    else world.peers.heal(paths);
    world.scheduler.schedule(periodMillis, () => turn(!isCut));
  };
  turn(true);
  return once(() => {
    isOver = true;
    world.peers.heal(paths);
  });
}
