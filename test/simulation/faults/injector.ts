import type { FaultKind, FaultPlan } from "../plan/fault-plan.ts";
import type { World } from "../world/world.ts";
import { isDeceit, strikeInCalm, type Deceit } from "./deceit-faults.ts";
import { diskStrikes } from "./disk-faults.ts";
import type { Undo } from "./fault.ts";
import { membershipStrikes } from "./membership-faults.ts";
import { networkStrikes } from "./network-faults.ts";
import { once, processStrikes } from "./process-faults.ts";

type Handler = (world: World, fault: never, hit: () => void) => Undo | undefined;

const strikes: Readonly<Partial<Record<FaultKind, Handler>>> = {
  ...processStrikes,
  ...networkStrikes,
  ...diskStrikes,
  ...membershipStrikes,
};

/**
 * Carries the faults of a plan out at their times, and undoes them when theirs is over. A fault is
 * told and counted when it strikes somebody; one that never does is noted as that.
 */
export class Injector {
  readonly #world: World;
  readonly #active = new Set<Undo>();
  /** Whether a fault keeps others away. */
  #isKeptCalm = false;
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
    this.#mendAll();
  }

  #strike(fault: FaultPlan): void {
    const world = this.#world;
    if (this.#isOver || this.#isKeptCalm) return;
    const note = new Note(world, fault);
    if (isDeceit(fault)) {
      // Whatever lasts ends early: what it would hide is what is looked for now.
      this.#mendAll();
      world.operate(this.#deceive(fault, note));
      return;
    }
    const undo = carryOut(world, fault, note.hit);
    if (undo === undefined) {
      note.end();
      return;
    }
    const finish = once(() => {
      this.#active.delete(finish);
      world.activeFaults = this.#active.size;
      if (note.isHit) world.trace(`mends ${fault.kind} of ${fault.atMillis}`);
      undo();
      note.end();
    });
    this.#active.add(finish);
    world.activeFaults = this.#active.size;
    if ("forMillis" in fault) world.scheduler.schedule(fault.forMillis, finish);
  }

  async #deceive(fault: Deceit, note: Note): Promise<void> {
    this.#isKeptCalm = true;
    await strikeInCalm(this.#world, fault, note.hit, () => this.#isOver);
    note.end();
    this.#isKeptCalm = false;
  }

  #mendAll(): void {
    for (const undo of [...this.#active]) undo();
  }
}

/** Whether a fault has struck. */
class Note {
  readonly #world: World;
  readonly #fault: FaultPlan;
  isHit = false;

  constructor(world: World, fault: FaultPlan) {
    this.#world = world;
    this.#fault = fault;
  }

  /** It strikes, for the first time or again. */
  readonly hit = (): void => {
    if (this.isHit) return;
    this.isHit = true;
    const { kind, ...details } = this.#fault;
    this.#world.trace(`fault ${kind} ${JSON.stringify(details)}`);
    this.#world.coverage.fault(kind);
  };

  /** It will not strike any more. */
  readonly end = (): void => {
    if (this.isHit) return;
    this.#world.coverage.sometimes(`fault ${this.#fault.kind} struck nobody`, true);
  };
}

function carryOut(world: World, fault: FaultPlan, hit: () => void): Undo | undefined {
  const strike = strikes[fault.kind];
  if (strike === undefined) throw new Error(`Cannot carry out a fault of kind ${fault.kind}`);
  return toHandler(strike)(world, fault, hit);
}

/** The handler was found by the fault's kind. */
function toHandler(
  handler: Handler,
): (world: World, fault: FaultPlan, hit: () => void) => Undo | undefined {
  return handler as (world: World, fault: FaultPlan, hit: () => void) => Undo | undefined;
}
