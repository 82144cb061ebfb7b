/**
 * Loads of unary calls.
 *
 * Closed: so many callers, each asks again when it was answered; what a slow server is not asked
 * meanwhile does not show in its latencies. Open: requests fall due at a fixed rate and a late
 * answer's latency counts from the due time, so nothing is omitted.
 */
import { GrpcConnection, type CallListener } from "./grpc-connection.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { ClosedLoad, LoadResult, OpenLoad } from "./load-spec.ts";
import { requestSource, type RequestSource } from "./operation.ts";

/** How long answers are waited for after the end of a load. */
export const farewellMillis = 10_000;

/** Opens connections, dealt out to the endpoints in turn. */
export function connectAll(
  endpoints: readonly string[],
  count: number,
): Promise<readonly GrpcConnection[]> {
  const targets = Array.from({ length: count }, (_, index) => dealt(endpoints, index));
  return Promise.all(targets.map((endpoint) => GrpcConnection.connect(endpoint)));
}

/** Takes the i-th of a list, going round. */
export function dealt<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("Cannot choose: nothing to choose from");
  return item;
}

/** Runs a load of {@link ClosedLoad}. */
export async function runClosedLoad(spec: ClosedLoad): Promise<LoadResult> {
  const connections = await connectAll(spec.endpoints, spec.connections);
  const load = new ClosedRun(requestSource(spec.operation), spec);
  const stopwatch = new Stopwatch();
  await Promise.all(
    Array.from({ length: spec.callers }, (_, index) => load.addCaller(dealt(connections, index))),
  );
  for (const connection of connections) connection.close();
  return load.tally.result(stopwatch);
}

/** What the callers of a closed load share. */
class ClosedRun {
  readonly tally = new Tally();
  readonly source: RequestSource;
  readonly #limit: number;
  readonly #end: number;
  #sent = 0;

  constructor(source: RequestSource, { bound }: ClosedLoad) {
    this.source = source;
    const { operations = Number.POSITIVE_INFINITY, seconds } = bound;
    this.#limit = Math.min(source.count ?? Number.POSITIVE_INFINITY, operations);
    this.#end = performance.now() + seconds * 1_000;
  }

  /** Resolves when the caller has made its last call. */
  addCaller(connection: GrpcConnection): Promise<void> {
    return new Promise((resolve) => new Caller(this, connection, resolve).next(performance.now()));
  }

  /** The position of the next request; undefined when there is to be none. */
  take(now: number): number | undefined {
    if (this.#sent >= this.#limit || now >= this.#end) return undefined;
    return this.#sent++;
  }
}

/** Asks again when it was answered. Hot: one object for all its calls. */
class Caller implements CallListener {
  readonly #run: ClosedRun;
  readonly #connection: GrpcConnection;
  readonly #onDone: () => void;
  #begin = 0;
  #isRight = false;

  constructor(run: ClosedRun, connection: GrpcConnection, onDone: () => void) {
    this.#run = run;
    this.#connection = connection;
    this.#onDone = onDone;
  }

  next(now: number): void {
    const { source } = this.#run;
    const index = this.#run.take(now);
    if (index === undefined) {
      this.#onDone();
      return;
    }
    this.#begin = now;
    this.#isRight = false;
    this.#connection.call(source.path, source.request(index), this);
  }

  onMessage(bytes: Buffer, begin: number, end: number): void {
    this.#isRight = this.#run.source.isRight(bytes, begin, end);
  }

  onEnd(status: number): void {
    const now = performance.now();
    this.#run.tally.add(status === 0 && this.#isRight, now - this.#begin);
    this.next(now);
  }
}

/**
 * Runs a load of {@link OpenLoad}.
 *
 * @param signal - Ends the load before its bound.
 */
export async function runOpenLoad(spec: OpenLoad, signal: AbortSignal): Promise<LoadResult> {
  const source = requestSource(spec.operation);
  const connections = await connectAll(spec.endpoints, spec.connections);
  const tally = new Tally();
  const lateness = new LatencyRecorder();
  const { operations = Number.POSITIVE_INFINITY, seconds } = spec.bound;
  let total = Math.min(Math.round(spec.rate * seconds), operations);
  const stopwatch = new Stopwatch();
  const begin = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    const onAnswer = (): void => {
      if (tally.answered === total) resolve();
    };
    const tick = (): void => {
      const now = performance.now();
      const elapsedMillis = Math.floor(now - begin);
      while (sent < total && dueMillis(sent, spec.rate) <= elapsedMillis) {
        const due = begin + dueMillis(sent, spec.rate);
        lateness.add(now - due);
        const listener = new DueCall(source, tally, due, onAnswer);
        dealt(connections, sent).call(source.path, source.request(sent), listener);
        sent += 1;
      }
      if (signal.aborted) total = sent;
      if (sent < total) {
        setTimeout(tick, 1);
        return;
      }
      setTimeout(resolve, farewellMillis).unref();
      onAnswer();
    };
    tick();
  });
  const times = tally.result(stopwatch);
  for (const connection of connections) connection.close();
  return {
    ...times,
    failures: times.failures + total - tally.answered,
    details: { "client late p99 ms": lateness.latencies().p99 },
  };
}

/** When a request is due: the full millisecond before its place in the stream of requests. */
function dueMillis(index: number, rate: number): number {
  return Math.floor((index * 1_000) / rate);
}

/** One call of an open load. */
class DueCall implements CallListener {
  readonly #source: RequestSource;
  readonly #tally: Tally;
  readonly #due: number;
  readonly #onAnswer: () => void;
  #isRight = false;

  constructor(source: RequestSource, tally: Tally, due: number, onAnswer: () => void) {
    this.#source = source;
    this.#tally = tally;
    this.#due = due;
    this.#onAnswer = onAnswer;
  }

  onMessage(bytes: Buffer, begin: number, end: number): void {
    this.#isRight = this.#source.isRight(bytes, begin, end);
  }

  onEnd(status: number): void {
    this.#tally.add(status === 0 && this.#isRight, performance.now() - this.#due);
    this.#onAnswer();
  }
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

/** Counts how calls end. */
export class Tally {
  readonly #recorder = new LatencyRecorder();
  #operations = 0;
  #failures = 0;

  /** Calls that ended, in one way or the other. */
  get answered(): number {
    return this.#operations + this.#failures;
  }

  add(isRight: boolean, millis: number): void {
    if (isRight) {
      this.#operations += 1;
      this.#recorder.add(millis);
    } else {
      this.#failures += 1;
    }
  }

  result(stopwatch: Stopwatch): LoadResult {
    return {
      operations: this.#operations,
      ...stopwatch.read(),
      latencies: this.#recorder.latencies(),
      failures: this.#failures,
    };
  }
}
