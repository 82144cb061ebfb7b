import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SimScheduler, SimTimers } from "@quorate/platform/sim";
import { causeOfFailure } from "../src/backend/cause-of-failure.ts";

const mebibyte = 1024 * 1024;
const inputOutput = new Error("Input/output error");

/** The text of the cause that is found with so much space left; undefined: the disk is silent. */
async function textOfCause(error: unknown, freeBytes: number | Error | undefined): Promise<string> {
  const scheduler = new SimScheduler();
  const timers = new SimTimers(scheduler);
  const files = {
    freeBytes: (): Promise<number> => {
      if (freeBytes === undefined) return new Promise(() => undefined);
      return freeBytes instanceof Error ? Promise.reject(freeBytes) : Promise.resolve(freeBytes);
    },
  };
  const asked = causeOfFailure(error, "/data/db", { files, timers });
  await scheduler.advanceAndDrain(1_000);
  const cause = await asked;
  return cause instanceof Error ? cause.message : String(cause);
}

describe("causeOfFailure", () => {
  test("an input/output error on a full disk is want of space (B5)", async () => {
    const text = await textOfCause(inputOutput, 4096);
    assert.equal(text, "No space left on device: 4096 bytes are free");
  });

  const unchanged: readonly (readonly [string, Error, number | Error | undefined])[] = [
    ["where there is room", inputOutput, mebibyte],
    ["where nobody knows", inputOutput, new Error("no such file")],
    ["where the disk does not answer", inputOutput, undefined],
    ["that says it by itself", new Error("No space left on device"), 0],
    ["of another kind", new Error("MDB_PANIC"), 0],
  ];
  for (const [name, error, freeBytes] of unchanged) {
    test(`leaves an error ${name}`, async () => {
      assert.equal(await textOfCause(error, freeBytes), error.message);
    });
  }

  test("takes the reason that LMDB tells later", async () => {
    const early = Object.assign(new Error("Commit failed"), {
      commitError: Promise.reject(inputOutput),
    });
    assert.equal(await textOfCause(early, 2 * mebibyte), "Input/output error");
  });
});
