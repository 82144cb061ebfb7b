/**
 * Commits many small units around a large one, for which the file may not grow (`ulimit -f`). What
 * LMDB is asked to write after a transaction that failed must not reach the disk (C25).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { stageUnits } from "./crash-bench.ts";
import { openLmdb } from "./support.ts";

const failures: Error[] = [];
const backend = await openLmdb(process.argv[2] ?? "", {
  feedRowsMax: 7,
  onFailure: (error) => failures.push(error),
});
stageUnits(backend, 1, 3);
await backend.flush();
const large = Number(process.argv[3]);
stageUnits(backend, 4, large - 1);
for (let row = 0; row < 8; row++) backend.put("alarm", `${row}`, Buffer.alloc(3_000_000));
stageUnits(backend, large, 400);
await backend.flush().catch((error: unknown) => error);
// LMDB's thread would be at work long before this is over.
await sleep(200);
console.log(JSON.stringify({ failures: failures.length, mark: backend.durableMark() }));
await backend.close();
