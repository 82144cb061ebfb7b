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
import { NetworkCluster } from "./network-cluster.ts";
import { judge } from "./network-judge.ts";
import { NetworkLoad } from "./network-load.ts";
import { networkKind } from "./network-scenarios.ts";
import { Weather } from "./network-weather.ts";

const seconds = Number(process.env["QUORATE_WEATHER_SECONDS"] ?? "10");
const seed = process.env["QUORATE_WEATHER_SEED"] ?? String(Date.now() % 1_000_000);
/** Starting processes and reading logs count here, too. */
const recoveryMaxMillis = 8_000;

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
      const { term } = await cluster.agreement();
      await load.stop();
      const verdict = await judge("weather/", cluster.endpoints, load);
      const faults = [...report].map(([kind, count]) => `${kind} ${count}`).join(", ");
      console.log(
        `${size} members: ${faults}; back after ${Math.round(recovery)} ms; term ${term}`,
      );
      console.log(JSON.stringify(verdict));
      assert.ok(recovery < recoveryMaxMillis, `service was back after ${recovery} ms`);
      assert.ok(term < seconds * 2 + 10, `term ${term}: endless elections (C18)`);
    });
  }
});
