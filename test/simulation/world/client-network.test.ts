import assert from "node:assert/strict";
import { test } from "node:test";

import { services } from "@quorate/api";
import { ClientClosedError, connect, type Client } from "@quorate/client";
import { CallError, type Channel } from "@quorate/client/sim";
import { StatusCode, type RpcMethod } from "@quorate/grpc";
import { SeededRandom, SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";

import { Coverage } from "../coverage.ts";
import { ClientNetwork, type ClientNetworkObserver } from "./client-network.ts";

const address = "m1:2379";
const { put, range } = services.kv;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A network, a client machine, and what it takes to run them. */
class Bench {
  readonly scheduler = new SimScheduler();
  readonly random: SeededRandom;
  readonly coverage = new Coverage();
  readonly network: ClientNetwork;
  readonly timers = new SimTimers(this.scheduler);
  readonly clock = new SimClock(this.scheduler);
  /** What happened, in order. */
  readonly trace: string[] = [];

  constructor(seed: bigint = 1n, observer?: ClientNetworkObserver) {
    const { scheduler, coverage } = this;
    this.random = new SeededRandom(seed);
    const random = this.random.split("network");
    const base = { scheduler, coverage, random };
    this.network = new ClientNetwork(observer === undefined ? base : { ...base, observer });
  }

  note(line: string): void {
    this.trace.push(`${this.scheduler.nowMillis.toFixed(3)} ${line}`);
  }

  connect(
    options: { readonly endpoints?: readonly string[]; readonly name?: string } = {},
  ): Client {
    const { clock, timers } = this;
    const name = options.name ?? "c1";
    const createChannel = this.network.createChannel(name);
    return connect({
      endpoints: options.endpoints ?? [address],
      runtime: { clock, timers, random: this.random.split(`client ${name}`), createChannel },
    });
  }

  /** The seam itself, for what the client's own retries would hide. */
  channel(name: string = "c1"): Channel {
    let made: Channel | undefined;
    const factory = this.network.createChannel(name);
    const { clock, timers } = this;
    connect({
      endpoints: [address],
      runtime: {
        ...{ clock, timers, random: this.random.split(name) },
        createChannel: (endpoint, options, runtime) => (made = factory(endpoint, options, runtime)),
      },
    });
    assert.ok(made);
    return made;
  }

  /** Lets virtual time pass until the promise settles; fails after a virtual minute. */
  async settle<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    const untilMillis = this.scheduler.nowMillis + 60_000;
    for (;;) {
      await this.scheduler.advanceAndDrain(0);
      if (isSettled) return promise;
      assert.ok(this.scheduler.step(), "something is left to happen");
      assert.ok(this.scheduler.nowMillis < untilMillis, "settles within a minute");
    }
  }

  async connected(channel: Channel): Promise<Channel> {
    assert.equal(await this.settle(channel.connect(5_000, undefined)), true);
    return channel;
  }
}

/** How a unary call ends: its answer or its error. */
function unary(
  channel: Channel,
  path: string,
  settings: { readonly deadlineMillis?: number } = {},
): Promise<CallError | Uint8Array> {
  return new Promise((resolve) => {
    channel.unary(path, bytes(1), { headers: new Map(), ...settings }, resolve);
  });
}

const echo: RpcMethod = {
  kind: "unary",
  path: "/toy.Toy/Echo",
  handle: (request, call) => call.respond([request, Buffer.from(call.header("mark") ?? "")]),
};

test("A unary call brings its bytes and headers to the handler and the answer back", async () => {
  const bench = new Bench();
  bench.network.serve(address, [echo]);
  const channel = await bench.connected(bench.channel());
  const headers = new Map([["Mark", "!"]]);
  const answer = new Promise((resolve) => {
    channel.unary("/toy.Toy/Echo", bytes(7), { headers }, resolve);
  });
  assert.deepEqual(await bench.settle(answer), bytes(7, 33));
  const unknown = await bench.settle(unary(channel, "/toy.Toy/Other"));
  assert.ok(unknown instanceof CallError);
  assert.equal(unknown.grpcCode, StatusCode.UNIMPLEMENTED);
  assert.equal(unknown.details, "unknown method Other for service toy.Toy");
});

test("A real client puts and reads through the simulated network", async () => {
  const bench = new Bench();
  const pairs = new Map<string, Uint8Array>();
  bench.network.serve(address, [
    {
      kind: "unary",
      path: put.path,
      handle: (request, call) => {
        const { key, value } = put.decodeRequest(request);
        pairs.set(Buffer.from(key).toString(), value);
        call.respond([put.encodeResponse({ header: { revision: 2 } })]);
      },
    },
    {
      kind: "unary",
      path: range.path,
      handle: (request, call) => {
        const { key } = range.decodeRequest(request);
        const value = pairs.get(Buffer.from(key).toString());
        const kvs = value === undefined ? [] : [{ key, value, modRevision: 2 }];
        call.respond([range.encodeResponse({ header: { revision: 2 }, kvs })]);
      },
    },
  ]);
  const client = bench.connect();
  assert.equal((await bench.settle(client.put("a", "1"))).revision, 2);
  assert.equal((await bench.settle(client.get("a")))?.text(), "1");
  client.close();
  await assert.rejects(bench.settle(client.get("a")), ClientClosedError);
});
