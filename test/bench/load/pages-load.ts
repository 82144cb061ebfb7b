/** Reads all keys of a prefix once, page by page at one revision, as a syncer does. */
import { decodeRangeResponse, encodeRangeRequest, services } from "@quorate/api";

import { callOnce } from "./call-once.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import type { LoadResult, PagesLoad } from "./load-spec.ts";
import { prefixEnd } from "./operation.ts";
import { connectAll, dealt, Stopwatch } from "./unary-load.ts";

/** Runs a load of {@link PagesLoad}. An operation is one key; a latency is that of a page. */
export async function runPagesLoad(spec: PagesLoad): Promise<LoadResult> {
  const connections = await connectAll(spec.endpoints, 1);
  const connection = dealt(connections, 0);
  const recorder = new LatencyRecorder();
  const rangeEnd = prefixEnd(spec.keyPrefix);
  const stopwatch = new Stopwatch();
  let key: Uint8Array = Buffer.from(spec.keyPrefix, "latin1");
  let revision = 0;
  let operations = 0;
  for (let isMore = true; isMore;) {
    const begin = performance.now();
    const request = encodeRangeRequest({ key, rangeEnd, limit: spec.pageKeys, revision });
    const answer = await callOnce(connection, services.kv.range.path, request);
    recorder.add(performance.now() - begin);
    const page = decodeRangeResponse(answer);
    operations += page.kvs.length;
    revision ||= page.header?.revision ?? 0;
    isMore = page.more && page.kvs.length > 0;
    key = Buffer.concat([page.kvs.at(-1)?.key ?? key, Buffer.from([0])]);
  }
  const times = stopwatch.read();
  connection.close();
  const failures = operations === spec.keyCount ? 0 : 1;
  return { operations, ...times, latencies: recorder.latencies(), failures };
}
