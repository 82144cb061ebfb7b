/**
 * Takes steps on a database for ever, and prints a line before each; whoever started it kills it.
 */
import { writeSync } from "node:fs";
import { SeededRandom } from "@quorate/platform/sim";
import { ShapedDatabase, type Step } from "./shaped-database.ts";

const random = new SeededRandom(BigInt(process.argv[3] ?? "1"));
const database = await ShapedDatabase.open(process.argv[2] ?? "", {
  commitIntervalMillis: 1,
  commitRowsMax: 200,
  feedRowsMax: 30,
});

function drawStep(): Step {
  const size = [20, 100, 300, 2_020, 9_000][random.nextInt(5)] ?? 0;
  switch (random.nextInt(6)) {
    case 0:
      return { kind: "remove versions", from: random.nextInt(100) / 100, part: 0.3 };
    case 1:
      return { kind: "rows", count: random.nextInt(80), key: 200, size };
    case 2:
      return { kind: "remove rows", every: 2 };
    case 3:
      return random.nextInt(5) === 0 ? { kind: "defragment" } : { kind: "commit" };
    default:
      return { kind: "versions", count: random.nextInt(200), size };
  }
}

for (;;) {
  const step = drawStep();
  writeSync(1, `${step.kind}\n`);
  await database.take(step);
  // Commits go on meanwhile.
  await new Promise((resolve) => setImmediate(resolve));
}
