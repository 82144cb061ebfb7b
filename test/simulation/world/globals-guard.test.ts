import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { SimScheduler } from "@quorate/platform/sim";
import { ForbiddenGlobalError, guardGlobals, withGuardedGlobals } from "./globals-guard.ts";

const uses: Readonly<Record<string, () => unknown>> = {
  "new Date": () => new Date(),
  "Date.now": () => Date.now(),
  "Math.random": () => Math.random(),
  setTimeout: () => setTimeout(() => undefined, 0),
  setInterval: () => setInterval(() => undefined, 1),
  setImmediate: () => setImmediate(() => undefined),
  "performance.now": () => performance.now(),
  "process.hrtime": () => process.hrtime(),
  "process.hrtime.bigint": () => process.hrtime.bigint(),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "node:crypto randomBytes": () => randomBytes(1),
  "AbortSignal.timeout": () => AbortSignal.timeout(1),
  fetch: () => fetch("http://127.0.0.1/"),
};

describe("guardGlobals (D1)", () => {
  for (const [name, use] of Object.entries(uses)) {
    test(`${name} throws, and says who called`, () => {
      const restore = guardGlobals();
      try {
        assert.throws(use, (error: unknown) => {
          if (name !== "process.hrtime.bigint") {
            assert.ok(error instanceof ForbiddenGlobalError);
            assert.ok(error.message.includes(name), error.message);
            assert.match(error.message, /globals-guard\.test|node:/);
          }
          return true;
        });
      } finally {
        restore();
      }
    });
  }

  test("everything is back afterwards, also after a failure", async () => {
    const before = [Date, setTimeout, Math.random, performance.now, crypto.randomUUID, fetch];
    await assert.rejects(
      withGuardedGlobals(() => Promise.reject(new Error("bug"))),
      /bug/,
    );
    const after = [Date, setTimeout, Math.random, performance.now, crypto.randomUUID, fetch];
    assert.deepEqual(after, before);
    assert.ok(Date.now() > 0);
    assert.equal(randomBytes(4).length, 4);
  });

  test("a computed date is no clock, and the scheduler drains", async () => {
    await withGuardedGlobals(async () => {
      assert.equal(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
      assert.ok(new Date(0) instanceof Date);
      const scheduler = new SimScheduler();
      let isDone = false;
      scheduler.schedule(1, () => {
        void Promise.resolve().then(() => (isDone = true));
      });
      await scheduler.advanceAndDrain(2);
      assert.ok(isDone);
    });
  });
});
