/**
 * Writes rows until the file may not grow any more (`ulimit -f`), and prints what it was told.
 *
 * A promise without an owner would end the process with another exit code than 0.
 */
import { bytes, openLmdb } from "./support.ts";

const failures: string[] = [];
const backend = await openLmdb(process.argv[2] ?? "", {
  commitRowsMax: 50,
  feedRowsMax: 7,
  onFailure: (error) => failures.push(`${error.name}: ${String(error.cause)}`),
});
let unit = 0;
while (failures.length === 0) {
  unit++;
  for (let row = 0; row < 20; row++) {
    backend.stageVersion(unit, row, false, 2000).bytes.fill(1);
    backend.put("lease", `${unit}.${row}`, Buffer.alloc(2000));
  }
  backend.delete("lease", `${unit}.0`);
  backend.put("meta", "appliedIndex", bytes(String(unit)));
  backend.endUnit(unit);
  await backend.flush().catch((error: unknown) => error);
}
await new Promise((resolve) => setTimeout(resolve, 20));
await backend.close();
console.log(JSON.stringify({ failures, unit }));
