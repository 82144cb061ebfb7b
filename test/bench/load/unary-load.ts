/**
 * Loads of unary calls.
 *
 * Closed: so many callers, each asks again when it was answered; what a slow server is not asked
 * meanwhile does not show in its latencies. Open: requests fall due at a fixed rate and a late
 * answer's latency counts from the due time, so nothing is omitted.
 */
import { GrpcConnection } from "./grpc-connection.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { ClosedLoad, LoadResult, OpenLoad } from "./load-spec.ts";
import { requestSource, type RequestSource } from "./operation.ts";

/** How long answers are waited for after the end of a load. */
const farewellMillis = 10_000;

/** Opens connections, dealt out to the endpoints in turn. */
export function connectAll(
  endpoints: readonly string[],
  count: number,
): Promise<readonly GrpcConnection[]> {
  const dealt = Array.from({ length: count }, (_, index) => endpoints[index % endpoints.length]);
  return Promise.all(dealt.map((endpoint) => GrpcConnection.connect(endpoint ?? "")));
}

/** Takes the i-th of a list, going round. */
export function dealt<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("Cannot choose: nothing to choose from");
  return item;
}

/** Runs a load of {@link ClosedLoad}. */
export async function runClosedLoad(spec: ClosedLoad): Promise<LoadResult> {
  const tally = new UnaryTally(requestSource(spec.operation));
  const connections = await connectAll(spec.endpoints, spec.connections);
  const limit = Math.min(
    tally.source.count ?? Number.POSITIVE_INFINITY,
    spec.bound.operations ?? Number.POSITIVE_INFINITY,
  );
  const stopwatch = new Stopwatch();
  const end = performance.now() + spec.bound.seconds * 1_000;
  let sent = 0;
  const caller = (connection: GrpcConnection): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        if (sent >= limit || performance.now() >= end) {
          resolve();
          return;
        }
        tally.call(connection, sent++, performance.now(), next);
      };
      next();
    });
  await Promise.all(
    Array.from({ length: spec.callers }, (_, index) => caller(dealt(connections, index))),
  );
  for (const connection of connections) connection.close();
  return tally.result(stopwatch);
}

/** Runs a load of {@link OpenLoad}. */
export async function runOpenLoad(spec: OpenLoad): Promise<LoadResult> {
  const tally = new UnaryTally(requestSource(spec.operation));
  const connections = await connectAll(spec.endpoints, spec.connections);
  const total = Math.min(
    Math.round(spec.rate * spec.bound.seconds),
    spec.bound.operations ?? Number.POSITIVE_INFINITY,
  );
  const stopwatch = new Stopwatch();
  const begin = performance.now();
  let answered = 0;
  await new Promise<void>((resolve) => {
    let sent = 0;
    const onAnswer = (): void => {
      answered += 1;
      if (answered === total) resolve();
    };
    const tick = (): void => {
      const elapsedMillis = Math.floor(performance.now() - begin);
      while (sent < total && dueMillis(sent, spec.rate) <= elapsedMillis) {
        const due = begin + dueMillis(sent, spec.rate);
        tally.call(dealt(connections, sent), sent, due, onAnswer);
        sent += 1;
      }
      if (sent < total) setTimeout(tick, 1);
      else setTimeout(resolve, farewellMillis).unref();
    };
    tick();
  });
  tally.failures += total - answered;
  for (const connection of connections) connection.close();
  return tally.result(stopwatch);
}

/** When a request is due: the full millisecond before its place in the stream of requests. */
function dueMillis(index: number, rate: number): number {
  return Math.floor((index * 1_000) / rate);
}

/** Wall-clock and processor time since it was made. */
export class Stopwatch {
  readonly #begin = performance.now();
  readonly #cpuBegin = process.cpuUsage();

  /** Seconds of the world, and of this process on a processor. */
  read(): { readonly seconds: number; readonly generatorCpuSeconds: number } {
    const { user, system } = process.cpuUsage(this.#cpuBegin);
    return {
      seconds: (performance.now() - this.#begin) / 1_000,
      generatorCpuSeconds: (user + system) / 1e6,
    };
  }
}

/** Makes calls and counts how they end. */
class UnaryTally {
  readonly source: RequestSource;
  readonly #recorder = new LatencyRecorder();
  #operations = 0;
  failures = 0;

  constructor(source: RequestSource) {
    this.source = source;
  }

  call(connection: GrpcConnection, index: number, begin: number, onEnd: () => void): void {
    let isRight = false;
    connection.call(this.source.path, this.source.request(index), {
      onMessage: (answer) => {
        isRight = this.source.isRight(answer);
      },
      onEnd: (status) => {
        if (status === 0 && isRight) {
          this.#operations += 1;
          this.#recorder.add(performance.now() - begin);
        } else {
          this.failures += 1;
        }
        onEnd();
      },
    });
  }

  result(stopwatch: Stopwatch): LoadResult {
    return {
      operations: this.#operations,
      ...stopwatch.read(),
      latencies: this.#recorder.latencies(),
      failures: this.failures,
    };
  }
}
