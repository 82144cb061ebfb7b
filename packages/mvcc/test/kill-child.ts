/**
 * Writes units as fast as it can until it is killed, and prints the durable mark as it moves; asked
 * for a number of marks, it kills itself once it has printed them.
 *
 * Unit n stores the applied index n, two rows of bucket `key` and one of `lease`.
 */
import { writeSync } from "node:fs";
import { openLmdb, bytes } from "./support.ts";

const path = process.argv[2] ?? "";
const backend = await openLmdb(path, {
  commitIntervalMillis: 2,
  commitRowsMax: 50,
  feedRowsMax: 7,
});
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const marksMax = Number(process.argv[4] ?? "Infinity");
let printed = backend.durableMark();
let marks = 0;
for (let unit = Number(process.argv[3] ?? "1"); ; unit++) {
  const name = String(unit).padStart(9, "0");
  backend.put("meta", "appliedIndex", bytes(String(unit)));
  backend.put("key", `${name}.0`, Buffer.alloc(200, unit));
  backend.put("key", `${name}.1`, Buffer.alloc(200, unit));
  backend.put("lease", name, bytes("1"));
  if (unit % 10 === 0) backend.delete("lease", name);
  backend.endUnit(unit);
  while (unit - backend.durableMark() > 60) await nextTurn();
  if (unit % 3 === 0) await nextTurn();
  const mark = backend.durableMark();
  if (mark > printed) {
    writeSync(1, `${mark}\n`);
    printed = mark;
    marks++;
    if (marks === marksMax) process.kill(process.pid, "SIGKILL");
  }
}
