/** Many leases, each renewed again as soon as its last renewal was answered. */
import {
  decodeLeaseGrantResponse,
  decodeLeaseKeepAliveResponse,
  encodeLeaseGrantRequest,
  encodeLeaseKeepAliveRequest,
  encodeLeaseRevokeRequest,
  services,
} from "@quorate/api";

import { prefixed, type GrpcConnection } from "./grpc-connection.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { KeepAliveLoad, LoadResult } from "./load-spec.ts";
import { connectAll, dealt, Stopwatch } from "./unary-load.ts";

const ttlSeconds = 600;

/** Runs a load of {@link KeepAliveLoad}; the leases are granted before it and revoked after it. */
export async function runKeepAliveLoad(spec: KeepAliveLoad): Promise<LoadResult> {
  const connections = await connectAll(spec.endpoints, spec.connections);
  const ids = await Promise.all(
    Array.from({ length: spec.leases }, (_, index) => grant(dealt(connections, index))),
  );
  const result = await renew(spec, connections, ids);
  await Promise.all(ids.map((id, index) => revoke(dealt(connections, index), id)));
  for (const connection of connections) connection.close();
  return result;
}

async function grant(connection: GrpcConnection): Promise<bigint> {
  const request = encodeLeaseGrantRequest({ ttl: ttlSeconds });
  const answer = await callOnce(connection, services.lease.leaseGrant.path, request);
  return decodeLeaseGrantResponse(answer).id;
}

async function revoke(connection: GrpcConnection, id: bigint): Promise<void> {
  await callOnce(connection, services.lease.leaseRevoke.path, encodeLeaseRevokeRequest({ id }));
}

/** Calls a unary method and returns a copy of its answer. */
export function callOnce(
  connection: GrpcConnection,
  path: string,
  request: Uint8Array,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    connection.call(path, prefixed(request), {
      onMessage: (message) => {
        answer = Buffer.from(message);
      },
      onEnd: (status) => {
        if (status === 0) resolve(answer);
        else reject(new Error(`Cannot call ${path}: status ${status}`));
      },
    });
  });
}

/** A renewal that is on its way. Answers of one stream come in the order of its requests. */
interface Renewal {
  readonly request: Buffer;
  readonly begin: number;
}

async function renew(
  spec: KeepAliveLoad,
  connections: readonly GrpcConnection[],
  ids: readonly bigint[],
): Promise<LoadResult> {
  const recorder = new LatencyRecorder();
  const stopwatch = new Stopwatch();
  const end = performance.now() + spec.bound.seconds * 1_000;
  const limit = spec.bound.operations ?? Number.POSITIVE_INFINITY;
  let operations = 0;
  let failures = 0;
  const stream = (connection: GrpcConnection, own: readonly bigint[]): Promise<void> =>
    new Promise((resolve) => {
      if (own.length === 0) {
        resolve();
        return;
      }
      const underWay: Renewal[] = [];
      const call = connection.open(services.lease.leaseKeepAlive.path, {
        onMessage: (message) => {
          const renewal = underWay.shift();
          if (renewal === undefined) throw new Error("Cannot match an answer: nothing was asked");
          if (decodeLeaseKeepAliveResponse(message).ttl > 0) operations += 1;
          else failures += 1;
          const now = performance.now();
          recorder.add(now - renewal.begin);
          if (now < end && operations < limit) send(renewal.request);
          else if (underWay.length === 0) call.end();
        },
        onEnd: (status) => {
          if (status !== 0) failures += 1 + underWay.length;
          resolve();
        },
      });
      const send = (request: Buffer): void => {
        underWay.push({ request, begin: performance.now() });
        call.send(request);
      };
      for (const id of own) send(prefixed(encodeLeaseKeepAliveRequest({ id })));
    });
  await Promise.all(
    connections.map((connection, index) =>
      stream(
        connection,
        ids.filter((_, position) => position % connections.length === index),
      ),
    ),
  );
  return { operations, ...stopwatch.read(), latencies: recorder.latencies(), failures };
}
