import assert from "node:assert/strict";
import { createHash, generateKeySync, randomBytes, randomFill } from "node:crypto";
import { spawn } from "node:child_process";
import { lookup } from "node:dns";
import { createWriteStream, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { get } from "node:http";
import { connect, createServer, isIP, Socket } from "node:net";
import { freemem, uptime } from "node:os";
import { performance as hooked } from "node:perf_hooks";
import { describe, test } from "node:test";
import { setTimeout as later } from "node:timers";
import { scheduler as realScheduler, setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { deflateSync, gzip } from "node:zlib";
import { SimScheduler } from "@quorate/platform/sim";
import { ForbiddenGlobalError, guardGlobals, withGuardedGlobals } from "./globals-guard.ts";

const here = new URL(import.meta.url);
const nothing = (): void => undefined;

const uses: Readonly<Record<string, () => unknown>> = {
  "new Date": () => new Date(),
  "new Date by its prototype": () => Reflect.construct(new Date(0).constructor, []),
  "Date.now": () => Date.now(),
  "Intl.DateTimeFormat": () => new Intl.DateTimeFormat().format(),
  "Intl.DateTimeFormat parts": () => new Intl.DateTimeFormat().formatToParts(),
  "Math.random": () => Math.random(),
  setTimeout: () => setTimeout(nothing, 0),
  setInterval: () => setInterval(nothing, 1),
  setImmediate: () => setImmediate(nothing),
  "performance.now": () => performance.now(),
  "performance.timeOrigin": () => performance.timeOrigin,
  "performance.eventLoopUtilization": () => hooked.eventLoopUtilization(),
  "process.hrtime": () => process.hrtime(),
  "process.hrtime.bigint": () => process.hrtime.bigint(),
  "process.uptime": () => process.uptime(),
  "process.cpuUsage": () => process.cpuUsage(),
  "process.memoryUsage": () => process.memoryUsage(),
  "process.memoryUsage.rss": () => process.memoryUsage.rss(),
  WeakRef: () => new WeakRef({}),
  "Atomics.wait": () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
  MessageChannel: () => new MessageChannel(),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "crypto.subtle": () => crypto.subtle.digest("SHA-256", new Uint8Array(1)),
  "node:crypto randomBytes": () => randomBytes(1),
  "node:crypto randomFill": () => randomFill(new Uint8Array(1), nothing),
  "node:crypto generateKeySync": () => generateKeySync("hmac", { length: 64 }),
  "AbortSignal.timeout": () => AbortSignal.timeout(1),
  fetch: () => fetch("http://127.0.0.1/"),
  "node:timers setTimeout": () => later(nothing, 0),
  "node:timers/promises setTimeout": () => sleep(0),
  "scheduler.wait": () => realScheduler.wait(1),
  "node:fs readFileSync": () => readFileSync(here),
  "node:fs createWriteStream": () => createWriteStream("nowhere"),
  "node:fs/promises readFile": () => readFile(here),
  "node:net connect": () => connect(1),
  "node:net createServer": () => createServer(),
  "net.Socket connect": () => keptSocket.connect(1),
  "node:http get": () => get("http://127.0.0.1/"),
  "node:http2 connect": () => connectHttp2("http://127.0.0.1"),
  "node:dns lookup": () => {
    lookup("localhost", nothing);
  },
  "node:os uptime": () => uptime(),
  "node:os freemem": () => freemem(),
  "node:child_process spawn": () => spawn("true"),
  "node:worker_threads Worker": () => new Worker(here),
  "node:zlib gzip": () => {
    gzip("", nothing);
  },
};

const keptSocket = new Socket();

describe("guardGlobals (D1)", () => {
  for (const [name, use] of Object.entries(uses)) {
    test(`${name} throws, and says who called`, () => {
      const restore = guardGlobals();
      try {
        assert.throws(use, (error: unknown) => {
          assert.ok(error instanceof ForbiddenGlobalError, String(error));
          const [what = ""] = name.split(/ (?:by|parts)/);
          assert.ok(error.message.includes(what), error.message);
          assert.match(error.message, /globals-guard\.test|node:/);
          return true;
        });
      } finally {
        restore();
      }
    });
  }

  test("a timer as a promise is one, too", async () => {
    await withGuardedGlobals(async () => {
      await assert.rejects(async () => promisify(setTimeout)(0), ForbiddenGlobalError);
    });
  });

  test("everything is back afterwards, also after a failure", async () => {
    const functions = (): readonly unknown[] => [
      ...[Date, setTimeout, Math.random, crypto.randomUUID, fetch, WeakRef, process.hrtime],
      ...[performance.now, later, sleep, readFileSync, readFile, connect, uptime, Date.prototype],
      ...[new Date(0).constructor, Intl.DateTimeFormat.prototype.formatToParts, spawn, gzip],
    ];
    const before = functions();
    await assert.rejects(
      withGuardedGlobals(() => Promise.reject(new Error("bug"))),
      /bug/,
    );
    const after = functions();
    assert.ok(before.every((each, i) => each === after[i]));
    assert.ok(Date.now() > 0);
    assert.ok(performance.timeOrigin > 0);
    assert.equal(randomBytes(4).length, 4);
    assert.ok(readFileSync(here).length > 0);
    await sleep(0);
  });

  test("what computes alone goes on", async () => {
    await withGuardedGlobals(async () => {
      assert.equal(isIP("::1"), 6);
      assert.equal(createHash("sha256").update("").digest().length, 32);
      assert.ok(deflateSync("text").length > 0);
      assert.ok(keptSocket instanceof Socket);
      const format = new Intl.DateTimeFormat("en", { timeZone: "UTC" });
      assert.equal(format.format(new Date(0)), "1/1/1970");
      assert.ok((new Error("stack").stack ?? "").includes("globals-guard.test"));
      await Promise.resolve();
    });
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
