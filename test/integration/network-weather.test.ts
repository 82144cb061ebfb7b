/**
 * Networks that fail, members that sleep and die, all at random and at once (B1, B8 to B10, B12).
 *
 * `QUORATE_WEATHER_SECONDS` sets how long, `QUORATE_WEATHER_SEED` repeats the same choices.
 * @default 10
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SeededRandom } from "@quorate/platform/sim";
import { quorateMissing } from "../support/cluster-processes.ts";
import { describeLap } from "../support/fair-stopwatch.ts";
import { checkMemory } from "./member-memory.ts";
import { NetworkCluster } from "./network-cluster.ts";
import { judge } from "./network-judge.ts";
import { NetworkLoad } from "./network-load.ts";
import { networkKind } from "./network-scenarios.ts";
import { Weather } from "./network-weather.ts";

const seconds = Number(process.env["QUORATE_WEATHER_SECONDS"] ?? "10");
const seed = process.env["QUORATE_WEATHER_SEED"] ?? String(Date.now() % 1_000_000);
/** V1: all members serve, so long after links are whole and logs are read. */
const recoveryMaxMillis = 3_000;

describe("weather", { skip: quorateMissing }, () => {
  for (const size of [3, 5]) {
    const timeout = seconds * 1_000 + 90_000;
    test(`of ${size} members: nothing is lost, nothing is stale`, { timeout }, async () => {
      console.log(`QUORATE_WEATHER_SEED=${seed}`);
      const random = new SeededRandom(BigInt(seed)).split(String(size));
      const flags = ["--snapshot-count=300", "--snapshot-catchup-entries=50"];
      await using cluster = await NetworkCluster.start(size, { flags }, networkKind);
      await using load = new NetworkLoad("weather/", cluster.endpoints);
      const report = await new Weather(cluster, random).run(seconds * 1_000);
      const recovery = await cluster.service(cluster.indexes, 30_000);
      const { leader, term } = await cluster.agreement();
      await load.stop();
      const verdict = await judge("weather/", cluster.endpoints, load);
      const faults = [...report].map(([kind, count]) => `${kind} ${count}`).join(", ");
      console.log(`${size} members: ${faults}; back after ${describeLap(recovery)}; term ${term}`);
      const { revision = 0 } = (await cluster.status(leader)) ?? {};
      const memory = checkMemory(cluster.processes.members, revision);
      console.log(`memory ${memory}, ${JSON.stringify(verdict)}`);
      const { millis } = recovery;
      assert.ok(millis < recoveryMaxMillis, `V1: service was back after ${millis} ms`);
      assert.ok(term < seconds * 2 + 10, `term ${term}: endless elections (C18)`);
    });
  }
});
