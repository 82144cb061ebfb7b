/** A machine's disk: how long it takes, and what goes wrong with it (D3). */
import { FileSystemError } from "@quorate/platform";
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

/** Of what a process may end while a fault of its disk lasts. */
export interface Excuse {
  /** What the operation failed with. */
  readonly errno: string;
  /** What was operated on. @default anything */
  readonly path?: string;
  /** Whether it strikes again and again; otherwise it explains one death. @default false */
  readonly isLasting?: boolean;
}

/** See the head of the file. */
export class Disk {
  readonly #random: SeededRandom;
  readonly #syncMillis: readonly [number, number];
  readonly #armed = new Set<ArmedFault>();
  readonly #files: SimFileSystem;
  readonly #slow = new Set<Slowness>();
  /** Longest delay of a sync while the disk is slow, whatever else makes it slow. */
  slowMillis = 0;
  isLying = false;
  readonly #excuses = new Set<Excuse>();
  #fills = 0;

  constructor(files: SimFileSystem, syncMillis: readonly [number, number], random: SeededRandom) {
    this.#files = files;
    this.#random = random;
    this.#syncMillis = syncMillis;
    files.setFaultPolicy((operation) => this.#judge(operation));
  }

  /**
   * Whether a process ends of a fault of this disk: the error that was injected is among the causes
   * of the one that it ends of (B3, B4). Each fault that does not last explains one end.
   */
  explains(error: unknown): boolean {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (!(cause instanceof FileSystemError)) continue;
      const { errno, path } = cause;
      const excuse = [...this.#excuses].find((one) => {
        return one.errno === errno && (one.path ?? path) === path;
      });
      if (excuse === undefined) continue;
      if (excuse.isLasting !== true) this.#excuses.delete(excuse);
      return true;
    }
    return false;
  }

  /** Lets a process end of something, until the returned function is called. */
  excuse(excuse: Excuse): () => void {
    const own = { ...excuse };
    this.#excuses.add(own);
    return () => this.#excuses.delete(own);
  }

  /** Makes it slow, beside all else that does, until the returned function is called. */
  slow(slowness: Slowness): () => void {
    const own = { ...slowness };
    this.#slow.add(own);
    return () => this.#slow.delete(own);
  }

  /** Leaves no space, until all have taken back what they have filled (B5). */
  fill(): () => void {
    let isOver = false;
    this.#fills += 1;
    this.#files.setCapacity(0);
    return () => {
      if (isOver) return;
      isOver = true;
      this.#fills -= 1;
      if (this.#fills === 0) this.#files.setCapacity(Infinity);
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
    const isSync = operation.kind === "datasync" || operation.kind === "sync-directory";
    if (isSync && this.isLying) return { kind: "lying-sync" };
    const [least, most] = this.#syncMillis;
    const isUsual = isSync && most > 0;
    const usual = isUsual ? least + this.#random.nextFloat() * (most - least) : 0;
    const longest = this.#longest(isSync);
    const millis = usual + (longest === 0 ? 0 : this.#random.nextInt(longest));
    return millis === 0 ? undefined : { kind: "delay", millis };
  }

  /** Longest that an operation takes more than usual now. */
  #longest(isSync: boolean): number {
    let longest = isSync ? this.slowMillis : 0;
    for (const { maxMillis, isEverything } of this.#slow) {
      if (isSync || isEverything) longest = Math.max(longest, maxMillis);
    }
    return longest;
  }
}

/** How slow a disk is. */
export interface Slowness {
  /** Longest delay. */
  readonly maxMillis: number;
  /** Whether all that a process waits for is slow, as reads and opens; otherwise syncs are. */
  readonly isEverything: boolean;
}

/** A crash at an operation: the file system's own, so that the operation is half done as drawn. */
export function crashFault(when: "before" | "after", damage: CrashDamage): SimFault {
  return { kind: "crash", when, damage };
}
