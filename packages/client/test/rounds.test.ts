import assert from "node:assert/strict";
import { test } from "node:test";

import { services } from "@quorate/api";
import { connect, type Client } from "@quorate/client";
import type { Channel } from "@quorate/client/sim";
import { NodeClock, NodeTimers } from "@quorate/platform";

/** So many that a delay that grows with each of them would outgrow the penalty of the first. */
const addresses = Array.from({ length: 12 }, (_, i) => `m${i + 1}:1`);
const first = "m1:1";
const last = "m12:1";
const method = services.lease.leaseGrant;

/** A client of which one endpoint serves; hears which are connected to. */
function clientOf(asked: string[], alive: () => string, onStream: () => void): Client {
  return connect({
    endpoints: addresses,
    runtime: {
      clock: new NodeClock(),
      timers: new NodeTimers(),
      // Starts at the first endpoint.
      random: { nextInt: () => 0, nextBigUint64: () => 0n },
      createChannel: (endpoint): Channel => ({
        connect: async () => {
          asked.push(endpoint);
          return Promise.resolve(endpoint === alive());
        },
        unary: (_path, _request, _settings, onOutcome) => {
          const answer = method.encodeResponse({ id: 7n, ttl: 60 });
          queueMicrotask(() => onOutcome(answer));
          return { cancel: () => undefined };
        },
        serverStream: () => {
          throw new Error("no such call");
        },
        bidiStream: () => {
          onStream();
          return { write: () => undefined, cancel: () => undefined };
        },
        close: () => undefined,
      }),
    },
  });
}

test("A watch finds the one endpoint that serves in one round, each asked once", async () => {
  const asked: string[] = [];
  await new Promise<void>((resolve) => {
    const client = clientOf(
      asked,
      () => last,
      () => {
        resolve();
        client.close();
      },
    );
    client.watch("a");
  });
  assert.deepEqual(asked, addresses);
});

test("A lease finds the one endpoint that serves in one round, each asked once", async () => {
  const asked: string[] = [];
  let opened: () => void = () => undefined;
  const stream = new Promise<void>((resolve) => {
    opened = resolve;
  });
  // The endpoint that granted the lease is gone when it is to be renewed.
  await using client = clientOf(
    asked,
    () => (asked.length === 1 ? first : last),
    () => opened(),
  );
  await client.lease.hold(60);
  await stream;
  assert.deepEqual(asked, [first, ...addresses]);
});
