/**
 * nghttp2's h2load as a client: written in C by others, so that no finding hangs on the generator
 * of this folder. It repeats one request and does not look at `grpc-status`;
 * `h2load-check.ts` does that for it.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { childrenCpuSeconds } from "../process-usage.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { ClosedLoad, Latencies, LoadResult } from "./load-spec.ts";
import { requestSource } from "./operation.ts";

const program = "/usr/bin/h2load";

/** Whether h2load is installed. */
export const hasH2load: boolean = existsSync(program);

/** What h2load tells. */
export interface H2loadResult extends LoadResult {
  /** Requests that were sent; some of them were not waited for when the time was up. */
  readonly started: number;
  /** Processes that made the load: one for each member. */
  readonly processes: number;
}

/** What one process of h2load is to do. */
interface Share {
  readonly endpoint: string;
  readonly connections: number;
  readonly dataPath: string;
  readonly logPath: string;
}

/**
 * Runs a closed load with h2load, all of it with the request at the load's position 0. The
 * connections are dealt out to the endpoints, one process for each: h2load asks one member only.
 *
 * @throws Error when h2load fails.
 */
export async function runH2load(spec: ClosedLoad): Promise<H2loadResult> {
  const folder = await mkdtemp(join(tmpdir(), "quorate-h2load-"));
  try {
    const dataPath = join(folder, "request");
    await writeFile(dataPath, requestSource(spec.operation).request(0));
    const shares = spec.endpoints
      .map((endpoint, index) => ({
        endpoint,
        connections: Math.ceil((spec.connections - index) / spec.endpoints.length),
        dataPath,
        logPath: join(folder, `log-${index}`),
      }))
      .filter(({ connections }) => connections > 0);
    const cpuBegin = await childrenCpuSeconds();
    const outputs = await Promise.all(shares.map((share) => run(argumentsOf(spec, share))));
    const generatorCpuSeconds = (await childrenCpuSeconds()) - cpuBegin;
    const reports = outputs.map(readH2loadReport);
    const log = new H2loadLog();
    for (const { logPath } of shares) log.add(await readFile(logPath));
    const sum = (value: (report: H2loadReport) => number): number =>
      reports.reduce((total, report) => total + value(report), 0);
    return {
      operations: sum(({ succeeded }) => succeeded),
      failures: sum(({ failed, errored }) => failed + errored),
      started: sum(({ started }) => started),
      seconds: log.seconds,
      processes: shares.length,
      latencies: log.latencies(),
      generatorCpuSeconds,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function argumentsOf(spec: ClosedLoad, share: Share): readonly string[] {
  const { bound, callers, operation } = spec;
  const { connections } = share;
  const requests = Math.ceil(((bound.operations ?? 0) * connections) / spec.connections);
  return [
    ...["-c", String(connections)],
    ...["-m", String(Math.max(1, Math.round(callers / spec.connections)))],
    ...(bound.operations === undefined
      ? ["-D", `${Math.ceil(bound.seconds * 1_000)}ms`]
      : ["-n", String(Math.max(requests, connections))]),
    ...["-d", share.dataPath, `--log-file=${share.logPath}`],
    ...["-H", "content-type: application/grpc", "-H", "te: trailers"],
    `http://${share.endpoint}${requestSource(operation).path}`,
  ];
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

/** The numbers of one process. */
export interface H2loadReport {
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly errored: number;
}

/**
 * Reads the line "requests: … started, …" of h2load's output.
 *
 * @throws Error when it is not there.
 */
export function readH2loadReport(output: string): H2loadReport {
  const line = /^requests: .*$/m.exec(output)?.[0];
  if (line === undefined) throw new Error(`Cannot read the output of h2load:\n${output}`);
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  return {
    started: count("started"),
    succeeded: count("succeeded"),
    failed: count("failed"),
    // A timeout is counted as an error, too.
    errored: count("errored"),
  };
}

const tab = 9;
const newline = 10;

/**
 * The log of h2load, of one process or several: a line is "begin in us <tab> HTTP status <tab>
 * latency in us".
 */
export class H2loadLog {
  readonly #recorder = new LatencyRecorder();
  #firstMicros = Number.POSITIVE_INFINITY;
  #lastMicros = Number.NEGATIVE_INFINITY;

  /**
   * From the first request to the last answer. What h2load calls its duration is what it was told,
   * or the time with connecting and leaving.
   */
  get seconds(): number {
    return Math.max(0, this.#lastMicros - this.#firstMicros) / 1e6;
  }

  latencies(): Latencies {
    return this.#recorder.latencies();
  }

  /** Adds the log of one process. */
  add(log: Buffer): void {
    let beginMicros = 0;
    let value = 0;
    let field = 0;
    // Hot: a million lines.
    for (let offset = 0; offset < log.length; offset += 1) {
      const byte = log[offset] ?? 0;
      if (byte === tab) {
        if (field === 0) beginMicros = value;
        field += 1;
        value = 0;
      } else if (byte === newline) {
        this.#recorder.add(value / 1_000);
        if (beginMicros < this.#firstMicros) this.#firstMicros = beginMicros;
        if (beginMicros + value > this.#lastMicros) this.#lastMicros = beginMicros + value;
        field = 0;
        value = 0;
      } else {
        value = value * 10 + byte - 48;
      }
    }
  }
}
