import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { testDataDirectory } from "@quorate/platform/testing";
import { BatchReader, decodeBatch, joinBatches } from "@quorate/state-machine";
import { notQueued, ProposalQueue, type Proposal } from "../src/member/proposal-queue.ts";
import type { ProposalBatch } from "../src/member/proposal-queue.ts";

interface Letter extends Proposal<string> {
  readonly name: string;
}

// Commands move requests through the queue; what is settled meanwhile is printed.
testDataDirectory(join(import.meta.dirname, "testdata/proposals"), () => {
  const settled: string[] = [];
  const queue = new ProposalQueue<Letter, string>({
    memberId: 7n,
    firstSequence: 1,
    timeoutMillis: 1_000,
    requestsMax: 4,
    bytesMax: 100,
    batchBytesMax: 20,
    batchRequestsMax: 3,
    onBatch: () => undefined,
    onFailure: () => undefined,
  });
  const taken = new Map<number, ProposalBatch<Letter>>();
  let now = 0;
  const toLetter = (name: string, size: number): Letter => ({
    ...{ name, kind: "put", authRevision: 0, bytes: Buffer.alloc(size, name) },
    sequence: notQueued,
    settle: (outcome) => {
      settled.push(`${name}: ${outcome}`);
    },
    fail: ({ reason, isUnknown }) => {
      settled.push(`${name}: ${reason}${isUnknown ? " unknown" : ""}`);
    },
  });
  /** Applies data of the log as a state machine would. */
  const apply = (data: Uint8Array): string => {
    const lines: string[] = [];
    const reader = new BatchReader(data);
    while (reader.nextBatch()) {
      const batch = queue.find(reader, data);
      reader.skipRequests();
      if (batch === undefined) {
        lines.push("decode the bytes");
        continue;
      }
      const outcomes = batch.requests.map(({ name }) => `done ${name}`);
      lines.push(`held ${batch.requests.map(({ name }) => name).join(" ")}`);
      queue.settle(batch, ["of another", ...outcomes], 1);
    }
    return lines.join("\n");
  };
  const run = (name: string, positional: readonly string[]): string => {
    const [first = "", second = "0"] = positional;
    const data = taken.get(Number(first))?.data ?? new Uint8Array(0);
    switch (name) {
      case "add":
        queue.add(now, toLetter(first, Number(second)));
        return "";
      case "take": {
        const batch = queue.takeBatch(Number(first));
        if (batch === undefined) return "nothing waits";
        taken.set(batch.batchId, batch);
        const requests = decodeBatch(batch.data).map(
          ({ sequence, bytes }) => `${sequence}=${String.fromCharCode(bytes[0] ?? 0)}`,
        );
        return `batch ${batch.batchId}: ${requests.join(" ")}`;
      }
      case "give-back":
        queue.giveBack(Number(first));
        return "";
      case "begin-term":
        queue.beginTerm(Number(first));
        return "";
      case "apply":
        return apply(data);
      case "apply-copy":
        return apply(Uint8Array.from(data));
      case "apply-joined":
        return apply(joinBatches(positional.map((id) => taken.get(Number(id))?.data ?? data)));
      case "apply-altered": {
        const altered = Uint8Array.from(data);
        altered[altered.length - 1] = 0x21;
        return apply(altered);
      }
      case "fail-waiting":
        queue.failWaiting("no-leader");
        return "";
      case "fail-in-flight":
        queue.failInFlight();
        return "";
      case "stop":
        queue.failAll("stopped");
        return "";
      case "advance":
        now += Number(first);
        queue.tick(now);
        return "";
      default:
        throw new Error(`unknown command ${name}`);
    }
  };
  return ({ name, positional }) => {
    const said = run(name, positional);
    const lines = said === "" ? [...settled] : [said, ...settled];
    settled.length = 0;
    return [...lines, `requests=${queue.size} bytes=${queue.pendingBytes}`].join("\n");
  };
});

test("ProposalQueue holds no whole chunks of sockets for small requests while it is stuck", () => {
  const letters: Letter[] = [];
  const queue = new ProposalQueue<Letter, string>({
    ...{ memberId: 7n, firstSequence: 1, timeoutMillis: 7_000 },
    ...{ requestsMax: 10_000, bytesMax: 1e9, batchBytesMax: 1e6, batchRequestsMax: 10_000 },
    ...{ onBatch: () => undefined, onFailure: () => undefined },
  });
  const add = (now: number, size: number): Uint8Array => {
    const chunk = Buffer.allocUnsafeSlow(65_536).fill(7);
    const bytes = queue.ownBytes(chunk.subarray(100, 100 + size));
    const calls = { settle: () => undefined, fail: () => undefined };
    const letter: Letter = {
      ...{ name: "", kind: "put", authRevision: 0, bytes, sequence: notQueued, ...calls },
    };
    queue.add(now, letter);
    letters.push(letter);
    return bytes;
  };
  const settleAll = (): void => {
    const batch = queue.takeBatch(1) ?? assert.fail();
    queue.settle(batch, Array<string>(batch.requests.length).fill("done"), 0);
  };
  for (let now = 0; now < 1_000; now += 100) {
    queue.tick(now);
    assert.equal(add(now, 300).buffer.byteLength, 65_536, "a queue that moves copies nothing");
    settleAll();
  }
  letters.length = 0;
  // In flight with a leader that does not answer, then waiting.
  for (let now = 1_000; now < 2_000; now += 1) {
    if (now % 100 === 0) queue.tick(now);
    add(now, 300);
    if (now === 1_050) queue.takeBatch(1);
  }
  const held = letters.reduce((sum, { bytes }) => sum + bytes.buffer.byteLength, 0);
  assert.ok(held < 301 * 65_536 + 1_000 * 300, `${held} bytes are held`);
  assert.ok(
    letters.every(({ bytes }) => bytes.length === 300 && bytes.every((byte) => byte === 7)),
  );
  assert.equal(add(2_000, 9_000).buffer.byteLength, 65_536, "large ones waste little");
});
