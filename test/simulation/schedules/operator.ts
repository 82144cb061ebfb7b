import type { Machine } from "../world/machine.ts";
import { attempt } from "../workloads/pacing.ts";
import type { Stage } from "./stage.ts";

/** What the member list says of a member. */
export interface ListedMember {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** Codes that tell an operator to wait, or that the change has taken place. */
export const refusals: readonly string[] = [
  "member-not-found",
  "member-not-learner",
  "learner-not-ready",
  "unhealthy-cluster",
  "not-enough-started-members",
  "peer-url-exists",
  "too-many-learners",
];

/** Changes the members of a cluster as an operator does: by its API, until the list says so. */
export class Operator {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The members, by a read that a quorum confirms. */
  async list(): Promise<readonly ListedMember[]> {
    const { cluster } = this.#stage.anyone;
    const { members } = await this.#stage.insist("the member list", () =>
      cluster.memberList({ linearizable: true }),
    );
    return members.map(({ id, peerUrls, isLearner }) => ({ id, peerUrls, isLearner }));
  }

  /** Adds a learner on a new machine and starts it. */
  async add(): Promise<Machine> {
    const { world, anyone } = this.#stage;
    const place = world.reservePlace();
    if (place === undefined) throw new Error("Cannot add a member: no place is left");
    const peerUrl = world.peerUrlOf(place);
    const added = await this.#persist(`adding ${peerUrl}`, async () => {
      const known = (await this.list()).find(({ peerUrls }) => peerUrls.includes(peerUrl));
      if (known !== undefined) return known;
      await this.#try(() => anyone.cluster.memberAdd({ peerUrls: [peerUrl], isLearner: true }));
      return undefined;
    });
    const machine = world.addMachine({ memberId: added.id, isFirst: false, place });
    machine.start();
    return machine;
  }

  /** Makes a learner a voter. */
  async promote({ memberId, name }: Machine): Promise<void> {
    const { cluster } = this.#stage.anyone;
    await this.#persist(`promoting ${name}`, async () => {
      const listed = (await this.list()).find(({ id }) => id === memberId);
      this.#stage.expect(listed !== undefined, `M4: ${name} is not on the list`);
      if (listed?.isLearner !== true) return true;
      await this.#try(() => cluster.memberPromote({ id: memberId }));
      return undefined;
    });
  }

  /** Removes a member; its machine is left as it is. */
  async remove({ memberId, name }: Machine): Promise<void> {
    const { cluster } = this.#stage.anyone;
    await this.#persist(`removing ${name}`, async () => {
      const isListed = (await this.list()).some(({ id }) => id === memberId);
      if (!isListed) return true;
      await this.#try(() => cluster.memberRemove({ id: memberId }));
      return undefined;
    });
  }

  /** Adds a voter. */
  async addVoter(): Promise<Machine> {
    const machine = await this.add();
    await this.promote(machine);
    return machine;
  }

  /** The list is that of every member's consensus (M4). */
  async check(): Promise<void> {
    const stage = this.#stage;
    await stage.settled();
    const list = await this.list();
    const listed = list.map(({ id, isLearner }) => `${id}${isLearner ? " learner" : ""}`);
    for (const { name, running } of stage.world.present) {
      if (running === undefined) continue;
      const { voters, learners } = running.status().configuration;
      const own = [...voters.map(String), ...learners.map((id) => `${id} learner`)];
      const isSame = own.sort().join() === listed.sort().join();
      stage.expect(isSame, `M4: ${name} has ${own.join()}, listed are ${listed.join()}`);
    }
  }

  async #try(call: () => Promise<unknown>): Promise<void> {
    await attempt(call, refusals);
  }

  async #persist<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
    const end = this.#stage.nowMillis + 60_000;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      this.#stage.expect(this.#stage.nowMillis < end, `V1: ${what} takes too long`);
      await this.#stage.wait(200);
    }
  }
}
