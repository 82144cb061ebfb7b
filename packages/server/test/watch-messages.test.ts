import assert from "node:assert/strict";
import { test } from "node:test";
import { toRevision, type WatchBatch } from "@quorate/mvcc";
import fc from "fast-check";
import { HeaderEncoder } from "../src/services/header.ts";
import { composeWatchAnswer } from "../src/services/watch-answer.ts";
import { encodeIdField, WatchMessages } from "../src/services/watch-messages.ts";

const headers = new HeaderEncoder({ clusterId: 2n ** 63n, memberId: 7n });

function batchOf(revision: number, events: readonly Uint8Array[]): WatchBatch {
  const sizeBytes = events.reduce((sum, event) => sum + event.length, 0);
  return { revision: toRevision(revision), events, sizeBytes };
}

/** The form that serves every case, framed. */
function slowForm(batch: WatchBatch, raftTerm: number, id: bigint): Buffer {
  const { revision, events } = batch;
  const message = Buffer.concat(composeWatchAnswer(headers, { id, revision, raftTerm, events }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

test("WatchMessages says what composeWatchAnswer says, whoever asked before", () => {
  const batch = fc.record({
    revision: fc.integer({ min: 1, max: 2 ** 40 }),
    events: fc.array(fc.uint8Array({ minLength: 1, maxLength: 400 }), {
      minLength: 1,
      maxLength: 4,
    }),
  });
  const step = fc.record({
    batch: fc.nat(2),
    raftTerm: fc.integer({ min: 1, max: 2 }),
    id: fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: -(2n ** 63n), max: -1n })),
  });
  fc.assert(
    fc.property(fc.array(batch, { minLength: 3, maxLength: 3 }), fc.array(step), (made, steps) => {
      const batches = made.map(({ revision, events }) => batchOf(revision, events));
      const messages = new WatchMessages(headers);
      const parts: Uint8Array[] = [];
      const expected: Buffer[] = [];
      for (const { batch: index, raftTerm, id } of steps) {
        const chosen = batches[index] ?? assert.fail();
        const framed = messages.framed(chosen, raftTerm, id, encodeIdField(id));
        const slow = slowForm(chosen, raftTerm, id);
        assert.deepEqual(Buffer.from(framed), slow);
        parts.push(framed);
        expected.push(slow);
      }
      if (parts.length === 0) return;
      assert.deepEqual(Buffer.from(messages.join([...parts])), Buffer.concat(expected));
      assert.deepEqual(Buffer.from(messages.join([...parts])), Buffer.concat(expected));
    }),
  );
});

test("WatchMessages makes a message and a joined piece once for all streams", () => {
  const messages = new WatchMessages(headers);
  const batch = batchOf(5, [Buffer.alloc(100, "e")]);
  const partsOf = (): Uint8Array[] =>
    [0n, 1n, 2n].map((id) => messages.framed(batch, 1, id, encodeIdField(id)));
  const first = partsOf();
  const second = partsOf();
  for (const [index, part] of first.entries()) assert.equal(second[index], part);
  assert.equal(messages.join(first), messages.join(second));
  const [only] = first;
  assert.equal(messages.join(first.slice(0, 1)), only, "a lone message is passed on as it is");
  assert.notEqual(messages.join(first.slice(0, 2)), messages.join(first));
});
