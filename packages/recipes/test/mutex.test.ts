import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, TransportError } from "@quorate/client";
import { CallError, services, type TxnRequest } from "@quorate/client/sim";
import { Mutex, openSession } from "@quorate/recipes";

import { ScriptedChannel } from "./scripted-channel.ts";

const { leaseGrant, leaseRevoke } = services.lease;
const header = { revision: 7 };

/** What a transaction does when its comparisons hold. */
function deedOf(request: TxnRequest): string | undefined {
  return request.success[0]?.request?.case;
}

test("K1: Mutex.tryLock leaves the queue when it cannot see who is first", async () => {
  const deeds: (string | undefined)[] = [];
  const channel = new ScriptedChannel()
    .on(leaseGrant, () => ({ header, id: 5n, ttl: 60 }))
    .on(leaseRevoke, () => ({ header }))
    .on(services.kv.txn, (request) => {
      deeds.push(deedOf(request));
      const put = { response: { case: "responsePut", value: { header } } } as const;
      return { header, succeeded: true, responses: deeds.length === 1 ? [put] : [] };
    })
    .on(services.kv.range, () => {
      throw new CallError(8, "Bandwidth exhausted or memory limit exceeded");
    });
  const { factory: createChannel } = channel;
  await using client = connect({ endpoints: ["a:1"], runtime: { createChannel } });
  await using session = await openSession(client);
  await assert.rejects(new Mutex("m").tryLock(session), TransportError);
  assert.deepEqual(deeds, ["requestPut", "requestDeleteRange"]);
});
