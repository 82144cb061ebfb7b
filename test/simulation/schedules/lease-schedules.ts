import { LeaseLostError, type Client } from "@quorate/client";
import { attempt } from "../workloads/pacing.ts";
import { holdSyncs } from "./disks.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** The widest ids there are, and some that other numbers cannot hold (L6). */
const oddIds: readonly bigint[] = [
  -1n,
  -(2n ** 63n),
  2n ** 63n - 1n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  7n,
];

/** Leases, and when they end. */
export const leaseSchedules: readonly Schedule[] = [
  {
    name: "leases with negative and huge ids outlive a restart of all, and end in time",
    rows: ["C32"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const client = stage.anyone;
      for (const id of oddIds) await grantWithKey(client, id, 20);
      for (const machine of stage.world.present) {
        stage.powerOff(machine);
        stage.up(machine);
      }
      await stage.settled();
      reached();
      for (const id of oddIds) {
        const { keys } = await stage.insist("time to live", () =>
          client.lease.timeToLive(id, { keys: true }),
        );
        stage.expect(keys.length === 1, `L6: lease ${id} has ${keys.length} keys of 1`);
      }
      await stage.insist("a revocation", () => client.lease.revoke(-1n));
      // TTL, an extension of up to one more TTL by the restart, and the slack of L2.
      await stage.wait(45_000);
      const { kvs } = await stage.insist("the rest", () => client.getAll({ prefix: "leased/" }));
      stage.expect(kvs.length === 0, `L2: ${kvs.length} keys outlive their leases`);
      const listed = await stage.insist("the list", () => client.lease.list());
      stage.expect(!oddIds.some((id) => listed.includes(id)), "L2: a lease outlives its end");
    },
  },
  {
    name: "a leader whose disk is stuck is replaced, and goes on to count leases",
    rows: ["C45"],
    script: async (stage, reached) => {
      const old = await stage.leader();
      const others = stage.followersOf(old);
      const holder = stage.client(...others).client;
      await grantWithKey(holder, 1n, 3);
      await grantWithKey(holder, 2n, 3);
      const oldClient = stage.client(old).client;
      const loosen = holdSyncs(old, 12_000);
      stage.isolate(old);
      await stage.until("a new leader", () =>
        others.some(({ running }) => running?.member?.isLeader === true),
      );
      // Renewed with the new leader only: by the old one's count it ends in between.
      await stage.insist("a revocation", () => holder.lease.revoke(2n));
      for (let renewal = 0; renewal < 10; renewal += 1) {
        await stage.insist("a renewal", () => holder.lease.keepAliveOnce(1n));
        const answer = await attempt(
          () => oldClient.lease.keepAliveOnce(2n, { deadlineMillis: 500 }),
          ["lease-lost"],
        );
        stage.expect(answer.kind === "failed", "L4: the old leader renews a lease that is gone");
        await stage.wait(500);
      }
      reached();
      stage.healLinks();
      for (let renewal = 0; renewal < 10; renewal += 1) {
        await stage.insist("a renewal", () => holder.lease.keepAliveOnce(1n));
        await stage.wait(500);
      }
      loosen();
      const pair = await stage.insist("the key", () => holder.get("leased/1"));
      stage.expect(pair !== undefined, "L3: an old leader has ended a lease");
    },
  },
  {
    name: "a leader stands still while its leases are renewed with another, and goes on",
    rows: ["C45"],
    script: async (stage, reached) => {
      for (let round = 0; round < 3; round += 1) {
        const old = await stage.leader();
        const others = stage.followersOf(old);
        const holder = stage.client(...others).client;
        await stage.insist("a lease", () => grantWithKey(holder, BigInt(10 + round), 3));
        old.process?.pause();
        for (let renewal = 0; renewal < 8; renewal += 1) {
          await stage.insist("a renewal", () => holder.lease.keepAliveOnce(BigInt(10 + round)));
          await stage.wait(600);
        }
        // The first thing it finds is that its leases ran out long ago.
        old.process?.goOn();
        reached();
        await stage.wait(1_000);
        await stage.insist("a renewal", () => holder.lease.keepAliveOnce(BigInt(10 + round)));
        const pair = await stage.insist("the key", () => holder.get(`leased/${10 + round}`));
        stage.expect(pair !== undefined, "L3: an old leader has ended a lease");
      }
    },
  },
  {
    name: "renewals of a lease race its revocation, through every member",
    rows: ["C46"],
    script: raceRevocations,
  },
  {
    name: "renewals race the end of a lease by its time",
    rows: ["C46"],
    plan: { workloads: [] },
    script: raceEnds,
  },
  {
    name: "a new leader takes over thousands of leases",
    rows: ["C49"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const client = stage.anyone;
      const ids = Array.from({ length: 2_000 }, (_, i) => BigInt(i + 1));
      await Promise.all(ids.map((id) => client.lease.grant(10, { id, deadlineMillis: 20_000 })));
      const old = await stage.leader();
      const grantedMillis = stage.nowMillis;
      stage.powerOff(old);
      const others = stage.followersOf(old);
      // The other connections are dead, and nobody has said so.
      const alive = stage.client(...others).client;
      const write = (): Promise<unknown> =>
        alive.put("schedule", "served", { deadlineMillis: 1_000 });
      await stage.insist("a write", write, 5_000);
      reached();
      const taken = (): number =>
        Math.max(...others.map(({ running }) => running?.state.leases.size ?? 0));
      stage.expect(taken() === ids.length, `L1: ${taken()} leases of ${ids.length}`);
      await stage.until("all leases have ended", () => taken() === 0, 30_000);
      const took = stage.nowMillis - grantedMillis;
      stage.expect(took >= 9_000, `L1: leases of 10 s end after ${took} ms`);
      stage.up(old);
    },
  },
  {
    name: "leases of a month and of three centuries stay, whoever leads",
    rows: ["C50"],
    script: async (stage, reached) => {
      const client = stage.anyone;
      const spans: readonly (readonly [bigint, number])[] = [
        [1n, 30 * 24 * 3_600],
        [2n, 9_000_000_000],
        [3n, 2_147_484],
      ];
      for (const [id, ttlSeconds] of spans) await grantWithKey(client, id, ttlSeconds);
      for (let round = 0; round < 3; round += 1) {
        await stage.wait(5_000);
        const leader = await stage.leader();
        stage.powerOff(leader);
        stage.up(leader);
        await stage.settled();
        reached();
        for (const [id, ttlSeconds] of spans) {
          const left = await stage.insist("time to live", () => client.lease.timeToLive(id));
          const isRight =
            left.ttlSeconds > ttlSeconds - 60 && left.grantedTtlSeconds === ttlSeconds;
          stage.expect(isRight, `L6: ${left.ttlSeconds} s are left of ${ttlSeconds}`);
          await stage.insist("a renewal", () => client.lease.keepAliveOnce(id));
        }
      }
    },
  },
];

async function grantWithKey(client: Client, id: bigint, ttlSeconds: number): Promise<void> {
  await client.lease.grant(ttlSeconds, { id });
  await client.put(`leased/${id}`, "", { lease: id });
}

async function raceRevocations(stage: Stage, reached: () => void): Promise<void> {
  const clients = stage.world.present.map((machine) => stage.client(machine).client);
  for (let id = 100n; id < 115n; id += 1n) {
    await stage.insist("a lease", () => grantWithKey(stage.anyone, id, 30));
    let isGone = false;
    const renew = async (client: Client): Promise<void> => {
      for (let i = 0; i < 8; i += 1) {
        const wasGone = isGone;
        const result = await attempt(() => client.lease.keepAliveOnce(id), ["lease-lost"]);
        const isRenewed = result.kind === "done" && result.answer > 0;
        stage.expect(!(isRenewed && wasGone), `L4: lease ${id} is renewed after its end`);
        if (result.kind === "failed" && result.error instanceof LeaseLostError) reached();
      }
    };
    const look = async (client: Client): Promise<void> => {
      for (let i = 0; i < 8 && !isGone; i += 1) {
        const result = await attempt(() => client.get(`leased/${id}`));
        if (result.kind === "done" && result.answer === undefined) isGone = true;
      }
    };
    const revoke = async (): Promise<void> => {
      await stage.wait(stage.random.nextFloat() * 10);
      await stage.insist("a revocation", () => stage.anyone.lease.revoke(id));
      isGone = true;
    };
    await Promise.all([...clients.map(renew), ...clients.map(look), revoke()]);
  }
}

async function raceEnds(stage: Stage, reached: () => void): Promise<void> {
  await stage.settled();
  const clients = stage.world.present.map((machine) => stage.client(machine).client);
  const ids = Array.from({ length: 60 }, (_, i) => BigInt(500 + i));
  await Promise.all(ids.map((id) => grantWithKey(stage.anyone, id, 2)));
  // The end of a lease takes its time now, and renewals meet it.
  for (const { disk } of stage.world.present) disk.slowMillis = 150;
  let [renewed, lost] = [0, 0];
  const race = async (id: bigint): Promise<void> => {
    const client = stage.random.pick(clients);
    await stage.wait(1_500 + stage.random.nextFloat() * 1_200);
    const beganMillis = stage.nowMillis;
    const result = await attempt(() => client.lease.keepAliveOnce(id), ["lease-lost"]);
    if (result.kind === "failed") {
      lost += 1;
      return;
    }
    renewed += 1;
    // Whatever was under way: who was told that it lives has two seconds from its question on.
    await stage.wait(Math.max(0, 1_700 - (stage.nowMillis - beganMillis)));
    const pair = await stage.insist("the key", () => client.get(`leased/${id}`));
    const isInTime = stage.nowMillis - beganMillis < 1_950;
    stage.expect(pair !== undefined || !isInTime, `L4: lease ${id} was renewed and ends`);
  };
  await Promise.all(ids.map(race));
  if (renewed > 0 && lost > 0) reached();
  for (const { disk } of stage.world.present) disk.slowMillis = 0;
}
