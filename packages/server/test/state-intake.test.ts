import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { SimFileSystem } from "@quorate/platform/sim";
import {
  emptyConfiguration,
  encodeMessage,
  toLogIndex,
  toMemberId,
  toTerm,
  type SnapshotMessage,
} from "@quorate/raft";
import { snapshotName } from "@quorate/wal";
import { StateIntake } from "../src/member/snapshot-transfer.ts";

const from = toMemberId(2n);
const message: SnapshotMessage = {
  kind: "snapshot",
  ...{ from, to: toMemberId(3n), term: toTerm(4) },
  snapshot: { index: toLogIndex(70), term: toTerm(4), configuration: emptyConfiguration },
};
const path = `/snap/${snapshotName(toTerm(4), toLogIndex(70))}`;
const state = Buffer.alloc(5_000, "state");

async function receive(verify: (path: string) => Promise<void>): Promise<{
  readonly files: SimFileSystem;
  readonly told: readonly string[];
  readonly problem: unknown;
}> {
  const files = new SimFileSystem();
  await files.makeDirectory("/snap");
  const told: string[] = [];
  const intake = new StateIntake(
    { fileSystem: files, directory: "/snap", from, verify },
    {
      onComplete: ({ snapshot }) => told.push(`complete ${snapshot.index}`),
      onEnd: (isOk) => told.push(`end ${isOk}`),
    },
  );
  await intake.begin(Buffer.concat(encodeMessage(message)));
  await intake.write(state);
  const problem = await intake
    .finish(createHash("sha256").update(state).digest())
    .catch((error: unknown) => error);
  return { files, told, problem };
}

test("B7 a received state is read as a whole before consensus hears of it", async () => {
  const verified: string[] = [];
  const { files, told, problem } = await receive((file) => {
    verified.push(file);
    return Promise.resolve();
  });
  assert.equal(problem, undefined);
  assert.deepEqual(verified, [path]);
  assert.deepEqual(told, ["complete 70", "end true"]);
  assert.ok(await files.stat(path));
});

test("B7 a received state that is damaged is refused; consensus never hears of it", async () => {
  const damage = new Error("damaged where it was sent");
  const { files, told, problem } = await receive(() => Promise.reject(damage));
  assert.equal(problem, damage);
  assert.deepEqual(told, ["end false"]);
  assert.deepEqual(await files.list("/snap"), []);
});
