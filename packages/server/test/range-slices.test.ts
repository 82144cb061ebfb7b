import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeRangeRequest,
  decodeRangeResponse,
  encodeRangeRequest,
  encodeRangeResponse,
  type RangeRequestInit,
} from "@quorate/api";
import { SimScheduler, SimTimers } from "@quorate/platform/sim";
import { toRangeResponse } from "@quorate/state-machine";
import fc from "fast-check";
import type { Member } from "../src/member/member.ts";
import { rangeMethod } from "../src/services/range-service.ts";
import { rangeStreamMethod } from "../src/services/range-stream.ts";
import { ServiceError, toStatus } from "../src/services/status.ts";
import { RecordedStream } from "./support/recorded-stream.ts";
import { startServiceSetting } from "./support/service-setting.ts";

const keyCount = 5_000;

/** Three revisions of many keys: made, changed in part, removed in part. */
function fill({ state: { store } }: Member): void {
  for (const [step, from] of [0, 1_000, 2_000].entries()) {
    const write = store.beginWrite();
    for (let index = from; index < keyCount; index += step + 1) {
      const key = `key${String(index).padStart(5, "0")}`;
      if (step === 2) write.deleteRange(key, "");
      else write.put(key, Buffer.from(`${(index * 7_919) % 1_000}`), BigInt(index % 3));
    }
    write.end();
  }
}

test("a range in slices gives what a range in one go gives, in every order", async () => {
  const { cluster, member, context } = await startServiceSetting();
  fill(member);
  const newest = member.state.store.currentRevision;
  const method = rangeMethod(context);
  const bound = fc.constantFrom(0, 0, 0, newest - 2, newest - 1, newest);
  const request = fc.record({
    key: fc.constantFrom("k", "key00900", "key03000", "x").map((key) => Buffer.from(key)),
    rangeEnd: fc.constantFrom("\0", "l", "key04000").map((end) => Buffer.from(end)),
    limit: fc.constantFrom(0, 0, 1, 100, 2_500, 4_999),
    revision: bound,
    sortOrder: fc.nat(2),
    sortTarget: fc.nat(4),
    keysOnly: fc.boolean(),
    countOnly: fc.constantFrom(false, false, false, true),
    minModRevision: bound,
    maxModRevision: bound,
    minCreateRevision: bound,
    maxCreateRevision: bound,
    serializable: fc.constant(true),
  });
  fc.assert(
    fc.property(request, (wanted: RangeRequestInit) => {
      const bytes = encodeRangeRequest(wanted);
      const stream = new RecordedStream();
      assert.ok(method.kind === "unary");
      method.handle(bytes, stream);
      while (stream.status === undefined) assert.ok(cluster.scheduler.step());
      assert.equal(stream.status, "ok");
      const { header, ...answer } = decodeRangeResponse(stream.messages[0] ?? assert.fail());
      assert.equal(header?.revision, newest);
      const atOnce = toRangeResponse(member.state.range(decodeRangeRequest(bytes)));
      const { header: _header, ...expected } = decodeRangeResponse(encodeRangeResponse(atOnce));
      assert.deepEqual(answer, expected);
    }),
    { numRuns: 100 },
  );
});

test("slices end where the install of a snapshot begins, as calls do that begin then", async () => {
  const { cluster, context } = await startServiceSetting();
  const leader = cluster.nodes.find(({ member }) => member?.isLeader === true) ?? assert.fail();
  const node = cluster.nodes.find((other) => other !== leader) ?? assert.fail();
  const member = node.member ?? assert.fail();
  fill(member);
  const held = new SimScheduler();
  const behind = { ...context, member, timers: new SimTimers(held) };
  const range = { key: Buffer.from("k"), rangeEnd: Buffer.from("l"), serializable: true };
  const calls = [rangeMethod(behind), rangeStreamMethod(behind)].map((method) => {
    const stream = new RecordedStream();
    assert.ok(method.kind === "unary" || method.kind === "server-stream");
    method.handle(encodeRangeRequest(range), stream);
    assert.equal(stream.status, undefined, "it is read in slices");
    return stream;
  });
  for (const { id } of cluster.nodes) {
    cluster.network.cut(node.id, id);
    cluster.network.cut(id, node.id);
  }
  for (let write = 0; write < 100; write++) {
    cluster.write(leader);
    await cluster.advance(20);
  }
  cluster.network.healAll();
  node.files.setFaultPolicy(({ kind }) =>
    kind === "datasync" ? { kind: "delay", millis: 500 } : undefined,
  );
  for (let round = 0; round < 1_000 && !member.isRestoring; round++) await cluster.advance(10);
  assert.ok(member.isRestoring, "a snapshot is being installed");
  while (held.pending > 0) held.step();
  for (const { status } of calls) {
    assert.deepEqual(status, toStatus(new ServiceError("timeout-applied-index")));
  }
  await cluster.advance(5_000);
  await cluster.close();
});

test("a caller that has gone away stops the slices of its range", async () => {
  const { cluster, member, context } = await startServiceSetting();
  fill(member);
  const method = rangeMethod(context);
  assert.ok(method.kind === "unary");
  const range = { key: Buffer.from("k"), rangeEnd: Buffer.from("l"), serializable: true };
  const stream = new RecordedStream();
  method.handle(encodeRangeRequest(range), stream);
  assert.equal(stream.status, undefined, "it is read in slices");
  stream.isCancelled = true;
  await cluster.advance(1_000);
  assert.deepEqual(stream.messages, []);
});
