/** The examples do what they say: the demo plays two of them, the third looks at a member. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts, startMembers } from "./members.ts";
import { Program } from "./programs.ts";

describe("examples", () => {
  test("npm run demo holds to its end", { timeout: 170_000 }, async () => {
    const root = fileURLToPath(new URL("..", import.meta.url));
    const { stdout } = await promisify(execFile)("npm", ["run", "demo"], { cwd: root });
    assert.match(stdout, /beta leads after .* fencing token \d+/);
    assert.match(stdout, /Done: every step held\.$/m);
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
