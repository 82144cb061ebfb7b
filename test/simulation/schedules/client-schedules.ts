import { op, type Client } from "@quorate/client";
import { Registry, type InstanceInit } from "@quorate/recipes";
import { attempt } from "../workloads/pacing.ts";
import { holdSyncs } from "./disks.ts";
import { Ledger } from "./ledger.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** What clients do when their members die, and members when their clients do. */
export const clientSchedules: readonly Schedule[] = [
  {
    name: "calls of all kinds are cancelled at any of their steps",
    rows: ["C30"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "beside");
      const stop = ledger.load(1);
      const clients = stage.world.present.map((machine) => stage.client(machine).client);
      let cancelled = 0;
      for (let i = 0; i < 250; i += 1) {
        const abort = new AbortController();
        const client = stage.random.pick(clients);
        const call = attempt(() => callOf(i, client, abort.signal), ["lease-not-found"]);
        const delay = stage.random.pick([0, 0.2, 1, 3, 8]) * stage.random.nextFloat();
        if (delay > 0) await stage.wait(delay);
        abort.abort();
        const result = await call;
        if (result.kind === "failed" && result.error.code === "cancelled") cancelled += 1;
      }
      if (cancelled > 50) reached();
      await stop();
      await ledger.check();
      const { kvs } = await stage.insist("a read", () =>
        stage.anyone.getAll({ prefix: "cancelled/" }),
      );
      const twice = kvs.filter(({ version }) => version > 1);
      stage.expect(twice.length === 0, "P6: a cancelled write took place twice");
      const isIdle = (): boolean =>
        stage.world.present.every((machine) => stage.memberOf(machine).pendingProposals < 8);
      await stage.until("members forget what was cancelled", isIdle);
    },
  },
  {
    name: "members are killed in the midst of transactions that must not be repeated",
    rows: ["C48"],
    script: async (stage, reached) => {
      const values = new Map<string, "done" | "refused" | "unknown">();
      for (let round = 0; round < 6; round += 1) {
        const leader = await stage.leader();
        const target = stage.random.chance(0.7) ? leader : stage.followersOf(leader)[0];
        if (target === undefined) throw new Error("Cannot find a member to kill");
        const client = stage.random.chance(0.5) ? stage.client(target).client : stage.anyone;
        const effect = stage.random.pick(["frame", "answer"] as const);
        const kill = (): void => stage.kill(target);
        const disarm = stage.world.effects.arm(target, effect, stage.random.nextInt(12), kill);
        const commits = Array.from({ length: 8 }, async (_, i) => {
          const value = `${round}/${i}`;
          values.set(value, "unknown");
          const txn = client.txn().then(op.put("counted", value), op.get("counted"));
          const result = await attempt(() => txn.commit({ deadlineMillis: 4_000 }));
          if (result.kind === "done") values.set(value, "done");
          else if (!result.error.isOutcomeUnknown) values.set(value, "refused");
          else reached();
        });
        let isOver = false;
        const all = Promise.all(commits).then(() => {
          isOver = true;
        });
        await stage.until("the kill", () => target.process === undefined || isOver);
        disarm();
        if (target.process !== undefined) kill();
        await stage.wait(stage.random.between(0, 1_500));
        stage.up(target);
        await all;
      }
      await stage.settled();
      judgeCounts(stage, values);
    },
  },
  {
    name: "writes wait for stuck disks until their time is over, and take effect then",
    rows: ["C48"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "late");
      for (let round = 0; round < 2; round += 1) {
        const leader = await stage.leader();
        const loosen = stage.followersOf(leader).map((follower) => holdSyncs(follower, 9_000));
        const clients = stage.world.present.map((machine) => stage.client(machine).client);
        const before = ledger.acknowledged;
        await Promise.all(clients.map((client) => ledger.write(client, 20_000)));
        if (ledger.acknowledged === before) reached();
        for (const end of loosen) end();
        await stage.settled();
        await ledger.check();
      }
    },
  },
  {
    name: "instances go while the watch of their registry is cut off and compacted away",
    rows: ["C44"],
    plan: { workloads: [] },
    script: followRegistry,
  },
];

/** A call that nobody waits for until its end. */
function callOf(i: number, client: Client, signal: AbortSignal): Promise<unknown> {
  const options = { signal, deadlineMillis: 3_000 };
  switch (i % 8) {
    case 0:
    case 1:
      return client.put(`cancelled/${i}`, "", options);
    case 2:
      return client
        .txn()
        .then(op.put(`cancelled/${i}`, ""), op.get("cancelled/1"))
        .commit(options);
    case 3:
      return client.range({ prefix: "cancelled/" }, options);
    case 4:
      return client.delete(`cancelled/${i - 4}`, options);
    case 5:
      return client.lease.grant(5, { ...options, id: BigInt(1_000 + i) });
    case 6:
      return client.lease.keepAliveOnce(BigInt(1_000 + i - 1), options).catch(ignoreLoss);
    default:
      return client.cluster.memberList({ linearizable: true }, options);
  }
}

function ignoreLoss(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "lease-lost") return undefined;
  throw error;
}

/** Nothing took place twice, nor what was refused, and everything that was acknowledged did. */
function judgeCounts(stage: Stage, values: ReadonlyMap<string, string>): void {
  const counts = new Map<string, number>();
  for (const { events } of stage.world.truth.revisions) {
    for (const { key, value } of events) {
      if (key === "counted") counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  for (const [value, outcome] of values) {
    const count = counts.get(value) ?? 0;
    stage.expect(count <= 1, `P6: transaction ${value} took place ${count} times`);
    stage.expect(outcome !== "done" || count === 1, `P4: transaction ${value} is lost`);
    stage.expect(outcome !== "refused" || count === 0, `P6: ${value} was refused, yet took place`);
  }
}

async function followRegistry(stage: Stage, reached: () => void): Promise<void> {
  const registry = new Registry(stage.anyone);
  const instanceOf = (id: string): InstanceInit => {
    return { service: "web", id, address: "10.0.0.1:80" };
  };
  const watcher = stage.client();
  const watch = new Registry(watcher.client).watch("web");
  const follow = async (): Promise<void> => {
    for await (const event of watch) void event;
  };
  let isOver = false;
  follow().catch((error: unknown) => {
    if (!isOver) stage.world.fail(error);
  });
  const isSeen = (...ids: readonly string[]): boolean => {
    const seen = [...watch.instances.values()].map(({ id }) => id);
    return seen.sort().join() === [...ids].sort().join();
  };
  const stays = await registry.register(instanceOf("stays"));
  for (let round = 0; round < 3; round += 1) {
    const goes = await registry.register(instanceOf(`goes-${round}`));
    await stage.until("both are seen", () => isSeen("stays", `goes-${round}`));
    for (const { address } of stage.world.present) {
      stage.world.clients.link(watcher.name, address).cut();
    }
    await goes.close();
    const comes = await registry.register(instanceOf(`comes-${round}`));
    await stage.wait(stage.random.between(1_000, 25_000));
    const { revision } = await stage.anyone.put("beside", "");
    await stage.anyone.compact(revision);
    reached();
    for (const { address } of stage.world.present) {
      stage.world.clients.link(watcher.name, address).heal();
      if (round === 1) stage.world.clients.link(watcher.name, address).reset();
    }
    const isSettled = (): boolean => isSeen("stays", `comes-${round}`);
    await stage.until("that who went is gone", isSettled, 60_000, "R1");
    await comes.close();
    await stage.until("only one is left", () => isSeen("stays"));
  }
  isOver = true;
  watcher.client.close();
  await stays.close();
}
