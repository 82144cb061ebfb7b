import assert from "node:assert/strict";
import { test } from "node:test";

import { SimScheduler, SimTimers } from "@quorate/platform/sim";

import { Backoff } from "../src/backoff.ts";
import { EndpointSet } from "../src/endpoint-set.ts";
import { createGrpcJsChannel } from "../src/grpc-js-channel.ts";
import { resolveOptions } from "../src/options.ts";

/** A set of endpoints that are never connected to, on simulated time. */
function endpointSet(...names: string[]): {
  readonly set: EndpointSet;
  advance(millis: number): void;
} {
  const scheduler = new SimScheduler();
  const set = new EndpointSet(resolveOptions({ endpoints: names }), {
    clock: { monotonicMillis: () => scheduler.nowMillis, wallMillis: () => 0 },
    timers: new SimTimers(scheduler),
    random: { nextInt: () => 0, nextBigUint64: () => 0n },
    createChannel: createGrpcJsChannel,
    logger: undefined,
    tracer: undefined,
  });
  return { set, advance: (millis) => scheduler.advance(millis) };
}

test("EndpointSet keeps to one endpoint until it fails, then to the next", () => {
  const { set, advance } = endpointSet("a:1", "b:1", "c:1");
  assert.deepEqual([set.pick().name, set.pick().name], ["a:1", "a:1"]);
  set.fail(set.pick());
  assert.equal(set.pick().name, "b:1");
  advance(60_000);
  assert.equal(set.pick().name, "b:1", "does not go back by itself");
  set.fail(set.pick());
  assert.equal(set.pick().name, "c:1");
  set.close();
});

test("With all endpoints on penalty the one whose penalty ends first is tried", () => {
  const { set, advance } = endpointSet("a:1", "b:1");
  const first = set.pick();
  set.fail(first);
  set.fail(first);
  set.fail(first);
  assert.equal(set.pick().name, "b:1");
  advance(10);
  set.fail(set.pick());
  assert.equal(set.pick().name, "b:1", "one failure weighs less than three");
  first.noteSuccess();
  assert.equal(first.isPenalised, false);
  set.close();
});

test("A penalty doubles with each failure, up to five seconds", () => {
  const { set, advance } = endpointSet("a:1");
  const endpoint = set.pick();
  const penalties: number[] = [];
  for (let failure = 0; failure < 7; failure += 1) {
    endpoint.noteFailure();
    let millis = 0;
    for (; endpoint.isPenalised; millis += 50) advance(50);
    penalties.push(millis);
  }
  assert.deepEqual(penalties, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  set.close();
});

test("EndpointSet.replace keeps what is known and the endpoint in use", () => {
  const { set } = endpointSet("a:1", "b:1");
  const before = set.pick();
  set.replace(["c:1", "a:1"]);
  assert.equal(set.pick(), before);
  assert.deepEqual(set.names, ["c:1", "a:1"]);
  set.replace([]);
  assert.deepEqual(set.names, ["c:1", "a:1"], "an empty list is ignored");
  set.replace(["d:1"]);
  assert.equal(set.pick().name, "d:1");
  set.close();
});

test("Endpoints the client was given are tried again when all that members named fail", () => {
  const { set, advance } = endpointSet("a:1", "b:1");
  set.replace(["inside:1", "a:1"]);
  set.fail(set.pick());
  assert.equal(set.pick().name, "inside:1");
  assert.deepEqual(set.names, ["inside:1", "a:1"]);
  set.fail(set.pick());
  assert.equal(set.pick().name, "b:1");
  assert.deepEqual(set.names, ["inside:1", "a:1", "b:1"]);
  set.fail(set.pick());
  advance(60_000);
  assert.equal(set.pick().name, "b:1", "as good as the others from now on");
  set.replace(["a:1"]);
  assert.deepEqual(set.names, ["a:1"], "until members name others");
  set.close();
});

test("Backoff grows to its bound, is never under half of it, and starts again", () => {
  for (const share of [0, 0.5, 0.999]) {
    const random = {
      nextInt: (bound: number) => Math.floor(share * bound),
      nextBigUint64: () => 0n,
    };
    const backoff = new Backoff({ firstMillis: 100, lastMillis: 800 }, random);
    const ceilings = [100, 200, 400, 800, 800, 800];
    for (const ceiling of ceilings) {
      const delay = backoff.next();
      assert.ok(delay >= ceiling / 2 && delay <= ceiling, `${delay} of ${ceiling}`);
    }
    backoff.reset();
    assert.ok(backoff.next() <= 100);
  }
});
