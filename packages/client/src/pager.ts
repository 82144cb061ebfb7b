/**
 * Reads a range of any size at one revision.
 *
 * The first page is a plain Range; its header pins the revision. The rest comes through
 * RangeStream where the server has it (3.7), else through further Ranges. Each continues behind
 * the last key seen, so a broken stream costs nothing but the way.
 */
import { services, type RangeRequestInit } from "@quorate/api";

import { keyAfter, type WireRange } from "./key-range.ts";
import { KeyValue } from "./key-value.ts";
import { ServerError, TransportError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { statusCode } from "./status-code.ts";
import type { Transport } from "./transport.ts";

/** Options of paged reads. `deadlineMillis` is for one page. */
export interface PageOptions extends CallOptions {
  /** Most pairs in a page. @default 1000 */
  readonly pageSize?: number;
  /** Reads as of this revision; 0 is the newest at the first page. @default 0 */
  readonly revision?: number;
  /** Leaves values out. @default false */
  readonly keysOnly?: boolean;
  /** Reads the member's own, possibly old, state. @default false */
  readonly serializable?: boolean;
}

/** Some pairs of a range, in key order, all as of one revision. */
export interface RangePage {
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
}

/** Servers known to have no RangeStream; asked once a client. */
const withoutRangeStream = new WeakSet<Transport>();

/** See the file comment. @internal */
export async function* readPages(
  transport: Transport,
  range: WireRange,
  namespaceLength: number,
  options: PageOptions,
): AsyncGenerator<RangePage, void, undefined> {
  const request: RangeRequestInit = {
    ...range,
    limit: options.pageSize ?? 1_000,
    revision: options.revision ?? 0,
    keysOnly: options.keysOnly ?? false,
    serializable: options.serializable ?? false,
  };
  const call = { ...options, requireLeader: options.serializable !== true };
  const first = await transport.unary(services.kv.range, request, call);
  const revision =
    options.revision !== undefined && options.revision > 0
      ? options.revision
      : (first.header?.revision ?? 0);
  yield { revision, kvs: first.kvs.map((kv) => new KeyValue(kv, namespaceLength)) };
  let lastKey = first.kvs.at(-1)?.key;
  let hasMore = first.more;
  while (hasMore && lastKey !== undefined) {
    const rest = { ...request, key: keyAfter(lastKey), revision };
    if (!withoutRangeStream.has(transport)) {
      const outcome = yield* streamRest(transport, rest, namespaceLength, options.signal);
      if (outcome.isComplete) return;
      lastKey = outcome.lastKey ?? lastKey;
      continue;
    }
    const page = await transport.unary(services.kv.range, rest, call);
    yield { revision, kvs: page.kvs.map((kv) => new KeyValue(kv, namespaceLength)) };
    lastKey = page.kvs.at(-1)?.key ?? lastKey;
    hasMore = page.more;
  }
}

interface StreamOutcome {
  readonly isComplete: boolean;
  readonly lastKey: Uint8Array | undefined;
}

async function* streamRest(
  transport: Transport,
  request: RangeRequestInit,
  namespaceLength: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<RangePage, StreamOutcome, undefined> {
  let lastKey: Uint8Array | undefined;
  const options = signal === undefined ? {} : { signal };
  const whole = { ...request, limit: 0 };
  try {
    for await (const chunk of transport.serverStream(services.kv.rangeStream, whole, options)) {
      const kvs = chunk.rangeResponse?.kvs ?? [];
      if (kvs.length === 0) continue;
      // The server sizes its chunks by bytes; pages keep the size that was asked for.
      const size = request.limit ?? kvs.length;
      for (let begin = 0; begin < kvs.length; begin += size) {
        const part = kvs.slice(begin, begin + size);
        lastKey = part.at(-1)?.key ?? lastKey;
        yield {
          revision: request.revision ?? 0,
          kvs: part.map((kv) => new KeyValue(kv, namespaceLength)),
        };
      }
    }
    return { isComplete: true, lastKey };
  } catch (error) {
    if (error instanceof ServerError && error.code !== "stopped") throw error;
    if (!(error instanceof TransportError || error instanceof ServerError)) throw error;
    if (signal?.aborted === true) throw error;
    // Not there, or broken: plain Ranges do the rest, with their own retries.
    if (error.grpcCode === statusCode.unimplemented) withoutRangeStream.add(transport);
    const next = lastKey === undefined ? request : { ...request, key: keyAfter(lastKey) };
    const page = await transport.unary(services.kv.range, next, options);
    yield {
      revision: request.revision ?? 0,
      kvs: page.kvs.map((kv) => new KeyValue(kv, namespaceLength)),
    };
    return { isComplete: !page.more, lastKey: page.kvs.at(-1)?.key ?? lastKey };
  }
}
