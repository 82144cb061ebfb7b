/**
 * One writer and many watchers of the one key it writes.
 *
 * A value begins with a mark and the time of its Put. A value is the last field of its pair, and a
 * pair that of its event, so an event is checked and dated where it ends, without decoding it: the
 * generator has to take in a thousand events for each Put.
 */
import { decodeWatchResponse, encodePutRequest, encodeWatchRequest, services } from "@quorate/api";

import { prefixed, type Call, type GrpcConnection } from "./grpc-connection.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { LoadResult, WatchLoad } from "./load-spec.ts";
import { connectAll, dealt, farewellMillis, Stopwatch } from "./unary-load.ts";
import { forEachField } from "./wire-fields.ts";

const key = Buffer.from("watched");
const mark = 0x0171_6174;
const markBytes = 4;
/** Field number of the events in a response, see rpc.proto. */
const eventsField = 11;

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
          onMessage: (bytes, begin, end) => {
            if (created === watchers) {
              this.#onEvents(bytes, begin, end);
              return;
            }
            if (!decodeWatchResponse(bytes.subarray(begin, end)).created) return;
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
    const begin = performance.now();
    const end = begin + bound.seconds * 1_000;
    this.#isWriting = true;
    await new Promise<void>((resolve) => {
      const putsMax = Math.ceil((bound.operations ?? Number.POSITIVE_INFINITY) / watchers);
      let isOver = false;
      this.#onDelivered = () => {
        isOver ||= this.#puts >= putsMax || this.#failures > 0 || performance.now() >= end;
        while (!isOver && this.#puts - this.#delivered / watchers < putsInFlight) this.#put();
        if (this.#failures > 0 || (isOver && this.#delivered >= this.#puts * watchers)) resolve();
      };
      this.#onDelivered();
      setTimeout(resolve, bound.seconds * 1_000 + farewellMillis).unref();
    });
    const times = stopwatch.read();
    this.#isWriting = false;
    const missing = this.#puts * watchers - this.#delivered;
    for (const stream of this.#streams) stream.end();
    return {
      operations: this.#delivered,
      ...times,
      latencies: this.#recorder.latencies(),
      failures: this.#failures + Math.abs(missing),
    };
  }

  #put(): void {
    const value = Buffer.alloc(this.#spec.valueBytes, 0x78);
    value.writeUInt32BE(mark, 0);
    value.writeDoubleBE(performance.now(), markBytes);
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

  #onEvents(bytes: Buffer, begin: number, end: number): void {
    const now = performance.now();
    const { valueBytes, watchers } = this.#spec;
    const deliveredBefore = this.#delivered;
    forEachField(bytes, begin, end, (field, fieldBegin, fieldEnd) => {
      if (field !== eventsField) return;
      const valueBegin = fieldEnd - valueBytes;
      if (valueBegin < fieldBegin || bytes.readUInt32BE(valueBegin) !== mark) {
        this.#failures += 1;
        return;
      }
      this.#recorder.add(now - bytes.readDoubleBE(valueBegin + markBytes));
      this.#delivered += 1;
    });
    // Hot: the rest is looked at when a Put has reached one more round of watchers.
    const round = Math.floor(this.#delivered / watchers);
    const isNewRound = round !== Math.floor(deliveredBefore / watchers);
    if (isNewRound || this.#failures > 0) this.#onDelivered();
  }
}
