/**
 * nghttp2's h2load as a second client: written in C by others, so that no finding hangs on the
 * generator of this folder. It repeats one request, asks one member and does not look at
 * `grpc-status`; the row's own client has checked the same request before.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LatencyRecorder } from "./latency-recorder.ts";
import type { ClosedLoad, LoadResult } from "./load-spec.ts";
import { requestSource } from "./operation.ts";

const program = "/usr/bin/h2load";

/** Whether h2load is installed. */
export const hasH2load: boolean = existsSync(program);

/** A result without what h2load does not tell. */
export type H2loadResult = Omit<LoadResult, "generatorCpuSeconds">;

/**
 * Runs a closed load with h2load against the first endpoint.
 *
 * @throws Error when h2load fails.
 */
export async function runH2load(spec: ClosedLoad): Promise<H2loadResult> {
  const folder = await mkdtemp(join(tmpdir(), "quorate-h2load-"));
  try {
    const source = requestSource(spec.operation);
    const dataPath = join(folder, "request");
    const logPath = join(folder, "log");
    await writeFile(dataPath, source.request(0));
    const { operations } = spec.bound;
    const output = await run([
      ...["-c", String(spec.connections)],
      ...["-m", String(Math.max(1, Math.round(spec.callers / spec.connections)))],
      ...(operations === undefined
        ? ["-D", `${Math.ceil(spec.bound.seconds * 1_000)}ms`]
        : ["-n", String(Math.max(operations, spec.connections))]),
      ...["-d", dataPath, `--log-file=${logPath}`],
      ...["-H", "content-type: application/grpc", "-H", "te: trailers"],
      `http://${spec.endpoints[0] ?? ""}${source.path}`,
    ]);
    return { ...(await readLog(logPath)), ...secondsOf(output) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { stdio: ["ignore", "pipe", "inherit"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      const output = Buffer.concat(chunks).toString();
      if (code === 0) resolve(output);
      else reject(new Error(`Cannot make load with h2load: exit code ${code}\n${output}`));
    });
  });
}

/** "finished in 2.01s, 1234.5 req/s, 1.2MB/s" */
function secondsOf(output: string): { readonly seconds: number } {
  const match = /^finished in ([\d.]+)(us|ms|s|m)?,/m.exec(output);
  if (match === null) throw new Error(`Cannot read the output of h2load:\n${output}`);
  const factors: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, m: 60 };
  return { seconds: Number(match[1]) * (factors[match[2] ?? "s"] ?? 1) };
}

async function readLog(path: string): Promise<Omit<H2loadResult, "seconds">> {
  const recorder = new LatencyRecorder();
  let operations = 0;
  let failures = 0;
  for (const line of (await readFile(path, "latin1")).split("\n")) {
    if (line === "") continue;
    const [, status, micros] = line.split("\t");
    if (status === "200") {
      operations += 1;
      recorder.add(Number(micros) / 1_000);
    } else {
      failures += 1;
    }
  }
  return { operations, failures, latencies: recorder.latencies() };
}
