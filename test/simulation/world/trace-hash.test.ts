import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom, SimFileSystem, SimScheduler, SimTimers } from "@quorate/platform/sim";
import { toMemberId } from "@quorate/raft";
import { TraceHash } from "./trace-hash.ts";

interface Story {
  readonly hash: TraceHash;
  readonly files: SimFileSystem;
}

const one = toMemberId(1n);

async function digestOf(tell: (story: Story) => Promise<void> | void): Promise<string> {
  const scheduler = new SimScheduler();
  const hash = new TraceHash(() => scheduler.nowMillis);
  const timers = new SimTimers(scheduler);
  const files = new SimFileSystem({ random: new SeededRandom(1n), timers });
  hash.machineAdded(one, files);
  await tell({ hash, files });
  return hash.digest(scheduler);
}

async function write({ files }: Story, text: string): Promise<void> {
  const file = await files.open("/file", "create");
  file.writeSync([Buffer.from(text)], 0);
  await file.close();
}

test("TraceHash: one changed byte on a disk, or told to a client, is another trace", async () => {
  const answer = (text: string) => {
    return ({ hash }: Story): void => {
      const message = Buffer.from(text);
      hash.answerLeaves(one, { kind: "data", call: 1, bytes: message.length, message });
    };
  };
  const digests = await Promise.all([
    digestOf(() => undefined),
    digestOf((story) => write(story, "a")),
    digestOf((story) => write(story, "b")),
    digestOf(answer("a")),
    digestOf(answer("b")),
    digestOf(({ hash }) => {
      hash.answerLeaves(one, { kind: "status", call: 1, code: 14, details: "a" });
    }),
  ]);
  assert.equal(new Set(digests).size, digests.length);
  for (const digest of digests) assert.match(digest, /^[0-9a-f]{16}$/);
  assert.equal(await digestOf((story) => write(story, "a")), digests[1]);
});

test("TraceHash: long messages count, wherever they lie", async () => {
  const ofMessages = (...lengths: readonly number[]): Promise<string> =>
    digestOf(({ hash }) => {
      for (const length of lengths) {
        const message = Buffer.alloc(length, "x");
        hash.answerLeaves(one, { kind: "data", call: 1, bytes: 0, message });
      }
    });
  const digests = await Promise.all([
    ofMessages(100_000, 60_000),
    ofMessages(60_000, 100_000),
    ofMessages(60_000, 60_000, 40_000),
    ofMessages(65_535, 65_536, 65_537),
  ]);
  assert.equal(new Set(digests).size, digests.length);
});
