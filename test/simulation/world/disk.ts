/** A machine's disk: how long it takes, and what goes wrong with it (D3). */
import type { CrashDamage, SimFault, SimFileSystem, SimOperation } from "@quorate/platform/sim";
import type { SeededRandom } from "@quorate/platform/sim";

/** A fault that waits for its operation. */
export interface ArmedFault {
  /** Whether the operation counts. */
  readonly matches: (operation: SimOperation) => boolean;
  /** Operations that still pass. */
  countdown: number;
  /** Runs at the operation; what it returns is done to it. */
  readonly strike: (operation: SimOperation) => SimFault | undefined;
}

/** See the head of the file. */
export class Disk {
  readonly #random: SeededRandom;
  readonly #syncMillis: readonly [number, number];
  readonly #armed = new Set<ArmedFault>();
  /** Longest delay of a sync while the disk is slow. */
  slowMillis = 0;
  isLying = false;
  #excuses = 0;

  constructor(files: SimFileSystem, syncMillis: readonly [number, number], random: SeededRandom) {
    this.#random = random;
    this.#syncMillis = syncMillis;
    files.setFaultPolicy((operation) => this.#judge(operation));
  }

  /** Whether a fault explains why a process ends. */
  get isExcused(): boolean {
    return this.#excuses > 0;
  }

  /** Explains why processes end, until the returned function is called. */
  excuse(): () => void {
    let isOver = false;
    this.#excuses += 1;
    return () => {
      if (!isOver) this.#excuses -= 1;
      isOver = true;
    };
  }

  /** Has a fault strike at an operation to come. Returns what disarms it. */
  arm(fault: ArmedFault): () => void {
    this.#armed.add(fault);
    return () => this.#armed.delete(fault);
  }

  #judge(operation: SimOperation): SimFault | undefined {
    for (const fault of this.#armed) {
      if (!fault.matches(operation)) continue;
      if (fault.countdown > 0) {
        fault.countdown -= 1;
        continue;
      }
      this.#armed.delete(fault);
      return fault.strike(operation);
    }
    if (operation.kind !== "datasync" && operation.kind !== "sync-directory") return undefined;
    if (this.isLying) return { kind: "lying-sync" };
    const [least, most] = this.#syncMillis;
    const usual = most === 0 ? 0 : least + this.#random.nextFloat() * (most - least);
    const millis = usual + (this.slowMillis === 0 ? 0 : this.#random.nextInt(this.slowMillis));
    return millis === 0 ? undefined : { kind: "delay", millis };
  }
}

/** A crash at an operation: the file system's own, so that the operation is half done as drawn. */
export function crashFault(when: "before" | "after", damage: CrashDamage): SimFault {
  return { kind: "crash", when, damage };
}
