/** Many connections, as a fleet of clients that are mostly silent keeps them. */
import { decodePutResponse, services } from "@quorate/api";

import { callOnce } from "./call-once.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { ConnectionsLoad, LoadResult } from "./load-spec.ts";
import { encodedPut } from "./operation.ts";
import { dealt, farewellMillis, Stopwatch } from "./unary-load.ts";

/** Connections that are being opened at one time: within every listener's backlog. */
const openingMax = 100;

/** Runs a load of {@link ConnectionsLoad}. It ends early when no further one can be opened. */
export async function runConnectionsLoad(spec: ConnectionsLoad): Promise<LoadResult> {
  const stopwatch = new Stopwatch();
  const recorder = new LatencyRecorder();
  const connections: GrpcConnection[] = [];
  let opened = 0;
  let failures = 0;
  const openSome = async (): Promise<void> => {
    while (opened < spec.connections && failures === 0) {
      const index = opened++;
      const begin = performance.now();
      try {
        connections.push(await GrpcConnection.connect(dealt(spec.endpoints, index)));
        recorder.add(performance.now() - begin);
      } catch {
        failures += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: openingMax }, openSome));
  const times = stopwatch.read();
  const puts = await hold(connections, spec);
  for (const connection of connections) connection.close();
  return {
    operations: connections.length,
    ...times,
    latencies: recorder.latencies(),
    failures: failures + puts.failures,
    details: { "held put p99 ms": puts.p99Millis },
  };
}

/** Puts through one connection after the other. */
async function hold(
  connections: readonly GrpcConnection[],
  { bound, rate, valueBytes }: ConnectionsLoad,
): Promise<{ readonly failures: number; readonly p99Millis: number }> {
  const recorder = new LatencyRecorder();
  const begin = performance.now();
  const answers: Promise<void>[] = [];
  let failures = 0;
  const put = async (connection: GrpcConnection, index: number): Promise<void> => {
    const sentAt = performance.now();
    try {
      const request = encodedPut({ keyPrefix: "connections/", valueBytes }, index);
      const answer = await callOnce(connection, services.kv.put.path, request);
      if ((decodePutResponse(answer).header?.revision ?? 0) <= 0) failures += 1;
      recorder.add(performance.now() - sentAt);
    } catch {
      failures += 1;
    }
  };
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const seconds = (performance.now() - begin) / 1_000;
      while (answers.length < Math.min(seconds, bound.seconds) * rate) {
        answers.push(put(dealt(connections, answers.length), answers.length));
      }
      if (seconds < bound.seconds) setTimeout(tick, 1);
      else resolve();
    };
    tick();
  });
  const farewell = new Promise<void>((resolve) => setTimeout(resolve, farewellMillis).unref());
  await Promise.race([Promise.all(answers), farewell]);
  return { failures, p99Millis: recorder.latencies().p99 };
}
