import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** What a member's event loop did between two moments. */
export interface LoopUsage {
  /** How much later than due the loop came to its timers, at the 99th percentile. */
  readonly delayP99Millis: number;
  /** The longest that nothing else could happen. */
  readonly delayMaxMillis: number;
  /** Share of the time in which the loop had work. */
  readonly utilization: number;
}

/** Arguments of Node that load the probe into a member. @param folder - Of the socket files. */
export function probeArguments(folder: string): readonly string[] {
  const module = new URL("./member-probe.mjs", import.meta.url);
  module.searchParams.set("folder", folder);
  return ["--import", module.href];
}

/** Lets the members' probes begin to observe; profiles go to the given paths, one a member. */
export async function beginProbes(
  folder: string,
  pids: readonly number[],
  profilePaths: readonly string[],
): Promise<void> {
  await Promise.all(
    pids.map((pid, index) =>
      ask(`${folder}/${pid}`, { begin: true, profile: profilePaths[index] ?? null }),
    ),
  );
}

/** Ends what {@link beginProbes} began. @returns The worst of all members. */
export async function endProbes(folder: string, pids: readonly number[]): Promise<LoopUsage> {
  const answers = await Promise.all(pids.map((pid) => ask(`${folder}/${pid}`, { end: true })));
  const worst = (name: string): number =>
    Math.max(...answers.map((answer) => Number(answer[name])));
  return {
    delayP99Millis: worst("loopDelayP99Millis"),
    delayMaxMillis: worst("loopDelayMaxMillis"),
    utilization: worst("loopUtilization"),
  };
}

async function ask(path: string, request: object): Promise<Readonly<Record<string, unknown>>> {
  const socket = connect(path);
  socket.write(`${JSON.stringify(request)}\n`);
  return toRecord(JSON.parse(await text(socket)));
}

function toRecord(answer: unknown): Readonly<Record<string, unknown>> {
  if (typeof answer !== "object" || answer === null) {
    throw new Error("Cannot read the answer of a member's probe: no object");
  }
  return { ...answer };
}
