import assert from "node:assert/strict";
import { test } from "node:test";

import { services, wireErrors, type RangeRequest, type RangeResponseInit } from "@quorate/api";
import { connect } from "@quorate/client";

import { compareBytes } from "../src/bytes.ts";
import { Refusal, ScriptedServer } from "./scripted-server.ts";

const { range, rangeStream } = services.kv;
const text = new TextEncoder();
const rows = Array.from({ length: 25 }, (_, index) => ({
  key: text.encode(`k${String(index).padStart(2, "0")}`),
  value: text.encode(String(index)),
}));

/** Answers as a store with 25 rows at revision 40 does. */
function answer(request: RangeRequest): RangeResponseInit {
  const rest = rows.filter((row) => compareBytes(row.key, request.key) >= 0);
  const limit = request.limit === 0 ? rest.length : request.limit;
  return {
    header: { revision: 40 },
    kvs: rest.slice(0, limit),
    more: rest.length > limit,
    count: rest.length,
  };
}

async function readAll(
  endpoint: string,
): Promise<{ readonly keys: string; readonly pages: number }> {
  await using client = connect({ endpoints: [endpoint] });
  const keys: string[] = [];
  let pages = 0;
  for await (const page of client.pages({ prefix: "k" }, { pageSize: 10 })) {
    assert.equal(page.revision, 40);
    assert.ok(page.kvs.length <= 10, "no page is larger than asked for");
    pages += 1;
    for (const kv of page.kvs) keys.push(kv.text());
  }
  return { keys: keys.join(), pages };
}

const all = rows.map((_, index) => index).join();

test("Without RangeStream the rest comes in ranges at the first page's revision", async () => {
  const revisions: number[] = [];
  await using server = await new ScriptedServer()
    .on(range, (request) => {
      revisions.push(request.revision);
      return answer(request);
    })
    .start();
  assert.equal((await readAll(server.endpoint)).keys, all);
  assert.deepEqual(revisions, [0, 40, 40]);
});

test("With RangeStream everything behind the first page comes in one stream", async () => {
  await using server = await new ScriptedServer()
    .on(range, answer)
    .onServerStream(rangeStream, async function* (request) {
      assert.equal(request.revision, 40);
      const { kvs = [] } = answer(request);
      yield { rangeResponse: { kvs: kvs.slice(0, 4) } };
      yield { rangeResponse: { kvs: kvs.slice(4) } };
      yield await Promise.resolve({ rangeResponse: { header: { revision: 41 }, count: 25 } });
    })
    .start();
  const result = await readAll(server.endpoint);
  assert.equal(result.keys, all);
  assert.equal(server.count(range), 1);
  assert.equal(server.count(rangeStream), 1);
});

test("A RangeStream that breaks is continued behind the last key received", async () => {
  await using server = await new ScriptedServer()
    .on(range, answer)
    .onServerStream(rangeStream, async function* (request) {
      const { kvs = [] } = answer(request);
      yield { rangeResponse: { kvs: kvs.slice(0, 3) } };
      await Promise.resolve();
      throw new Refusal(wireErrors.stopped);
    })
    .start();
  assert.equal((await readAll(server.endpoint)).keys, all);
});

test("Compaction under a RangeStream ends the read with the server's error", async () => {
  await using server = await new ScriptedServer()
    .on(range, answer)
    .onServerStream(rangeStream, async function* () {
      await Promise.resolve();
      yield { rangeResponse: { kvs: [] } };
      throw new Refusal(wireErrors.compacted);
    })
    .start();
  await assert.rejects(readAll(server.endpoint), { code: "compacted" });
});

test("A reader that leaves early cancels the stream and nothing else happens", async () => {
  let isOver = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    isOver = resolve;
  });
  await using server = await new ScriptedServer()
    .on(range, answer)
    .onServerStream(rangeStream, async function* (request, signal) {
      const { kvs = [] } = answer(request);
      yield { rangeResponse: { kvs } };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      isOver();
    })
    .start();
  await using client = connect({ endpoints: [server.endpoint] });
  let pages = 0;
  for await (const page of client.pages({ prefix: "k" }, { pageSize: 10 })) {
    assert.equal(page.kvs.length, 10);
    pages += 1;
    if (pages === 2) break;
  }
  await over;
  assert.equal((await client.range("k")).revision, 40);
});
