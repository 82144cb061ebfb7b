import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "@quorate/client";
import { services } from "@quorate/client/sim";
import { SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";
import { Registry, SessionLostError } from "@quorate/recipes";

import { ScriptedChannel } from "./scripted-channel.ts";

const { leaseGrant, leaseRevoke } = services.lease;
const header = { revision: 7 };

test("Registry.register says that the lease ran out while the row was being written", async () => {
  const scheduler = new SimScheduler();
  const { factory: createChannel } = new ScriptedChannel()
    .on(leaseGrant, () => ({ header, id: 5n, ttl: 2 }))
    .on(leaseRevoke, () => ({ header }))
    .withhold(services.kv.range);
  await using client = connect({
    endpoints: ["a:1"],
    runtime: { clock: new SimClock(scheduler), timers: new SimTimers(scheduler), createChannel },
  });
  const instance = { service: "web", id: "a", address: "10.0.0.1:80" };
  const registered = new Registry(client).register(instance, { ttlSeconds: 2 });
  const refused = assert.rejects(registered, SessionLostError);
  await scheduler.advanceAndDrain(3_000);
  await refused;
});
