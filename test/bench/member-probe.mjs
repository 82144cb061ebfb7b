// Loaded into a member of Quorate before its program: lets the bench ask what the event loop did,
// and profile it, between two moments of the bench's choice. It listens on a socket file named by
// the process in the folder that the address of this module names. One line of JSON is a request:
// {"begin": true, "profile": PATH or null} starts to observe, {"end": true} stops; each is answered
// by one line.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { createServer } from "node:net";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { isMainThread } from "node:worker_threads";

/** How often the loop is asked for; what it answers later than this is its delay. */
const resolutionMillis = 1;
const samplingMicros = 500;

const histogram = monitorEventLoopDelay({ resolution: resolutionMillis });
/** @type {Session | undefined} */
let session;
let profilePath = "";
let utilizationBegin = performance.eventLoopUtilization();

/** @param {string | null} path Where the CPU profile goes; null for none. */
function begin(path) {
  profilePath = path ?? "";
  if (profilePath !== "") {
    session ??= connectedSession();
    session.post("Profiler.start");
  }
  histogram.reset();
  histogram.enable();
  utilizationBegin = performance.eventLoopUtilization();
  return {};
}

function end() {
  histogram.disable();
  const { utilization } = performance.eventLoopUtilization(utilizationBegin);
  const millis = (/** @type {number} */ nanos) => Math.max(0, nanos / 1e6 - resolutionMillis);
  const isEmpty = histogram.count === 0;
  if (profilePath !== "") {
    session?.post("Profiler.stop", (error, { profile }) => {
      if (error !== null) throw error;
      writeFileSync(profilePath, JSON.stringify(profile));
    });
  }
  return {
    loopDelayP99Millis: isEmpty ? 0 : millis(histogram.percentile(99)),
    loopDelayMaxMillis: isEmpty ? 0 : millis(histogram.max),
    loopUtilization: utilization,
  };
}

function connectedSession() {
  const connected = new Session();
  connected.connect();
  connected.post("Profiler.enable");
  connected.post("Profiler.setSamplingInterval", { interval: samplingMicros });
  return connected;
}

// Worker threads of the member load this module, too.
if (isMainThread) {
  const folder = new URL(import.meta.url).searchParams.get("folder") ?? ".";
  const server = createServer((socket) => {
    socket.unref();
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => {
      const request = JSON.parse(line);
      const answer = request.begin === true ? begin(request.profile) : end();
      socket.end(`${JSON.stringify(answer)}\n`);
    });
  });
  server.listen(`${folder}/${process.pid}`);
  // A member ends when its own work does.
  server.unref();
}
