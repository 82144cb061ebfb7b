import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Http2RpcServer } from "@quorate/grpc";
import { startHarness } from "@quorate/grpc/testing";
import { fuzzHint, fuzzSeconds, fuzzSeed } from "../../../test/support/fuzz.ts";
import { checkFrames } from "./http2/answer-check.ts";
import { data, grpcMessage, rstStream, windowUpdate } from "./http2/frames.ts";
import { Random } from "./http2/random-conversation.ts";
import { RawClient } from "./http2/raw-client.ts";
import { until } from "./http2/test-server.ts";
import { WildError, WildHandler, wildPath, type WildRecord } from "./http2/wild-handler.ts";

const seconds = fuzzSeconds ?? 0.7;
const firstSeed = fuzzSeed;
const crowd = 16;
const statusOf = { ok: "0", failed: "10", thrown: "13" } as const;

/** What the client of one call did. */
interface Visit {
  readonly sent: readonly Buffer[];
  readonly grpcStatus: string | undefined;
  readonly body: Buffer | undefined;
  readonly isWhole: boolean;
}

/** Sends random messages in random frames and ends by END_STREAM, RST_STREAM or the connection. */
async function visit(client: RawClient, seed: number): Promise<Visit> {
  const random = new Random(seed ^ 0x5eed);
  const stream = client.open(wildPath, { seed: String(seed) });
  const sent: Buffer[] = [];
  for (let count = random.below(8); count > 0; count -= 1) {
    sent.push(random.bytes(random.below(random.pick([2, 50, 5_000]))));
  }
  const bytes = Buffer.concat(sent.map((message) => grpcMessage(message)));
  const isWhole = !random.oneIn(4);
  const length = isWhole ? bytes.length : random.below(bytes.length + 1);
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + 1 + random.below(random.pick([4, 400, 9_000])));
    client.send(data(stream, bytes.subarray(at, end)));
    at = end;
    if (random.oneIn(3)) await new Promise((resolve) => setImmediate(resolve));
  }
  if (!isWhole) {
    client.send(rstStream(stream, 8));
    return { sent, grpcStatus: undefined, body: undefined, isWhole };
  }
  client.send(data(stream, Buffer.alloc(0), { endStream: true }));
  const { grpcStatus, body } = await client.answer(stream);
  return { sent, grpcStatus, body, isWhole };
}

function check(record: WildRecord | undefined, { sent, isWhole, ...seen }: Visit): void {
  if (record === undefined) {
    assert.ok(!isWhole, "the handler has run");
    return;
  }
  assert.equal(record.problem, undefined);
  assert.deepEqual(record.messages, sent.slice(0, record.messages.length));
  if (record.isHalfClosed) assert.equal(record.messages.length, sent.length);
  if (!isWhole) return;
  assert.ok(record.end !== undefined, `a call ended by itself with ${seen.grpcStatus}`);
  assert.equal(record.cancels, 0);
  assert.equal(seen.grpcStatus, statusOf[record.end]);
  const expected = Buffer.concat(record.written.map((message) => grpcMessage(message)));
  assert.ok(seen.body?.equals(expected), "all that was written arrives, in order");
}

describe("handler fuzzer", () => {
  it("whatever handlers do when, every call ends once and as they say", async (context) => {
    const wild = new WildHandler();
    const harness = await startHarness(
      (options, dependencies) => new Http2RpcServer(options, dependencies),
      [wild.method],
      { pingIntervalMinMillis: 0, writeBufferBytes: 10_000 },
    );
    try {
      const end = performance.now() + seconds * 1_000;
      let seed = firstSeed;
      while (performance.now() < end) {
        const client = await RawClient.open(harness.port, { settings: [[4, 1_000_000]] });
        client.send(windowUpdate(0, 1_000_000_000));
        const seeds = Array.from({ length: crowd }, (_, index) => seed + index);
        seed += crowd;
        const visits = await Promise.all(seeds.map((each) => visit(client, each)));
        await until(`every call of seeds ${seeds[0]} on has ended`, () => harness.openCalls === 0);
        for (const [index, each] of seeds.entries()) {
          const visited = visits[index];
          assert.ok(visited !== undefined);
          try {
            check(wild.records.get(String(each)), visited);
          } catch (cause) {
            throw new Error(`Failed; ${fuzzHint(each)}`, { cause });
          }
        }
        checkFrames(client);
        await client.destroy();
        wild.records.clear();
        for (const { error } of harness.handlerErrors.splice(0))
          assert.ok(error instanceof WildError);
      }
      context.diagnostic(`${seed - firstSeed} calls from seed ${firstSeed}`);
    } finally {
      await harness.close();
    }
  });
});
