import type { FaultKind, FaultPlan, Target } from "../plan/fault-plan.ts";
import type { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";

/** The plan of a fault of one kind. */
export type FaultOf<Kind extends FaultKind> = Extract<FaultPlan, { readonly kind: Kind }>;

/** Undoes a fault; nothing when that was done before. */
export type Undo = () => void;

/**
 * Carries a fault out, now or when what it waits for comes about; undefined: there is nothing to
 * undo.
 *
 * @param hit - To be called when it strikes somebody: only then is it told and counted.
 */
export type Strike<Kind extends FaultKind> = (
  world: World,
  fault: FaultOf<Kind>,
  hit: () => void,
) => Undo | undefined;

/** The strikes of some kinds. */
export type Strikes<Kind extends FaultKind> = { readonly [K in Kind]: Strike<K> };

/** The machine that a target means now; undefined when there is none. */
export function machineAt(world: World, target: Target): Machine | undefined {
  const { present } = world;
  if (target === "leader") return world.leader() ?? present[0];
  return present[target % Math.max(1, present.length)];
}

/** The same for a place among all machines but one. */
export function anotherMachine(world: World, one: Machine, place: number): Machine | undefined {
  const others = world.present.filter((machine) => machine !== one);
  return others[place % Math.max(1, others.length)];
}
