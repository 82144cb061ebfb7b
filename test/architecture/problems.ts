import assert from "node:assert/strict";

/** Fails with every problem on a line of its own; passes when there is none. */
export function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) assert.fail(`${problems.length} found:\n${problems.join("\n")}`);
}
