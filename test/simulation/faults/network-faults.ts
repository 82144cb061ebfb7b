/** Partitions, bad links and broken connections, of members and of their clients (D4). */
import type { MemberId } from "@quorate/raft";
import type { Target } from "../plan/fault-plan.ts";
import { allPaths, between, isolateOne, type Path } from "../world/peer-network-shapes.ts";
import { drawSwizzle, majorityRing } from "../world/peer-network-shapes.ts";
import type { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { anotherMachine, machineAt, type FaultOf, type Strikes, type Undo } from "./fault.ts";
import { once } from "./process-faults.ts";

/** See the head of the file. */
export const networkStrikes: Strikes<
  | ("isolate" | "split" | "bridge" | "ring" | "one-way" | "swizzle" | "clog" | "reset")
  | ("half-open" | "flap" | "bad-links" | "cut-clients" | "reset-clients" | "half-open-clients")
> = {
  isolate: (world, { target }, hit) => {
    const machine = machineAt(world, target);
    return machine && cut(world, isolateOne(idsOf(world), machine.memberId), hit);
  },
  split: (world, { sides }, hit) => cut(world, between(...groups(world.present, sides)), hit),
  bridge: (world, { target, sides }, hit) => {
    const machine = machineAt(world, target);
    const others = world.present.filter((other) => other !== machine);
    return cut(world, between(...groups(others, sides)), hit);
  },
  ring: (world, _fault, hit) =>
    cut(world, majorityRing(idsOf(world), world.random.split("ring")), hit),
  "one-way": (world, fault, hit) => {
    const machine = machineAt(world, fault.target);
    return machine && cut(world, oneWay(world, machine, fault), hit);
  },
  swizzle: (world, fault, hit) => swizzle(world, fault, hit),
  clog: (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    hit();
    return world.peers.clog(isolateOne(idsOf(world), machine.memberId));
  },
  reset: (world, { target }, hit) => {
    for (const { from, to } of pathsOf(world, target, "both")) {
      if (world.peers.reset(from, to)) hit();
    }
    return undefined;
  },
  "half-open": (world, { target, direction }, hit) => {
    for (const { from, to } of pathsOf(world, target, direction)) {
      if (world.peers.halfOpen(from, to)) hit();
    }
    return undefined;
  },
  flap: (world, fault, hit) => {
    const machine = machineAt(world, fault.target);
    if (machine === undefined) return undefined;
    hit();
    return flap(world, machine, fault);
  },
  "bad-links": (world, { faults }, hit) => {
    hit();
    return world.peers.worsen(faults);
  },
  "cut-clients": (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    hit();
    return world.clients.cutServer(machine.address);
  },
  "reset-clients": (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine !== undefined && world.clients.resetServer(machine.address)) hit();
    return undefined;
  },
  "half-open-clients": (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine !== undefined && world.clients.silenceServer(machine.address)) hit();
    return undefined;
  },
};

function idsOf(world: World): readonly MemberId[] {
  return world.present.map(({ memberId }) => memberId);
}

/** Undefined where there is nothing to cut: all machines are on one side. */
function cut(world: World, paths: readonly Path[], hit: () => void): Undo | undefined {
  if (paths.length === 0) return undefined;
  hit();
  return world.peers.cut(paths);
}

/** Between a target and all others, machine by machine. */
function pathsOf(
  world: World,
  target: Target,
  direction: FaultOf<"half-open">["direction"],
): readonly Path[] {
  const own = machineAt(world, target)?.memberId;
  if (own === undefined) return [];
  const others = idsOf(world).filter((memberId) => memberId !== own);
  return others.flatMap((other) => [
    ...(direction === "to" ? [] : [{ from: own, to: other }]),
    ...(direction === "from" ? [] : [{ from: other, to: own }]),
  ]);
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
function swizzle(world: World, { forMillis, atMillis }: FaultOf<"swizzle">, hit: () => void): Undo {
  const random = world.random.split(`swizzle ${atMillis}`);
  const { breaks, mends } = drawSwizzle(idsOf(world), random);
  if (breaks.length > 0) hit();
  const stepMillis = forMillis / Math.max(1, breaks.length + mends.length);
  const isClog = random.chance(0.5);
  const broken = new Map<Path, Undo>();
  let isOver = false;
  const step = (path: Path, isBreak: boolean, place: number): void => {
    world.scheduler.schedule(place * stepMillis, () => {
      if (isOver) return;
      if (!isBreak) broken.get(path)?.();
      else broken.set(path, isClog ? world.peers.clog([path]) : world.peers.cut([path]));
    });
  };
  breaks.forEach((path, place) => step(path, true, place));
  mends.forEach((path, place) => step(path, false, breaks.length + place));
  return once(() => {
    isOver = true;
    for (const mend of broken.values()) mend();
  });
}

function flap(world: World, machine: Machine, { periodMillis }: FaultOf<"flap">): Undo {
  const paths = isolateOne(idsOf(world), machine.memberId);
  let mend: Undo | undefined;
  let isOver = false;
  const turn = (): void => {
    if (isOver) return;
    if (mend === undefined) mend = world.peers.cut(paths);
    else {
      mend();
      mend = undefined;
    }
    world.scheduler.schedule(periodMillis, turn);
  };
  turn();
  return once(() => {
    isOver = true;
    mend?.();
  });
}
