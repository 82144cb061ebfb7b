// Applies the sample log on an LMDB backend with frequent commits, until somebody kills it.
import { setImmediate } from "node:timers/promises";
import { NodeTimers } from "@quorate/platform";
import { LmdbBackend } from "@quorate/mvcc";
import { openMachine } from "../support/machine.ts";
import { sampleLog } from "../support/sample-log.ts";

const [, , path = "", length = "0"] = process.argv;
const options = { commitIntervalMillis: 1 };
const backend = await LmdbBackend.open(path, options, { timers: new NodeTimers() });
const machine = await openMachine(backend);
for (const entry of sampleLog(Number(length)).entries) {
  machine.apply(entry);
  if (entry.index % 20 !== 0) continue;
  await setImmediate();
  process.stdout.write(`${backend.durableMark()}\n`);
}
process.stdout.write("end\n");
