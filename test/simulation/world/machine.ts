/**
 * One machine of the cluster: its disk and its clock outlive its processes. A process that has died
 * may go on computing in a promise that nobody can take back, but nothing of it has an effect: its
 * timers, its connections and its file handles are dead.
 */
import { SimClock, SimFileSystem, SimTimers, type SeededRandom } from "@quorate/platform/sim";
import { toMemberId, type MemberId } from "@quorate/raft";
import type { Bootstrap } from "@quorate/server/member";
import type { CrashDamage } from "@quorate/platform/sim";
import { Disk } from "./disk.ts";
import type { MachineHost } from "./machine-host.ts";
import type { EndKind } from "./observer.ts";
import { MemberProcess } from "./member-process.ts";

/** See the head of the file. */
export class Machine {
  /** Place among the machines of the run, from 0. */
  readonly place: number;
  readonly memberId: MemberId;
  readonly name: string;
  readonly files: SimFileSystem;
  readonly disk: Disk;
  readonly clock: SimClock;
  readonly #host: MachineHost;
  readonly #random: SeededRandom;
  readonly #bootstrap: Bootstrap;
  #process: MemberProcess | undefined;
  #lives = 0;
  /** Held down by this many faults; it starts when none is left. */
  #holds = 0;
  /** Whether its disk has lost or changed something, so that its member may refuse to go on. */
  isDoubtful = false;
  #refusal: string | undefined;
  #isRetired = false;

  constructor(place: number, bootstrap: Bootstrap, host: MachineHost, random: SeededRandom) {
    this.place = place;
    this.memberId = toMemberId(bootstrap.memberId);
    this.name = `m${place + 1}`;
    this.#bootstrap = bootstrap;
    this.#host = host;
    this.#random = random;
    const { driftMax } = host.plan.machine;
    const rate = driftMax === 0 ? 1 : 1 + (2 * random.split("drift").nextFloat() - 1) * driftMax;
    this.clock = new SimClock(host.scheduler, { rate });
    const timers = new SimTimers(host.scheduler);
    this.files = new SimFileSystem({ random: random.split("disk"), timers });
    this.disk = new Disk(this.files, host.plan.machine.syncMillis, random.split("disk faults"));
  }

  /** The process; undefined while there is none. It may still be starting. */
  get process(): MemberProcess | undefined {
    return this.#process;
  }

  /** The process once it takes part. */
  get running(): MemberProcess | undefined {
    return this.#process?.member === undefined ? undefined : this.#process;
  }

  /** Where clients find it. */
  get address(): string {
    return `${this.name}:2379`;
  }

  /** Removed from the cluster: it never starts again. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Its member has refused to go on with this disk; it must be replaced. */
  get isRefused(): boolean {
    return this.#refusal !== undefined;
  }

  /** Why its member has refused: names of errors, that of the outermost first. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Whether a fault keeps it down. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Whether the process has heard from a leader. */
  isSettled(): boolean {
    return this.running?.member?.leader !== undefined;
  }

  /** Starts a process unless there is one, or a fault holds the machine down. */
  start(): void {
    if (this.#process !== undefined || this.#holds > 0) return;
    if (this.#isRetired || this.isRefused) return;
    this.#lives += 1;
    const process = new MemberProcess(this, this.#lives, this.#bootstrap, {
      host: this.#host,
      random: this.#random.split(`life ${this.#lives}`),
      onEnd: (how, error) => this.#handleEnd(process, how, error),
    });
    this.#process = process;
    this.#host.trace(`${this.name} starts, life ${this.#lives}`);
    process.start();
  }

  /** Keeps the machine down until {@link Machine.release}. */
  hold(): void {
    this.#holds += 1;
  }

  /** Ends one {@link Machine.hold} and starts the process when it was the last. */
  release(): void {
    this.#holds = Math.max(0, this.#holds - 1);
    this.start();
  }

  /** Ends all holds. */
  releaseAll(): void {
    this.#holds = 0;
    this.start();
  }

  /** Ends the process; the disk is left to somebody else. */
  loseProcess(how: "power" | "kill"): void {
    const process = this.#process;
    this.#process = undefined;
    process?.die(how);
    if (process !== undefined) this.#host.trace(`${this.name} ${how}`);
  }

  /** Ends the process at once. With power loss what was not synced suffers. */
  crash(how: "power" | "kill", damage: CrashDamage = "random"): void {
    this.loseProcess(how);
    if (how === "power") this.files.crash(damage);
    else this.files.killProcess();
  }

  /** Ends the process in order; resolves when it has ended, or has died on the way. */
  async close(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    try {
      await process.close();
    } catch (error) {
      if (this.#process === process) this.#handleEnd(process, "fatal", error);
    }
    if (this.#process !== process) return;
    this.#process = undefined;
    process.die("close");
    this.files.killProcess();
    // It may have been released meanwhile.
    this.start();
  }

  /** Removed from the cluster: nobody counts on it any more, but its process runs on. */
  leave(): void {
    this.#isRetired = true;
  }

  /** Switches the machine off for good. */
  retire(): void {
    this.#isRetired = true;
    this.crash("kill");
  }

  #handleEnd(process: MemberProcess, how: EndKind, error: unknown): void {
    if (this.#process !== process) return;
    this.#host.trace(`${this.name} ends: ${describeError(error)}`);
    this.crash("kill");
    const names = namesOf(error);
    if (this.isDoubtful && names.some((name) => refusals.test(name))) {
      this.#refusal = names.join(": ");
      return;
    }
    this.#host.processEnded(this, process, how, error);
  }
}

/** Errors by which a member says that its disk is not to be trusted (B6, B7, B16). */
const refusals =
  /^(Wal.*|SnapshotCorrupt|Storage|StaleDirectory|StoreCorrupt|Backend(Failed|ForeignFile))Error$/;

/** Names of an error and of its causes. */
function namesOf(error: unknown): readonly string[] {
  return error instanceof Error ? [error.name, ...namesOf(error.cause)] : [];
}

/** Message of an error and of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause === undefined ? error.message : `${error.message}: ${describeError(cause)}`;
}
