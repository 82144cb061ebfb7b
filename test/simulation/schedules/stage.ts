import type { Client } from "@quorate/client";
import type { CrashDamage, SeededRandom } from "@quorate/platform/sim";
import type { MemberId } from "@quorate/raft";
import type { Member } from "@quorate/server/member";
import { CheckFailure } from "../checkers/check-failure.ts";
import type { ClientMachine } from "../world/client-machine.ts";
import type { Machine } from "../world/machine.ts";
import { allPaths, between, isolateOne, type Path } from "../world/peer-network-shapes.ts";
import type { World } from "../world/world.ts";
import { untilDone } from "../workloads/pacing.ts";

/** What scripts of schedules act with. Times are virtual milliseconds. */
export class Stage {
  readonly world: World;
  /** The script's own stream. */
  readonly random: SeededRandom;
  #clients = 0;
  #anyone: Client | undefined;

  constructor(world: World) {
    this.world = world;
    this.random = world.random.split("stage");
  }

  /** Virtual milliseconds since the start. */
  get nowMillis(): number {
    return this.world.scheduler.nowMillis;
  }

  /** A client that knows every member. */
  get anyone(): Client {
    this.#anyone ??= this.client().client;
    return this.#anyone;
  }

  /** @throws CheckFailure unless something holds; the promise is named first: `P4: ...` */
  expect(holds: boolean, broken: string): void {
    const [promise = "schedule", ...words] = broken.split(": ");
    if (!holds) throw new CheckFailure(promise, words.join(": "));
  }

  /** Repeats a call that does no harm twice until it succeeds. @throws when it never does */
  async insist<Answer>(
    what: string,
    call: () => Promise<Answer>,
    withinMillis: number = 30_000,
  ): Promise<Answer> {
    const { outsideTimers, scheduler } = this.world;
    const end = scheduler.nowMillis + withinMillis;
    let answer: { readonly value: Answer } | undefined;
    const keep = async (): Promise<true> => {
      answer = { value: await call() };
      return true;
    };
    await untilDone(outsideTimers, keep, end, () => scheduler.nowMillis);
    if (answer === undefined) {
      throw new CheckFailure("V1", `"${what}" fails for ${withinMillis} ms`);
    }
    return answer.value;
  }

  /** Takes a machine's power away until {@link Stage.up}. */
  powerOff(machine: Machine, damage: CrashDamage = "random"): void {
    machine.hold();
    machine.crash("power", damage);
  }

  /** Kills a machine's process; none is started until {@link Stage.up}. */
  kill(machine: Machine): void {
    machine.hold();
    machine.crash("kill");
  }

  /** Ends {@link Stage.powerOff} and {@link Stage.kill}. */
  up(...machines: readonly Machine[]): void {
    for (const machine of machines) machine.release();
  }

  /** Hands leadership to a machine, as often as it takes. */
  async lead(machine: Machine): Promise<void> {
    const end = this.nowMillis + 30_000;
    while (this.world.leader() !== machine || this.nowMillis > end) {
      this.expect(this.nowMillis <= end, `V1: ${machine.name} never leads`);
      const { running } = await this.leader();
      running?.member?.transferLeadership(machine.memberId);
      await this.wait(50);
    }
    await this.leader();
  }

  /** Waits until all that runs has applied what the leader has committed by now. */
  async settled(): Promise<void> {
    const leader = await this.leader();
    const index = leader.running?.status().log.commitIndex ?? 0;
    const isThere = ({ isHeld, isRetired, running }: Machine): boolean =>
      isHeld || isRetired || (running?.state.appliedIndex ?? 0) >= index;
    await this.until("everybody up to date", () => this.world.machines.every(isThere));
  }

  /** Notes that the schedule has reached what it is for. */
  reached(name: string): void {
    this.world.coverage.sometimes(`schedule: ${name}`, true);
  }

  /** Lets time pass. */
  wait(millis: number): Promise<void> {
    return this.world.wait(millis);
  }

  /**
   * Waits until something holds; looks after every few milliseconds.
   *
   * @param promise - The promise that is broken when it never does. @default "schedule"
   * @throws CheckFailure
   */
  async until(
    what: string,
    holds: () => boolean,
    withinMillis: number = 30_000,
    promise: string = "schedule",
  ): Promise<void> {
    const end = this.world.scheduler.nowMillis + withinMillis;
    while (!holds()) {
      if (this.world.scheduler.nowMillis > end) {
        throw new CheckFailure(promise, `"${what}" does not come within ${withinMillis} ms`);
      }
      await this.wait(1);
    }
  }

  /** A machine by its place, from 0. */
  machine(place: number): Machine {
    const machine = this.world.machines[place];
    if (machine === undefined) throw new Error(`Cannot find machine ${place}: there is none`);
    return machine;
  }

  /** The member that runs on a machine. */
  memberOf(machine: Machine): Member {
    const member = machine.running?.member;
    if (member === undefined) throw new Error(`Cannot use ${machine.name}: it is down`);
    return member;
  }

  /** Waits for a leader that knows it, and for its first own entry to be committed. */
  async leader(): Promise<Machine> {
    const isReady = (): boolean => {
      const leader = this.world.leader();
      const status = leader?.running?.status();
      return status?.leadership?.isCommitCurrent === true;
    };
    await this.until("a leader", isReady);
    const leader = this.world.leader();
    if (leader === undefined) throw new Error("Cannot find the leader");
    return leader;
  }

  /** Running machines that do not lead, in the order of their places. */
  followersOf(leader: Machine): readonly Machine[] {
    return this.world.present.filter((one) => one !== leader && one.running !== undefined);
  }

  /** A new client; with `only`, of these machines alone. */
  client(...only: readonly Machine[]): ClientMachine {
    this.#clients += 1;
    const name = `stage ${this.#clients}`;
    if (only.length === 0) return this.world.connect(name);
    return this.world.connectTo(
      name,
      only.map(({ address }) => address),
    );
  }

  /** Cuts every link of a machine to the other members. */
  isolate(machine: Machine): void {
    this.cut(isolateOne(this.#ids(), machine.memberId));
  }

  /** Cuts both directions between two groups of machines. */
  split(some: readonly Machine[], others: readonly Machine[]): void {
    this.cut(
      between(
        some.map(({ memberId }) => memberId),
        others.map(({ memberId }) => memberId),
      ),
    );
  }

  /** Cuts one direction between two machines. */
  cutOneWay(from: Machine, to: Machine): void {
    this.cut([{ from: from.memberId, to: to.memberId }]);
  }

  /** Has what one machine sends to another wait, until the returned function is called. */
  clogOneWay(from: Machine, to: Machine): () => void {
    return this.world.peers.clog([{ from: from.memberId, to: to.memberId }]);
  }

  cut(paths: readonly Path[]): void {
    this.world.peers.cut(paths);
  }

  /** Ends all cuts and clogs between members. */
  healLinks(): void {
    this.world.peers.heal(allPaths(this.#ids()));
  }

  #ids(): readonly MemberId[] {
    return this.world.machines.map(({ memberId }) => memberId);
  }
}
