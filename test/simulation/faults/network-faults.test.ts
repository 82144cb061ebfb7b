import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SeededRandom } from "@quorate/platform/sim";
import { Coverage } from "../coverage.ts";
import { drawFaults } from "../plan/draw-faults.ts";
import { drawPlan } from "../plan/draw-plan.ts";
import type { FaultKind, FaultPlan } from "../plan/fault-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { calmFaults } from "../world/peer-network-faults.ts";
import { allPaths } from "../world/peer-network-shapes.ts";
import { runPlan } from "../run-plan.ts";
import { World } from "../world/world.ts";
import { Injector } from "./injector.ts";

const lasting: readonly FaultKind[] = [
  ...(["isolate", "split", "bridge", "ring", "one-way", "swizzle", "clog", "flap"] as const),
  "cut-clients",
];

/** Five machines that nobody has started: only their networks matter here. */
function createWorld(seed: bigint): World {
  const plan: Plan = { ...drawPlan(seed, "reads"), members: 5, faults: [], network: calmFaults };
  const world = new World(plan, new Coverage(), []);
  for (const { address } of world.machines) world.clients.link("c1", address);
  return world;
}

/** What is closed, at some times while faults come and go. */
function closedLinks(seed: bigint, faults: readonly FaultPlan[]): readonly ReadonlySet<string>[] {
  const world = createWorld(seed);
  const injector = new Injector(world, faults);
  const look = (): ReadonlySet<string> => {
    const members = allPaths(world.present.map(({ memberId }) => memberId))
      .filter(({ from, to }) => !world.peers.isOpen(from, to))
      .map(({ from, to }) => `${from}>${to}`);
    const clients = world.machines
      .filter(({ address }) => world.clients.link("c1", address).toClient.isCut)
      .map(({ address }) => address);
    return new Set([...members, ...clients]);
  };
  const looks = Array.from({ length: 80 }, () => {
    world.scheduler.advance(97);
    return look();
  });
  injector.stop();
  return [...looks, look()];
}

function drawOverlapping(seed: bigint): readonly FaultPlan[] {
  const frame = { members: 5, faultyMillis: 6_000, gapMillis: 400, kinds: lasting };
  const faults = drawFaults(new SeededRandom(seed), frame);
  // The leader is another one when nobody runs, or nobody at all.
  return faults.map((fault) =>
    "target" in fault ? { ...fault, target: Number(seed) % 5 } : fault,
  );
}

describe("Faults of networks", () => {
  test("that overlap end for themselves: each is whole, whatever else is left out", () => {
    let busiest = 0;
    for (let seed = 1n; seed <= 12n; seed += 1n) {
      const faults = drawOverlapping(seed);
      const all = closedLinks(seed, faults);
      const alone = faults.map((fault) => closedLinks(seed, [fault]));
      for (const [at, closed] of all.entries()) {
        const expected = new Set(alone.flatMap((looks) => [...(looks[at] ?? [])]));
        const busy = alone.filter((looks) => (looks[at]?.size ?? 0) > 0).length;
        busiest = Math.max(busiest, busy);
        assert.deepEqual([...closed].sort(), [...expected].sort(), `seed ${seed}, look ${at}`);
      }
      assert.equal(all.at(-1)?.size, 0, "at the end everything is mended");
    }
    assert.ok(busiest >= 3, `${busiest} at once`);
  });

  test("a short clog inside an isolation does not end it", () => {
    const isolate = { kind: "isolate", atMillis: 1_000, forMillis: 6_000, target: 0 } as const;
    const clog = { kind: "clog", atMillis: 2_000, forMillis: 100, target: 0 } as const;
    const world = createWorld(1n);
    const [one, other] = world.present;
    assert.ok(one !== undefined && other !== undefined);
    const injector = new Injector(world, [isolate, clog]);
    const isOpen = (): boolean => world.peers.isOpen(one.memberId, other.memberId);
    world.scheduler.advance(2_500);
    assert.equal(isOpen(), false);
    world.scheduler.advance(4_400);
    assert.equal(isOpen(), false, "for its 6 s");
    world.scheduler.advance(200);
    assert.equal(isOpen(), true);
    injector.stop();
  });

  test("all machines on one side: nothing is cut and nothing is counted", () => {
    const world = createWorld(1n);
    const injector = new Injector(world, [
      { kind: "split", atMillis: 0, forMillis: 100, sides: 0 },
      { kind: "bridge", atMillis: 0, forMillis: 100, target: 0, sides: 31 },
    ]);
    world.scheduler.advance(50);
    assert.equal(world.activeFaults, 0);
    assert.deepEqual(
      world.coverage.counts("faults").filter(([kind]) => kind === "network cut"),
      [],
    );
    injector.stop();
  });

  test("half-open connections are noticed in time, by members and by clients (B10)", async () => {
    const plan: Plan = {
      ...{ ...drawPlan(3n, "reads"), members: 3, network: calmFaults, faultyMillis: 8_000 },
      faults: [
        { kind: "half-open", atMillis: 2_000, target: "leader", direction: "both" },
        { kind: "half-open-clients", atMillis: 2_500, target: "leader" },
        { kind: "half-open", atMillis: 6_000, target: "leader", direction: "from" },
      ],
    };
    const { failure, coverage } = await runPlan(plan);
    assert.equal(failure?.message, undefined);
    const faults = new Map(coverage.faults);
    assert.deepEqual([faults.get("half-open"), faults.get("half-open-clients")], [2, 1]);
    assert.equal(faults.get("network half-open"), 6);
    assert.ok((faults.get("client connection half-open") ?? 0) > 0);
    // Clients that have no calls need not look.
    const noticed = new Map(coverage.promises).get("B10") ?? 0;
    assert.ok(noticed > 6, `${noticed} were noticed`);
  });

  test("connections that nobody has break in no way", () => {
    const world = createWorld(1n);
    const kinds = ["reset", "reset-clients", "half-open-clients"] as const;
    const injector = new Injector(world, [
      ...kinds.map((kind) => ({ kind, atMillis: 0, target: 0 })),
      { kind: "half-open", atMillis: 0, target: 0, direction: "both" },
    ]);
    world.scheduler.advance(50);
    assert.deepEqual(world.coverage.counts("faults"), []);
    injector.stop();
  });
});
