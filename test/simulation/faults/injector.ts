import type { FaultKind, FaultPlan } from "../plan/fault-plan.ts";
import type { World } from "../world/world.ts";
import { deceitStrikes } from "./deceit-faults.ts";
import { diskStrikes } from "./disk-faults.ts";
import type { Undo } from "./fault.ts";
import { membershipStrikes } from "./membership-faults.ts";
import { networkStrikes } from "./network-faults.ts";
import { once, processStrikes } from "./process-faults.ts";

type Handler = (world: World, fault: never) => Undo | undefined;

const strikes: Readonly<Partial<Record<FaultKind, Handler>>> = {
  ...processStrikes,
  ...networkStrikes,
  ...diskStrikes,
  ...membershipStrikes,
  ...deceitStrikes,
};

/** Carries the faults of a plan out at their times, and undoes them when theirs is over. */
export class Injector {
  readonly #world: World;
  readonly #active = new Set<Undo>();
  #isOver = false;

  /** The times of the plan count from now. */
  constructor(world: World, faults: readonly FaultPlan[]) {
    this.#world = world;
    for (const fault of faults) {
      world.scheduler.schedule(fault.atMillis, () => this.#strike(fault));
    }
  }

  /** Undoes everything, and nothing more happens. */
  stop(): void {
    this.#isOver = true;
    for (const undo of [...this.#active]) undo();
    this.#active.clear();
  }

  #strike(fault: FaultPlan): void {
    const world = this.#world;
    if (this.#isOver || world.isKeptCalm) return;
    world.trace(`fault ${describe(fault)}`);
    const undo = toStrike(fault)(world, fault);
    world.coverage.fault(fault.kind);
    if (undo === undefined) return;
    const finish = once(() => {
      this.#active.delete(finish);
      world.activeFaults = this.#active.size;
      world.trace(`mends ${fault.kind} of ${fault.atMillis}`);
      undo();
    });
    this.#active.add(finish);
    world.activeFaults = this.#active.size;
    if ("forMillis" in fault) world.scheduler.schedule(fault.forMillis, finish);
  }
}

/** A fault as one line. */
function describe({ kind, ...details }: FaultPlan): string {
  return `${kind} ${JSON.stringify(details)}`;
}

/** Whatever handles the fault; kinds that nobody handles are left out. */
function toStrike(fault: FaultPlan): (world: World, fault: FaultPlan) => Undo | undefined {
  const strike = strikes[fault.kind] ?? (() => undefined);
  return strike as (world: World, fault: FaultPlan) => Undo | undefined;
}
