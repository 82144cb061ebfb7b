/** The simulator by the commands that the READMEs tell people to type. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { root } from "../architecture/repository.ts";
import { runChild } from "../readme/child.ts";

const commands: ReadonlyArray<readonly [string, RegExp]> = [
  ["npm run sim -- --seconds 5", /^[1-9]\d* seeds, \d+ events .* \d+ failures/m],
  ["npm run sim -- --seed 7", /^.*trace [0-9a-f]+, every promise held/m],
  ["npm run mutants -- --list", /^(C1 commit-old-term: .*)\n(.*\n){29}/m],
  // All of `npm run mutants` takes hours: its command is looked at alone.
  ["npm run mutants -- --help", /^usage: npm run mutants /m],
];

describe("documented commands", () => {
  for (const [line, expected] of commands) {
    test(line, { timeout: 170_000 }, async () => {
      const end = await runChild({
        command: "bash",
        arguments: ["-euo", "pipefail", "-c", line],
        directory: root,
        timeoutMillis: 160_000,
      });
      // Fresh seeds may find something: what they find is said, and judged where seeds are fixed.
      const codes = line.includes("--seconds") ? [0, 1] : [0];
      assert.ok(codes.includes(end.code ?? -1), `${end.stdout}${end.stderr}`);
      assert.match(end.stdout, expected);
    });
  }
});
