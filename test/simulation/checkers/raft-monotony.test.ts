import assert from "node:assert/strict";
import { test } from "node:test";
import { SimFileSystem } from "@quorate/platform/sim";
import type { MemberId } from "@quorate/raft";
import { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { CheckFailure } from "./check-failure.ts";
import { claimingProcess, one, statusOf, three, two } from "./durability-fixture.ts";
import { RaftMonotony } from "./raft-monotony.ts";

/** Three members, each on its machine. */
class Bench {
  readonly monotony: RaftMonotony = new RaftMonotony(new Coverage(), 16);
  readonly disks: ReadonlyMap<MemberId, SimFileSystem> = new Map(
    [one, two, three].map((id) => [id, new SimFileSystem()]),
  );
  readonly #running = new Map<MemberId, ObservedProcess>();

  constructor() {
    for (const id of this.disks.keys()) this.restart(id);
  }

  restart(id: MemberId): void {
    const old = this.#running.get(id);
    if (old !== undefined) this.monotony.ended(old);
    const claims = { status: statusOf(id), appliedIndex: 0, revision: 1, hash: "" };
    const process = claimingProcess(id, claims, this.disks.get(id), (old?.life ?? 0) + 1);
    this.#running.set(id, process);
    this.monotony.started(process, process.status());
  }

  /** Puts a disk back to what it was. */
  deceive(id: MemberId): void {
    const disk = this.disks.get(id);
    disk?.restore(disk.image());
  }
}

function isSecondVote(error: unknown): boolean {
  assert.ok(error instanceof CheckFailure, String(error));
  return error.promise === "votes";
}

test("a member that restarts votes for nobody else in a term (C8)", () => {
  const bench = new Bench();
  const { monotony } = bench;
  monotony.votes(one, 3, two);
  monotony.votes(one, 3, two);
  monotony.votes(one, 4, three);
  bench.restart(one);
  assert.throws(() => monotony.votes(one, 3, three), isSecondVote);
});

test("nor does one whose disk has forgotten its vote, while who got it remembers (B16)", () => {
  const bench = new Bench();
  bench.monotony.votes(one, 3, two);
  bench.restart(one);
  bench.deceive(one);
  bench.restart(one);
  assert.throws(() => bench.monotony.votes(one, 3, three), isSecondVote);
});

test("a vote that nobody remembers is forgiven to a disk that forgot it, to no other", () => {
  const bench = new Bench();
  bench.monotony.votes(one, 3, two);
  bench.restart(two);
  assert.throws(() => bench.monotony.votes(one, 3, three), isSecondVote);
  bench.deceive(one);
  bench.restart(one);
  bench.monotony.votes(one, 3, three);
  assert.throws(() => bench.monotony.votes(one, 3, two), isSecondVote, "it is told of this one");
});
