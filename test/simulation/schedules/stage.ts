import type { MemberId } from "@quorate/raft";
import type { Member } from "@quorate/server/member";
import { CheckFailure } from "../checkers/check-failure.ts";
import type { ClientMachine } from "../world/client-machine.ts";
import type { Machine } from "../world/machine.ts";
import { allPaths, between, isolateOne, type Path } from "../world/peer-network-shapes.ts";
import type { World } from "../world/world.ts";

/** What scripts of schedules act with. Times are virtual milliseconds. */
export class Stage {
  readonly world: World;
  #clients = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Notes that the schedule has reached what it is for. */
  reached(name: string): void {
    this.world.coverage.sometimes(`schedule: ${name}`, true);
  }

  /** Lets time pass. */
  wait(millis: number): Promise<void> {
    return this.world.wait(millis);
  }

  /** Waits until something holds; looks after every few milliseconds. @throws when it never does */
  async until(what: string, holds: () => boolean, withinMillis: number = 30_000): Promise<void> {
    const end = this.world.scheduler.nowMillis + withinMillis;
    while (!holds()) {
      if (this.world.scheduler.nowMillis > end) {
        throw new CheckFailure("schedule", `"${what}" does not come within ${withinMillis} ms`);
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
