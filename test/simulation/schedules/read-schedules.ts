import type { Client } from "@quorate/client";
import type { Machine } from "../world/machine.ts";
import { calmFaults } from "../world/peer-network-faults.ts";
import { attempt } from "../workloads/pacing.ts";
import { holdSyncs } from "./disks.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Reads that must not be stale. */
export const readSchedules: readonly Schedule[] = [
  {
    name: "a leader that was cut off is asked while the majority writes",
    rows: ["C2"],
    script: async (stage, reached) => {
      const old = await stage.leader();
      const others = stage.followersOf(old);
      const outside = stage.client(old);
      const inside = stage.client(...others);
      await inside.client.put("schedule", "before");
      stage.isolate(old);
      const isReplaced = (): boolean => others.some(({ running }) => running?.member?.isLeader);
      // It believes in its leadership until it has heard no quorum for an election time-out.
      const early = outside.client.get("schedule", { deadlineMillis: 20_000 });
      await stage.until("a new leader", isReplaced);
      await inside.client.put("schedule", "after");
      const late = outside.client.get("schedule", { deadlineMillis: 20_000 });
      const seen = await Promise.allSettled([early, late]);
      const isStale = seen[1].status === "fulfilled" && seen[1].value?.text() !== "after";
      if (isStale) throw new Error("P2: the old leader has answered a read with the old value");
      reached();
      stage.healLinks();
    },
  },
  {
    name: "a follower is asked that is cut off with the old leader of five",
    rows: ["C2"],
    plan: { members: 5 },
    script: async (stage, reached) => {
      const register = new Register(stage);
      const old = await stage.leader();
      const [beside, ...others] = stage.random.shuffle([...stage.followersOf(old)]);
      if (beside === undefined) throw new Error("Cannot find a follower");
      await register.write(stage.client(...others).client);
      stage.split([old, beside], others);
      await stage.until("a new leader", () =>
        others.some(({ running }) => running?.member?.isLeader === true),
      );
      await stage.insist("a write", () => register.write(stage.client(...others).client));
      // The two are no quorum of five, whatever one says to the other.
      if (stage.memberOf(old).isLeader) reached();
      await register.readFrom([beside, old]);
      stage.healLinks();
      await register.readFrom([beside, old]);
    },
  },
  {
    name: "a new leader is asked before anything of its term is committed",
    rows: ["C3"],
    script: async (stage, reached) => {
      for (let round = 0; round < 3; round += 1) {
        const old = await stage.leader();
        const others = stage.followersOf(old);
        const register = new Register(stage);
        await register.write(stage.client(old).client);
        // Followers may hold the write and not know that it is committed.
        stage.powerOff(old);
        const loosen = others.map((other) => holdSyncs(other, 250));
        await stage.until("a leader without a commit of its term", () =>
          others.some((one) => isNew(one)),
        );
        reached();
        await register.readFrom(others);
        for (const end of loosen) end();
        stage.up(old);
        await stage.settled();
      }
    },
  },
  {
    name: "everybody is asked while leadership is handed over",
    rows: ["C3"],
    script: async (stage, reached) => {
      const register = new Register(stage);
      for (let round = 0; round < 6; round += 1) {
        const old = await stage.leader();
        const target = stage.random.pick(stage.followersOf(old));
        for (const { disk } of stage.world.present) disk.slowMillis = 60;
        await register.write(stage.client(old).client);
        stage.memberOf(old).transferLeadership(target.memberId);
        const asked = [register.readFrom(stage.world.present)];
        while (!stage.memberOf(target).isLeader && asked.length < 40) {
          await stage.wait(2);
          asked.push(register.readFrom(stage.world.present));
        }
        if (isNew(target)) reached();
        await Promise.all([...asked, register.readFrom(stage.world.present)]);
        for (const { disk } of stage.world.present) disk.slowMillis = 0;
      }
    },
  },
  {
    name: "late and repeated heartbeat answers meet the reads of leaders that were stopped",
    rows: ["C4"],
    plan: {
      network: {
        ...calmFaults,
        ...{ delayMinMillis: 1, delayMeanMillis: 15, duplicateProbability: 0.5 },
        ...{ reorderProbability: 0.5, spikeProbability: 0.1, spikeMillis: 300 },
      },
    },
    script: async (stage, reached) => {
      const register = new Register(stage);
      for (let round = 0; round < 4; round += 1) {
        const old = await stage.leader();
        const others = stage.followersOf(old);
        const early = register.readFrom([old]);
        old.process?.pause();
        await stage.until("a new leader", () =>
          others.some(({ running }) => running?.member?.isLeader === true),
        );
        await stage.insist("a write", () => register.write(stage.client(...others).client));
        const late = register.readFrom(stage.world.present);
        await stage.wait(stage.random.between(0, 30));
        old.process?.goOn();
        // It finds late answers to its heartbeats and reads that wait for them.
        reached();
        await register.readFrom(stage.world.present);
        await Promise.all([early, late]);
      }
    },
  },
];

/** Whether a machine leads and has committed nothing of its term. */
function isNew({ running }: Machine): boolean {
  return running?.status().leadership?.isCommitCurrent === false;
}

/** One key with numbers that grow. */
class Register {
  readonly #stage: Stage;
  readonly #readers = new Map<Machine, Client>();
  #written = 0;
  #acknowledged = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Writes the next number. @throws when that fails */
  async write(client: Client): Promise<void> {
    this.#written += 1;
    const number = this.#written;
    await client.put("schedule register", `${number}`, { deadlineMillis: 10_000 });
    this.#acknowledged = Math.max(this.#acknowledged, number);
  }

  /** Asks each machine once: no answer is older than what was acknowledged before the question. */
  async readFrom(machines: readonly Machine[]): Promise<void> {
    await Promise.all(machines.map((machine) => this.#read(machine)));
  }

  async #read(machine: Machine): Promise<void> {
    let reader = this.#readers.get(machine);
    if (reader === undefined) {
      reader = this.#stage.client(machine).client;
      this.#readers.set(machine, reader);
    }
    const client = reader;
    const least = this.#acknowledged;
    const ask = { deadlineMillis: 4_000 };
    const result = await attempt(() => client.get("schedule register", ask));
    if (result.kind === "failed") return;
    const seen = Number(result.answer?.text() ?? 0);
    this.#stage.expect(seen >= least, `P2: ${machine.name} reads ${seen} after ${least}`);
  }
}
