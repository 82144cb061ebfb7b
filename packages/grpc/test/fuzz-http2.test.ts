import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { fuzzHint, fuzzSeconds, fuzzSeed } from "../../../test/support/fuzz.ts";
import { checkFrames } from "./http2/answer-check.ts";
import { data, grpcMessage, headers, preface, settings, windowUpdate } from "./http2/frames.ts";
import { chunksOf, conversation, mutate, Random } from "./http2/random-conversation.ts";
import { type Answer, RawClient } from "./http2/raw-client.ts";
import { block } from "./http2/rule.ts";
import { paths, TestServer } from "./http2/test-server.ts";
import { WindowGame } from "./http2/window-game.ts";

/** For each fuzzer. */
const seconds = fuzzSeconds ?? 0.7;
const firstSeed = fuzzSeed;

/** Rounds that run beside each other. */
const crowd = 16;

/** Runs rounds with seeds that follow each other; a failure names the seed that repeats it. */
async function rounds(
  context: TestContext,
  round: (random: Random, server: TestServer) => Promise<void>,
): Promise<void> {
  await TestServer.run(async (server) => {
    const end = performance.now() + seconds * 1_000;
    let seed = firstSeed;
    const attempt = async (): Promise<void> => {
      const own = seed;
      seed += 1;
      await round(new Random(own), server).catch((error: unknown) => {
        throw new Error(`Failed; ${fuzzHint(own)}`, { cause: error });
      });
    };
    while (performance.now() < end) {
      const seeds = `seeds ${seed} to ${seed + crowd - 1}`;
      await Promise.all(Array.from({ length: crowd }, attempt));
      await server.untilIdle(seeds);
      await server.untilDeserted(seeds);
      await server.canary();
      server.sinks.length = 0;
      server.harness.observed.length = 0;
    }
    context.diagnostic(`${seed - firstSeed} rounds from seed ${firstSeed}`);
  });
}

async function deliver(client: RawClient, chunks: readonly Buffer[]): Promise<void> {
  for (const chunk of chunks) {
    if (client.socket.destroyed) return;
    client.send(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Leaves by FIN or RST, and sees the connection close. */
async function leave(random: Random, client: RawClient): Promise<void> {
  const { socket } = client;
  if (random.oneIn(3)) socket.resetAndDestroy();
  else socket.end();
  if (!socket.closed) await once(socket, "close");
  checkFrames(client);
}

describe("HTTP/2 fuzzers", () => {
  it("broken conversations end their own connection at most", async (context) => {
    await rounds(context, async (random, server) => {
      const isPolite = random.oneIn(2);
      const client = new RawClient(server.port, { isPolite });
      const valid = conversation(random, { isPure: false });
      const frames = random.oneIn(8) ? valid : mutate(random, valid);
      const bytes = Buffer.concat([preface, settings(), ...frames]);
      await deliver(client, chunksOf(random, bytes));
      await leave(random, client);
    });
  });

  it("random bytes behind the preface end their own connection at most", async (context) => {
    await rounds(context, async (random, server) => {
      const client = new RawClient(server.port, { isPolite: false });
      const start = random.pick([preface, Buffer.concat([preface, settings()])]);
      const bytes = Buffer.concat([start, random.bytes(random.below(3_000))]);
      await deliver(client, chunksOf(random, bytes));
      await leave(random, client);
    });
  });

  it("valid conversations have the same answers however they are cut", async (context) => {
    await rounds(context, async (random, server) => {
      const frames = conversation(random, { isPure: true });
      const bytes = Buffer.concat(frames);
      const streams = [...new Set(frames.map((frame) => frame.readUInt32BE(5) % 2 ** 31))];
      const calls = streams.filter((stream) => {
        return frames.some((frame) => frame[3] === 1 && frame.readUInt32BE(5) === stream);
      });
      const answersTo = async (chunks: readonly Buffer[]): Promise<readonly Answer[]> => {
        const client = await server.open({ settings: [[4, 1_000_000_000]] });
        client.send(windowUpdate(0, 1_000_000_000));
        await deliver(client, chunks);
        const answers: Answer[] = [];
        for (const stream of calls) answers.push(await client.answer(stream));
        await leave(random, client);
        return answers;
      };
      assert.deepEqual(await answersTo(chunksOf(random, bytes)), await answersTo([bytes]));
    });
  });

  it("windows of any size are kept to, and everything arrives in the end", async (context) => {
    await rounds(context, async (random, server) => {
      const game = new WindowGame(random.below(3_000));
      const client = await server.open({ settings: [[4, game.initialWindow]], isPolite: false });
      game.attach(client);
      const expected = new Map<number, number>();
      for (let count = 1 + random.below(6); count > 0; count -= 1) {
        const stream = client.newStream();
        const [messages, size] = [random.below(30), random.below(4_000)];
        expected.set(stream, messages * (size + 5));
        const ask = data(stream, grpcMessage(`${messages} ${size}`), { endStream: true });
        game.open(stream);
        client.send(headers(stream, block(paths.flood)), ask);
      }
      for (let move = random.below(40); move > 0; move -= 1) {
        game.move(random, [...expected.keys()]);
        if (random.oneIn(3)) await client.barrier();
      }
      await game.release([...expected.keys()]);
      for (const [stream, bytes] of expected) {
        const { grpcStatus, body } = await client.answer(stream);
        assert.deepEqual([grpcStatus, body.length], ["0", bytes]);
      }
      game.check();
      await leave(random, client);
    });
  });

  it("servers close in time, whatever is going on", async (context) => {
    const end = performance.now() + seconds * 1_000;
    let seed = firstSeed;
    for (; performance.now() < end; seed += 1) {
      const random = new Random(seed);
      const server = await TestServer.start();
      const clients = Array.from({ length: 8 }, () => {
        return new RawClient(server.port, { isPolite: random.oneIn(2) });
      });
      const talking = clients.map((client) => {
        if (random.oneIn(4)) client.socket.pause();
        const frames = conversation(random, { isPure: false });
        const bytes = Buffer.concat([preface, settings(), ...mutate(random, frames)]);
        return deliver(client, chunksOf(random, bytes));
      });
      for (let turns = random.below(60); turns > 0; turns -= 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const repeat = fuzzHint(seed);
      const closing = server.harness.rpc.close(random.below(20));
      const isInTime = await Promise.race([closing.then(() => true), late()]);
      assert.ok(isInTime, `closed in time; ${repeat}`);
      await server.untilIdle(`; ${repeat}`);
      await Promise.all(talking);
      await server.close();
      await Promise.all(clients.map((client) => client.destroy()));
    }
    context.diagnostic(`${seed - firstSeed} servers from seed ${firstSeed}`);
  });
});

/** False after two seconds, which is well above what a server adds to its deadline. */
function late(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(false), 2_000).unref());
}
