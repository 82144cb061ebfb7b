/** The examples do what they say: the demo plays two of them, the third looks at a member. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { freePorts, startMembers } from "./members.ts";
import { Program } from "./programs.ts";

describe("examples", () => {
  test("the demo holds to its end", { timeout: 170_000 }, async () => {
    const demo = Program.example("demo.ts", [], {});
    const output = await demo.output();
    assert.match(output, /beta leads after .* fencing token \d+/);
    assert.match(output, /Done: every step held\.$/);
  });

  test(
    "the operator's program shows members, instances and leader",
    { timeout: 60_000 },
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "quorate-operator-"));
      const members = await startMembers(directory, await freePorts(6));
      try {
        const environment = { ENDPOINTS: members.map(({ endpoint }) => endpoint).join(",") };
        const service = Program.example("service.ts", ["web", "web-1", "10.0.0.1:80"], environment);
        await service.line(/^registered web-1/, 20_000);
        const aggregator = Program.example("aggregator.ts", ["shard-7", "alpha"], environment);
        await aggregator.line(/leads/, 20_000);
        const output = await Program.example("operator.ts", [], environment).output();
        for (const { name } of members) assert.match(output, new RegExp(`member ${name} `));
        assert.match(output, /instance web\/web-1 10\.0\.0\.1:80/);
        assert.match(output, /leader of shard-7: alpha/);
        await Promise.all([service.stop(), aggregator.stop()]);
        assert.match(await aggregator.output(), /alpha leads shard-7 no more/);
      } finally {
        await Promise.all(members.map(({ program }) => program.kill()));
        await rm(directory, { recursive: true, force: true });
      }
    },
  );
});
