import assert from "node:assert/strict";
import { test } from "node:test";
import { noopLogger } from "@quorate/platform";
import { SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";
import type { AutoCompaction } from "../src/config/options.ts";
import { AutoCompactor } from "../src/member/auto-compactor.ts";

function start(policy: AutoCompaction): {
  readonly scheduler: SimScheduler;
  readonly target: { isLeader: boolean; currentRevision: number };
  readonly compacted: string[];
  readonly compactor: AutoCompactor;
} {
  const scheduler = new SimScheduler();
  const compacted: string[] = [];
  const target = {
    isLeader: true,
    currentRevision: 1,
    compact: (revision: number) => {
      compacted.push(`${scheduler.nowMillis / 60_000}m:${revision}`);
      return Promise.resolve();
    },
  };
  const compactor = new AutoCompactor(policy, target, {
    clock: new SimClock(scheduler),
    timers: new SimTimers(scheduler),
    logger: noopLogger,
  });
  return { scheduler, target, compacted, compactor };
}

test("AutoCompactor periodic compacts to the revision of one retention ago", () => {
  const policy = { mode: "periodic", retentionMillis: 30 * 60_000 } as const;
  const { scheduler, target, compacted } = start(policy);
  for (let minute = 0; minute < 100; minute += 1) {
    target.currentRevision += 10;
    scheduler.advance(60_000);
  }
  assert.deepEqual(compacted, ["33m:31", "63m:331", "93m:631"]);
});

test("AutoCompactor revision keeps the newest revisions, every five minutes, on the leader", () => {
  const { scheduler, target, compacted } = start({ mode: "revision", retentionRevisions: 100 });
  target.currentRevision = 90;
  scheduler.advance(5 * 60_000);
  target.currentRevision = 500;
  scheduler.advance(5 * 60_000);
  target.isLeader = false;
  scheduler.advance(5 * 60_000);
  assert.deepEqual(compacted, ["10m:400"]);
});

test("AutoCompactor off does nothing, and a closed one neither", () => {
  const off = start({ mode: "off" });
  off.scheduler.advance(1e9);
  const closed = start({ mode: "revision", retentionRevisions: 1 });
  closed.target.currentRevision = 100;
  closed.compactor.close();
  closed.scheduler.advance(1e9);
  assert.deepEqual([...off.compacted, ...closed.compacted], []);
});
