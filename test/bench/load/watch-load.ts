/**
 * One writer and many watchers of the one key it writes.
 *
 * A value begins with a mark and the time of its Put, so an event is found and dated in a response
 * without decoding it: the generator has to take in a thousand events for each Put.
 */
import { decodeWatchResponse, encodePutRequest, encodeWatchRequest, services } from "@quorate/api";

import { prefixed, type Call, type GrpcConnection } from "./grpc-connection.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { LoadResult, WatchLoad } from "./load-spec.ts";
import { connectAll, dealt, Stopwatch } from "./unary-load.ts";

const key = Buffer.from("watched");
const mark = Buffer.from("\u0001q-at\u0001", "latin1");

/** Runs a load of {@link WatchLoad}. */
export async function runWatchLoad(spec: WatchLoad): Promise<LoadResult> {
  const connections = await connectAll(spec.endpoints, spec.connections);
  const [writer] = await connectAll(spec.endpoints, 1);
  if (writer === undefined) throw new Error("Cannot write: no endpoint");
  const run = new WatchRun(spec, writer);
  await run.openWatches(connections);
  const result = await run.write();
  for (const connection of [...connections, writer]) connection.close();
  return result;
}

class WatchRun {
  readonly #spec: WatchLoad;
  readonly #writer: GrpcConnection;
  readonly #recorder = new LatencyRecorder();
  readonly #streams: Call[] = [];
  #delivered = 0;
  #failures = 0;
  #puts = 0;
  #isWriting = false;
  #onDelivered: () => void = () => undefined;

  constructor(spec: WatchLoad, writer: GrpcConnection) {
    this.#spec = spec;
    this.#writer = writer;
  }

  /** Opens all streams and watches and waits until each watch is confirmed. */
  openWatches(connections: readonly GrpcConnection[]): Promise<void> {
    const { watchers, streamsPerConnection } = this.#spec;
    const streamCount = Math.min(connections.length * streamsPerConnection, watchers);
    const create = prefixed(
      encodeWatchRequest({ requestUnion: { case: "createRequest", value: { key } } }),
    );
    return new Promise((resolve, reject) => {
      let created = 0;
      for (let index = 0; index < streamCount; index += 1) {
        const stream = dealt(connections, index).open(services.watch.watch.path, {
          onMessage: (message) => {
            if (created === watchers) {
              this.#onEvents(message);
              return;
            }
            if (!decodeWatchResponse(message).created) return;
            created += 1;
            if (created === watchers) resolve();
          },
          onEnd: (status) => {
            if (this.#isWriting) this.#failures += 1;
            reject(new Error(`Cannot watch: the stream ended with status ${status}`));
          },
        });
        this.#streams.push(stream);
      }
      for (let index = 0; index < watchers; index += 1) dealt(this.#streams, index).send(create);
    });
  }

  /** Writes until the bound is reached, waits for the last events. */
  async write(): Promise<LoadResult> {
    const { bound, watchers, putsInFlight } = this.#spec;
    const stopwatch = new Stopwatch();
    const end = performance.now() + bound.seconds * 1_000;
    this.#isWriting = true;
    await new Promise<void>((resolve) => {
      const putsMax = Math.ceil((bound.operations ?? Number.POSITIVE_INFINITY) / watchers);
      let isOver = false;
      this.#onDelivered = () => {
        isOver ||= performance.now() >= end || this.#puts >= putsMax || this.#failures > 0;
        while (!isOver && this.#puts - this.#delivered / watchers < putsInFlight) this.#put();
        if (this.#failures > 0 || (isOver && this.#delivered >= this.#puts * watchers)) resolve();
      };
      this.#onDelivered();
    });
    const times = stopwatch.read();
    this.#isWriting = false;
    const failures = this.#failures;
    for (const stream of this.#streams) stream.end();
    return {
      operations: this.#delivered,
      ...times,
      latencies: this.#recorder.latencies(),
      failures,
    };
  }

  #put(): void {
    const value = Buffer.alloc(this.#spec.valueBytes, 0x78);
    mark.copy(value);
    value.writeDoubleBE(performance.now(), mark.length);
    this.#puts += 1;
    this.#writer.call(services.kv.put.path, prefixed(encodePutRequest({ key, value })), {
      onMessage: () => undefined,
      onEnd: (status) => {
        if (status === 0) return;
        this.#failures += 1;
        this.#onDelivered();
      },
    });
  }

  #onEvents(message: Buffer): void {
    const now = performance.now();
    let at = message.indexOf(mark);
    while (at >= 0) {
      this.#recorder.add(now - message.readDoubleBE(at + mark.length));
      this.#delivered += 1;
      at = message.indexOf(mark, at + mark.length);
    }
    this.#onDelivered();
  }
}
