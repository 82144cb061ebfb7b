// Loaded into a member before its program: SIGUSR2 starts a CPU profile, the next one ends it and
// writes it to the folder that the address of this module names. Only what is between is in it.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";

const folder = new URL(import.meta.url).searchParams.get("folder") ?? ".";
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.setSamplingInterval", { interval: 500 });

let isRunning = false;
let count = 0;
process.on("SIGUSR2", () => {
  isRunning = !isRunning;
  if (isRunning) {
    session.post("Profiler.start");
    return;
  }
  session.post("Profiler.stop", (error, answer) => {
    if (error !== null) throw error;
    count += 1;
    writeFileSync(`${folder}/${process.pid}-${count}.cpuprofile`, JSON.stringify(answer.profile));
  });
});
