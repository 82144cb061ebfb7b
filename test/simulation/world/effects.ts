import type { Effect } from "../plan/fault-plan.ts";
import type { Machine } from "./machine.ts";

/** Something that happens at the n-th effect of a machine. */
interface ArmedEffect {
  readonly machine: Machine;
  readonly effect: Effect;
  countdown: number;
  readonly strike: () => void;
}

/** Counts what leaves machines, for those who want to strike at that boundary (D5). */
export class Effects {
  readonly #armed = new Set<ArmedEffect>();

  /** Strikes before the effect after `countdown` others. Returns what disarms it. */
  arm(machine: Machine, effect: Effect, countdown: number, strike: () => void): () => void {
    const armed = { machine, effect, countdown, strike };
    this.#armed.add(armed);
    return () => this.#armed.delete(armed);
  }

  /** An effect is about to leave a machine; it may be dead afterwards. */
  note(machine: Machine, effect: Effect): void {
    if (this.#armed.size === 0) return;
    for (const armed of [...this.#armed]) {
      if (armed.machine !== machine || armed.effect !== effect) continue;
      if (armed.countdown > 0) {
        armed.countdown -= 1;
        continue;
      }
      this.#armed.delete(armed);
      armed.strike();
    }
  }
}
