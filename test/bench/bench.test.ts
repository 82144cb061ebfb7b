import assert from "node:assert/strict";
import { readdir, readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { storeMissing } from "../support/store.ts";
import { runBench } from "./bench.ts";
import { questions } from "./catalogue.ts";
import { parseOptions, type BenchOptions } from "./options.ts";
import type { PlacedSample } from "./summary.ts";

/** Questions about so little that all of them take seconds. */
const tiny: BenchOptions["scale"] = {
  seconds: 5,
  operations: 40,
  warmupSeconds: 0.01,
  keys: 20,
  listKeys: 20,
  watchers: 8,
  leases: 8,
  manyKeys: 250,
  manyWatchers: 12,
  manyLeases: 12,
  manyConnections: 12,
  rate: undefined,
};

function optionsOf(...argv: readonly string[]): BenchOptions {
  const parsed = parseOptions(["--quick", "--members", "1", ...argv]);
  assert.ok(parsed.kind === "run");
  return { ...parsed.options, scale: tiny };
}

function named(...names: readonly string[]): typeof questions {
  const chosen = questions.filter(({ name }) => names.includes(name));
  assert.equal(chosen.length, names.length);
  return chosen;
}

async function run(
  chosen: typeof questions,
  options: BenchOptions,
  profileFolder = "/nowhere",
): Promise<readonly PlacedSample[]> {
  const dependencies = { progress: () => undefined, profileFolder };
  const { samples, failures } = await runBench(chosen, options, dependencies);
  assert.deepEqual(failures, []);
  return samples;
}

function assertWorked(samples: readonly PlacedSample[]): void {
  for (const { row, client, peer, operations, seconds, failures } of samples) {
    const name = `${row} (${client}) of ${peer}`;
    assert.equal(failures, 0, name);
    assert.ok(operations > 0 && seconds > 0, name);
  }
}

describe("runBench", { skip: storeMissing("quorate") }, () => {
  test("measures every kind of load, restarts, and what each cost the server", async () => {
    const samples = await run(questions, optionsOf("--vs", "none"));
    assertWorked(samples);
    const rows = samples.filter(({ client }) => client !== "h2load").map(({ row }) => row);
    const manyKeys = ["load", "pages", "one-list", "restart", "restart-orderly"];
    assert.deepEqual(
      rows,
      questions.flatMap(({ name }) =>
        name === "many-keys" ? manyKeys.map((part) => `${name}-${part}`) : [name],
      ),
    );
    for (const { row, client, operations, usage, latencies, details } of samples) {
      assert.ok(usage !== undefined && usage.residentBytesMax >= usage.residentBytes, row);
      if (latencies !== undefined) assert.ok(latencies.p50 <= latencies.p999, row);
      if (client === "h2load") assert.ok(operations >= (tiny.operations ?? 0), row);
      if (row.startsWith("many-keys")) assert.equal(operations, tiny.manyKeys, row);
      if (row.startsWith("connections")) assert.equal(details?.["connections"], 12);
      if (client === "-") continue;
      assert.ok(usage.loop !== undefined && usage.waitShare !== undefined, row);
      assert.ok(usage.waitShare >= 0 && usage.waitShare <= 1, row);
      assert.ok(usage.loop.utilization > 0 && usage.loop.utilization <= 1, row);
      assert.ok(usage.loop.delayP99Millis <= usage.loop.delayMaxMillis, row);
    }
  });

  test("writes a CPU profile of what was measured, and where its time went", async () => {
    const folder = await mkdtemp(join(tmpdir(), "quorate-profile-"));
    try {
      const options = optionsOf("--vs", "none", "--profile", "--no-h2load");
      // Enough for the sampler, which looks 2,000 times a second, to meet the member's own code.
      const scale = { ...tiny, operations: 4_000 };
      await run(named("put-1"), { ...options, scale }, folder);
      const place = join(folder, "put-1-1");
      const files = await readdir(place);
      assert.deepEqual(files.sort(), ["put-1-raw-1.cpuprofile", "put-1-raw-1.txt"]);
      const text = await readFile(join(place, "put-1-raw-1.txt"), "utf8");
      assert.match(text, /garbage collection [\d.]+ %/);
      assert.match(text, /[\d.]+ % {2}\S.* {2}packages\/(?:server|grpc)\/dist\//);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("runBench against etcd", { skip: storeMissing("etcd") || storeMissing("quorate") }, () => {
  test("asks both peers in turns", async () => {
    const samples = await run(named("put-1"), { ...optionsOf(), repeat: 2 });
    assertWorked(samples);
    assert.deepEqual(
      samples
        .filter(({ client }) => client === "raw")
        .map(({ peer, repetition }) => `${peer} ${repetition}`),
      ["etcd 0", "quorate 0", "etcd 1", "quorate 1"],
    );
  });
});
