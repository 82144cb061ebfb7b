/**
 * Runs many seeds: `node --conditions=@quorate/source --import tsx run-seeds.ts FIRST COUNT
 * MILLIS`. Prints the first seed that breaks a promise, and what all of them have reached.
 */
import { SimCluster } from "./sim-cluster.ts";

const [first = 1, count = 100, millis = 2_000] = process.argv.slice(2).map(Number);
const totals = new Map<string, number>();
const begin = performance.now();
let failures = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const cluster = new SimCluster(seed);
  try {
    cluster.runFaulty(millis);
    for (const [name, value] of Object.entries(cluster.runHealed())) {
      totals.set(name, (totals.get(name) ?? 0) + Number(value));
    }
  } catch (error) {
    failures += 1;
    console.log(`seed ${seed}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
    if (failures > 3) break;
  }
}
console.log(Object.fromEntries(totals), `${Math.round(performance.now() - begin)} ms`, {
  failures,
});
