/** Many leases over fewer streams, renewed round robin. */
import { decodeLeaseKeepAliveResponse, encodeLeaseKeepAliveRequest, services } from "@quorate/api";

import { prefixed, type Call, type CallListener, type GrpcConnection } from "./grpc-connection.ts";
import type { KeepAliveLoad, LoadResult } from "./load-spec.ts";
import { connectAll, dealt, Stopwatch, Tally } from "./unary-load.ts";

/** Runs a load of {@link KeepAliveLoad}. */
export async function runKeepAliveLoad(spec: KeepAliveLoad): Promise<LoadResult> {
  const connections = await connectAll(spec.endpoints, spec.connections);
  const streamCount = connections.length * spec.streamsPerConnection;
  const requests = Array.from({ length: spec.leases }, (_, index) =>
    prefixed(encodeLeaseKeepAliveRequest({ id: BigInt(spec.leaseIdFirst + index) })),
  );
  const tally = new Tally();
  const bounds: StreamBounds = {
    end: performance.now() + spec.bound.seconds * 1_000,
    operations: spec.bound.operations ?? Number.POSITIVE_INFINITY,
    inFlight: spec.inFlightPerStream,
  };
  const stopwatch = new Stopwatch();
  await Promise.all(
    Array.from({ length: Math.min(streamCount, spec.leases) }, (_, index) => {
      const own = requests.filter((_request, position) => position % streamCount === index);
      return renewAll(dealt(connections, index), own, tally, bounds);
    }),
  );
  for (const connection of connections) connection.close();
  return tally.result(stopwatch);
}

interface StreamBounds {
  /** By the clock of `performance.now`. */
  readonly end: number;
  /** Of all streams together. */
  readonly operations: number;
  readonly inFlight: number;
}

function renewAll(
  connection: GrpcConnection,
  requests: readonly Buffer[],
  tally: Tally,
  bounds: StreamBounds,
): Promise<void> {
  return new Promise((resolve) => {
    const stream = new RenewalStream(requests, tally, bounds, resolve);
    stream.begin(connection);
  });
}

/** Answers of one stream come in the order of its requests. */
class RenewalStream implements CallListener {
  readonly #requests: readonly Buffer[];
  readonly #tally: Tally;
  readonly #bounds: StreamBounds;
  readonly #onDone: () => void;
  /** When the renewals on their way were sent, as a ring. */
  readonly #begins: Float64Array;
  #sent = 0;
  #answered = 0;
  #call: Call | undefined;

  constructor(requests: readonly Buffer[], tally: Tally, bounds: StreamBounds, onDone: () => void) {
    this.#requests = requests;
    this.#tally = tally;
    this.#bounds = bounds;
    this.#onDone = onDone;
    this.#begins = new Float64Array(Math.min(bounds.inFlight, requests.length));
  }

  begin(connection: GrpcConnection): void {
    this.#call = connection.open(services.lease.leaseKeepAlive.path, this);
    const now = performance.now();
    for (let count = 0; count < this.#begins.length; count += 1) this.#send(now);
  }

  onMessage(bytes: Buffer, begin: number, end: number): void {
    const now = performance.now();
    const isAlive = decodeLeaseKeepAliveResponse(bytes.subarray(begin, end)).ttl > 0;
    const sentAt = this.#begins[this.#answered % this.#begins.length] ?? now;
    this.#answered += 1;
    this.#tally.add(isAlive, now - sentAt);
    if (now < this.#bounds.end && this.#tally.answered < this.#bounds.operations) this.#send(now);
    else if (this.#answered === this.#sent) this.#call?.end();
  }

  onEnd(status: number): void {
    if (status !== 0) this.#tally.add(false, 0);
    this.#onDone();
  }

  #send(now: number): void {
    this.#begins[this.#sent % this.#begins.length] = now;
    this.#call?.send(dealt(this.#requests, this.#sent));
    this.#sent += 1;
  }
}
