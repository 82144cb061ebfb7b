/**
 * Clients that are cancelled and cut off at random while the members live (C30, C48, P6, P9, B24),
 * and a flood of requests (V3).
 *
 * `QUORATE_STORM_SECONDS` sets how long, `QUORATE_STORM_SEED` repeats the same choices. @default 8
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as passing } from "node:timers/promises";
import { connect, EtcdError, type Client } from "@quorate/client";
import { SeededRandom } from "@quorate/platform/sim";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until, within } from "../support/deadline.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import type { StormKnowledge } from "./clients-operators.ts";
import { StormClient, stormKinds } from "./clients-storm.ts";
import { checkMemory, memoryOf } from "./member-memory.ts";
import { judge } from "./network-judge.ts";

const stormMillis = Number(process.env["QUORATE_STORM_SECONDS"] ?? "8") * 1_000;
const seed = process.env["QUORATE_STORM_SEED"] ?? String(Date.now() % 1_000_000);
const clientsPerMember = 8;
const stormPrefix = "storm/";
const calmPrefix = "calm/";
/** Leases of a storm last 2 s; see L2. */
const leasesGoneMillis = 10_000;
/** Calls of each of three clients, all at the same time. */
const floodCalls = 4_000;
const floodValueBytes = 512;

describe("clients that give up at random", { skip: quorateMissing }, () => {
  test(
    "leave exact histories, and nothing behind",
    { timeout: stormMillis + 120_000 },
    async () => {
      console.log(`QUORATE_STORM_SEED=${seed}`);
      await using cluster = await ClusterProcesses.start(3);
      const calm: StormKnowledge = { revision: 1, compacted: 0, compactMax: 1 };
      await storm(cluster, calm, calmPrefix, stormMillis / 2);
      const before = memoryOf(cluster.members);
      const known: StormKnowledge = { ...calm, compactMax: calm.revision };
      const clients = await storm(cluster, known, stormPrefix, stormMillis);
      const records = {
        writes: clients.flatMap((client) => client.writes),
        reads: [],
        sights: clients.flatMap((client) => client.sights),
      };
      const verdict = await judge(stormPrefix, cluster.endpoints, records, known.compactMax + 1);
      const givenUp = stormKinds.map((kind) => {
        return clients.reduce((sum, client) => sum + (client.givenUp.get(kind) ?? 0), 0);
      });
      const kinds = stormKinds.map((kind, index) => `${kind} ${givenUp[index]}`).join(", ");
      const events = clients.reduce((sum, client) => sum + client.events, 0);
      console.log(`given up: ${kinds}; events ${events}; ${JSON.stringify(verdict)}`);
      assert.ok(!givenUp.includes(0), `each kind of call was given up: ${kinds} (C30)`);
      assert.ok(verdict.acknowledged > 20 && verdict.unknown > 20, "both happened");
      assert.ok(verdict.surfaced > 0, "some that were given up took effect");
      await checkLeftOvers(cluster);
      const memory = checkMemory(cluster.members, known.revision - calm.revision, before);
      console.log(`memory ${memory}`);
      assert.ok(cluster.members.every((member) => member.isRunning));
    },
  );
});

describe("a flood of requests", { skip: quorateMissing }, () => {
  test("is answered or shed, and nobody loses the lead (V3)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    const clients = cluster.endpoints.map((endpoint) => connect({ endpoints: [endpoint] }));
    const before = await leadership(clients);
    const value = Buffer.alloc(floodValueBytes, "flood");
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    const calls = clients.flatMap((client, member) =>
      Array.from({ length: floodCalls }, async (_, number) => {
        const put = client.put(`flood/${member}/${number}`, value, { deadlineMillis: 60_000 });
        await put.then(
          () => count("done"),
          (error: unknown) => count(error instanceof EtcdError ? error.code : String(error)),
        );
      }),
    );
    await within(70_000, "the end of the flood", Promise.all(calls));
    console.log(`flood: ${JSON.stringify(Object.fromEntries(outcomes))}`);
    const [done = 0, shed = 0, late = 0] = ["done", "too-many-requests", "unavailable"].map(
      (outcome) => outcomes.get(outcome) ?? 0,
    );
    assert.equal(done + shed + late, calls.length, "V3: nothing else happens to a request");
    assert.deepEqual(await leadership(clients), before, "V3: the lead did not move");
    const [first] = clients;
    assert.ok(first);
    const { count: rows } = await first.range({ prefix: "flood/" }, { countOnly: true });
    console.log(`memory ${checkMemory(cluster.members, calls.length)}`);
    assert.ok(rows >= done && rows <= done + late, `P4, P6: ${rows} rows of ${done} + ${late}`);
    for (const client of clients) client.close();
  });
});

/** Who leads in which term, as each member says. */
async function leadership(clients: readonly Client[]): Promise<unknown> {
  return until(20_000, "a leader", async () => {
    const answers = await Promise.all(
      clients.map((client) => client.maintenance.status({}, { deadlineMillis: 10_000 })),
    );
    const told = answers.map(({ leader, raftTerm }) => ({ leader, raftTerm }));
    return told.every(({ leader }) => leader !== 0n) ? told : undefined;
  });
}

/**
 * Many clients of each member for some time. Unless their keys are those of a calm beginning they
 * give calls up, and half of them come through a relay that resets all connections at times.
 */
async function storm(
  cluster: ClusterProcesses,
  known: StormKnowledge,
  prefix: string,
  millis: number,
): Promise<readonly StormClient[]> {
  const isCalm = prefix === calmPrefix;
  const random = new SeededRandom(BigInt(seed)).split(prefix);
  const proxies = await Promise.all(
    cluster.members.map((member) => TcpProxy.start(member.clientPort)),
  );
  const clients = cluster.members.flatMap((member, index) =>
    Array.from({ length: clientsPerMember }, (_, number) => {
      const endpoint = number % 2 === 0 ? member.endpoint : (proxies[index]?.endpoint ?? "");
      const place = { member: index, name: `c${index}-${number}`, prefix, isCalm };
      return new StormClient(endpoint, place, random.split(`${index}-${number}`), known);
    }),
  );
  const end = new AbortController();
  const running = Promise.all(clients.map((client) => client.run(end.signal)));
  const cutting = random.split("cuts");
  const until = performance.now() + millis;
  while (performance.now() < until) {
    await Promise.race([passing(50 + cutting.nextInt(300)), running]);
    if (!isCalm) proxies[cutting.nextInt(proxies.length)]?.cut();
  }
  end.abort();
  await within(20_000, "the end of all calls", running);
  for (const client of clients) await client[Symbol.asyncDispose]();
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  return clients;
}

/** Leases run out, their keys go, and no member remembers a watcher. */
async function checkLeftOvers(cluster: ClusterProcesses): Promise<void> {
  for (const endpoint of cluster.endpoints) {
    await using client = connect({ endpoints: [endpoint] });
    await until(leasesGoneMillis, `the end of all leases at ${endpoint}`, async () =>
      (await client.lease.list()).length === 0 ? true : undefined,
    );
    // What was given up of a compaction came to pass, or another did; here as everywhere (P9).
    await assert.rejects(client.range("old", { revision: 1 }), { code: "compacted" });
    assert.deepEqual((await client.getAll({ prefix: "leased/" })).kvs, [], "L5: leased keys");
    await until(10_000, `the end of all watchers at ${endpoint}`, async () => {
      const metrics = await (await fetch(`http://${endpoint}/metrics`)).text();
      const watchers = /^etcd_debugging_mvcc_watcher_total(?:\{\})? (\d+)/m.exec(metrics)?.[1];
      assert.ok(watchers !== undefined, "the metric is there");
      return watchers === "0" ? true : undefined;
    });
  }
}
