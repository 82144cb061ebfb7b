import { services, type RangeRequest } from "@quorate/api";
import type { RpcMethod, RpcStream } from "@quorate/grpc";
import type { RangeCursor } from "@quorate/mvcc";
import { checkRangeRequest } from "@quorate/state-machine";
import { checkCall, whenFresh, whenOwn } from "./calls.ts";
import { composeRangeAnswer } from "./range-answer.ts";
import { checkInstalled, hasFilter, isInKeyOrder } from "./range-slices.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

const firstChunkKeys = 10;
const chunkKeysMax = 100_000;

/**
 * `KV.RangeStream`: a range in chunks at one revision. Chunks hold more keys while they are small
 * and fewer when they get large; header, more and count come with the last one.
 */
export function rangeStreamMethod(context: ServiceContext): RpcMethod {
  const method = services.kv.rangeStream;
  return {
    kind: "server-stream",
    path: method.path,
    handle: (bytes, stream) => {
      const fail = (error: unknown): void => stream.fail(toStatus(error));
      try {
        checkCall(context, stream, false);
        const request = method.decodeRequest(bytes);
        checkRangeRequest(request);
        if (hasFilter(request)) throw new ServiceError("range-stream-filter");
        if (!isInKeyOrder(request)) throw new ServiceError("range-stream-sort");
        const begin = (): void => new ChunkWriter(context, request, stream).run();
        if (request.serializable) whenOwn(context, fail, begin);
        else whenFresh(context, fail, begin);
      } catch (error) {
        fail(error);
      }
    },
  };
}

class ChunkWriter {
  readonly #context: ServiceContext;
  readonly #stream: RpcStream;
  readonly #cursor: RangeCursor;
  readonly #isCountOnly: boolean;
  #chunkKeys = firstChunkKeys;
  #isEnded = false;

  constructor(context: ServiceContext, request: RangeRequest, stream: RpcStream) {
    this.#context = context;
    this.#stream = stream;
    this.#cursor = context.member.state.openRange(request);
    this.#isCountOnly = request.countOnly;
    stream.onDrain(() => this.run());
    stream.onCancel(() => {
      this.#isEnded = true;
    });
  }

  /** Writes chunks until the stream is full; the rest follows when it has drained. */
  run(): void {
    if (this.#isEnded) return;
    try {
      checkInstalled(this.#context);
      if (this.#writeChunk()) this.#context.timers.setImmediate(() => this.run());
    } catch (error) {
      this.#isEnded = true;
      this.#stream.fail(toStatus(error));
    }
  }

  /** @returns Whether there is more to write and the stream takes it at once. */
  #writeChunk(): boolean {
    const cursor = this.#cursor;
    const kvs = this.#isCountOnly ? [] : cursor.next(this.#chunkKeys);
    const isLast = this.#isCountOnly || cursor.isDone;
    const { revision, more, count } = cursor;
    const header = isLast ? { revision, raftTerm: this.#context.member.term } : undefined;
    const answer = { header, kvs, more: isLast && more, count: isLast ? count : 0 };
    const range = composeRangeAnswer(this.#context.headers, answer);
    const size = range.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#adapt(size);
    const hasRoom = this.#stream.write([streamHead(size), ...range]);
    if (isLast) {
      this.#isEnded = true;
      this.#stream.end();
    }
    return hasRoom && !isLast;
  }

  #adapt(size: number): void {
    const { requestBytesMax } = this.#context.options;
    if (size < requestBytesMax / 2) {
      this.#chunkKeys = Math.min(this.#chunkKeys * 2, chunkKeysMax);
    } else if (size > requestBytesMax * 2) {
      this.#chunkKeys = Math.max(1, this.#chunkKeys >> 1);
    }
  }
}

/** Tag and length of field 1 of `RangeStreamResponse`, which holds a `RangeResponse`. */
function streamHead(size: number): Uint8Array {
  const head = [0x0a];
  let rest = size;
  while (rest >= 128) {
    head.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  head.push(rest);
  return Uint8Array.from(head);
}
