import assert from "node:assert/strict";
import { test } from "node:test";

import { services } from "@quorate/api";
import { NodeClock, NodeRandom, NodeTimers } from "@quorate/platform";

import { CallError, type Channel } from "../src/channel.ts";
import { createGrpcJsChannel } from "../src/grpc-js-channel.ts";
import { resolveOptions } from "../src/options.ts";
import { judge } from "../src/verdict.ts";
import { ScriptedServer } from "./scripted-server.ts";

const { path } = services.kv.put;
const settings = { headers: new Map<string, string>() };

function openChannel(endpoint: string): Channel {
  return createGrpcJsChannel(endpoint, resolveOptions({ endpoints: [endpoint] }), {
    clock: new NodeClock(),
    timers: new NodeTimers(),
    random: new NodeRandom(),
    createChannel: createGrpcJsChannel,
    logger: undefined,
    tracer: undefined,
  });
}

/** How each kind of call ends. */
async function endsOf(channel: Channel): Promise<readonly unknown[]> {
  const unary = new Promise((resolve) => {
    channel.unary(path, new Uint8Array(), settings, resolve);
  });
  const bidi = new Promise((resolve) => {
    const call = channel.bidiStream(path, settings, {
      onMessage: () => undefined,
      onEnd: resolve,
    });
    call.write(new Uint8Array());
  });
  const stream = channel.serverStream(path, new Uint8Array(), settings)[Symbol.asyncIterator]();
  return [await unary, await bidi, await stream.next().catch((error: unknown) => error)];
}

test("P6: a call on a channel that was closed ends as not sent, whatever kind it is", async () => {
  await using server = await new ScriptedServer().start();
  const channel = openChannel(server.endpoint);
  assert.equal(await channel.connect(5_000, undefined), true);
  channel.close();
  for (const end of await endsOf(channel)) {
    assert.ok(end instanceof CallError);
    const call = { method: path, safety: "write", endpoint: server.endpoint } as const;
    const verdict = judge({ ...call, grpcCode: end.grpcCode, details: end.details });
    assert.equal(verdict.retry, "elsewhere");
    assert.equal(verdict.error.isOutcomeUnknown, false);
  }
  assert.equal(await channel.connect(5_000, undefined), false);
});

test("A channel reports what the server says by code and words", async () => {
  await using server = await new ScriptedServer().start();
  const channel = openChannel(server.endpoint);
  assert.equal(await channel.connect(5_000, undefined), true);
  for (const end of await endsOf(channel)) {
    assert.ok(end instanceof CallError);
    assert.equal(end.grpcCode, 12, end.details);
  }
  channel.close();
});
