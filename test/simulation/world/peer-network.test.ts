import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { toMemberId, type MemberId } from "@quorate/raft";
import { SeededRandom, SimClock, SimScheduler } from "@quorate/platform/sim";
import { FrameKind, type PeerHandler, type PeerTransport } from "@quorate/server/member";
import { Coverage } from "../coverage.ts";
import { PeerNetwork } from "./peer-network.ts";
import { calmFaults, drawLinkFaults } from "./peer-network-faults.ts";
import { allPaths, bridge, halves, isolateOne, majorityRing } from "./peer-network-shapes.ts";
import { drawSwizzle, oneWay, type Path } from "./peer-network-shapes.ts";
import { ProcessTimers } from "./process-timers.ts";

const [one, two, three, four, five] = [1n, 2n, 3n, 4n, 5n].map(toMemberId) as [
  MemberId,
  MemberId,
  MemberId,
  MemberId,
  MemberId,
];
const members = [one, two, three, four, five];

class Peer {
  readonly got: string[] = [];
  readonly events: string[] = [];
  readonly timers: ProcessTimers;
  readonly transport: PeerTransport;
  readonly left: string[] = [];
  admission: "known" | "unknown" | "removed" = "known";
  stored: Uint8Array | undefined;
  sinks = 0;

  constructor(world: World, id: MemberId) {
    const clock = new SimClock(world.scheduler);
    this.timers = new ProcessTimers(world.scheduler, clock);
    const { timers } = this;
    this.transport = world.network.join(id, this.#handler(), {
      deliver: (callback) => timers.run(callback),
      isPaused: () => timers.isPaused,
      monotonicMillis: () => clock.monotonicMillis(),
      frameLeaves: (to, kind, payload) => this.left.push(`${to}/${kind}/${text(payload)}`),
    });
    this.transport.setPeers(members.map((memberId) => ({ memberId, peerUrls: [] })));
  }

  send(to: MemberId, what: string, kind: FrameKind = FrameKind.forward): boolean {
    return this.transport.send(to, kind, [Buffer.from(what)]);
  }

  #handler(): PeerHandler {
    return {
      admit: () => this.admission,
      describe: () => Promise.reject(new Error("nobody asks")),
      onFrame: (_from, _kind, payload) => this.got.push(text(payload)),
      onConnected: (id) => this.events.push(`+${id}`),
      onDisconnected: (id) => this.events.push(`-${id}`),
      onRemoved: () => this.events.push("removed"),
      openSnapshot: () => this.#openSnapshot(),
    };
  }

  #openSnapshot(): ReturnType<PeerHandler["openSnapshot"]> {
    this.sinks += 1;
    const pieces: Uint8Array[] = [];
    return {
      begin: () => Promise.resolve(),
      write: (chunk) => {
        pieces.push(chunk);
        return Promise.resolve();
      },
      finish: async (sha256) => {
        const all = Buffer.concat(pieces);
        await Promise.resolve();
        if (!createHash("sha256").update(all).digest().equals(sha256)) throw new Error("digest");
        this.stored = all;
      },
      abort: () => {
        this.events.push("abort");
        return Promise.resolve();
      },
    };
  }
}

class World {
  readonly scheduler = new SimScheduler();
  readonly coverage = new Coverage();
  readonly failures: Error[] = [];
  readonly network: PeerNetwork;

  constructor(seed: bigint = 1n) {
    this.network = new PeerNetwork({
      ...{ scheduler: this.scheduler, random: new SeededRandom(seed), coverage: this.coverage },
      onFailure: (error) => this.failures.push(error),
    });
  }

  faults(kind: string): number {
    return new Map(this.coverage.counts("faults")).get(kind) ?? 0;
  }
}

function pair(seed?: bigint): { world: World; sender: Peer; receiver: Peer } {
  const world = new World(seed);
  const sender = new Peer(world, one);
  const receiver = new Peer(world, two);
  world.scheduler.advance(500);
  assert.deepEqual(sender.events, ["+2"]);
  return { world, sender, receiver };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

const numbers = Array.from({ length: 200 }, (_, i) => String(i));

describe("PeerNetwork: frames", () => {
  test("arrive once and in order on a calm network, seen before they leave", () => {
    const { world, sender, receiver } = pair();
    for (const number of numbers) assert.ok(sender.send(two, number));
    world.scheduler.advance(100);
    assert.deepEqual(receiver.got, numbers);
    assert.equal(sender.left.length, 200);
    assert.equal(sender.send(three, "x"), false, "nobody is there");
  });

  test("raft's are dropped, doubled and overtaken; others never (D4)", () => {
    const { world, sender, receiver } = pair();
    const chaos = { dropProbability: 0.3, duplicateProbability: 0.5, reorderProbability: 0.5 };
    world.network.setLinkFaults(one, two, { ...calmFaults, ...chaos, delayMeanMillis: 5 });
    for (const number of numbers) sender.send(two, number, FrameKind.raft);
    world.scheduler.advance(1_000);
    const got = receiver.got.splice(0);
    assert.ok(new Set(got).size < 180, "some are lost");
    assert.ok(new Set(got).size > 100, "most arrive");
    assert.ok(got.length > new Set(got).size, "some are doubled");
    assert.notDeepEqual(
      got,
      [...got].sort((a, b) => Number(a) - Number(b)),
    );
    for (const number of numbers) sender.send(two, number, FrameKind.request);
    world.scheduler.advance(1_000);
    assert.deepEqual(receiver.got, numbers);
    for (const kind of ["network drop", "network duplicate", "network reorder"]) {
      assert.ok(world.faults(kind) > 0, kind);
    }
  });

  test("none overtakes the promises that a connection begins with (B16)", () => {
    const { world, sender, receiver } = pair();
    const chaos = { reorderProbability: 0.5, spikeProbability: 0.5, spikeMillis: 100 };
    world.network.setLinkFaults(one, two, { ...calmFaults, ...chaos });
    for (let round = 0; round < 20; round += 1) {
      sender.send(two, "promises", FrameKind.promises);
      for (const number of numbers) sender.send(two, number, FrameKind.raft);
      world.scheduler.advance(1_000);
      const [first, ...others] = receiver.got.splice(0);
      assert.equal(first, "promises");
      assert.deepEqual(new Set(others), new Set(numbers), "those that waited arrive, too");
    }
    assert.ok(world.faults("network reorder") > 0);
  });

  test("the same seed plays the same story", () => {
    const play = (seed: bigint): string => {
      const { world, sender, receiver } = pair(seed);
      world.network.setDefaultFaults(drawLinkFaults(new SeededRandom(seed)));
      for (const number of numbers) sender.send(two, number, FrameKind.raft);
      world.scheduler.advance(60_000);
      return receiver.got.join();
    };
    assert.equal(play(7n), play(7n));
    assert.notEqual(play(7n), play(8n));
  });

  test("on a clogged path wait and arrive in order", () => {
    const { world, sender, receiver } = pair();
    world.network.clog([{ from: one, to: two }]);
    for (const number of numbers) sender.send(two, number);
    world.scheduler.advance(2_000);
    assert.deepEqual(receiver.got, []);
    world.network.heal([{ from: one, to: two }]);
    world.scheduler.advance(100);
    assert.deepEqual(receiver.got, numbers);
    assert.deepEqual(sender.events, ["+2"]);
  });

  test("of faults that overlap each ends for itself, unless all is healed (D4)", () => {
    const { world } = pair();
    const { network } = world;
    const path = [{ from: one, to: two }];
    const isOpen = (): boolean => network.isOpen(one, two);
    const mends = [network.cut(path), network.clog(path), network.cut(path)];
    for (const mend of mends) {
      assert.equal(isOpen(), false);
      mend();
      mend();
    }
    assert.equal(isOpen(), true);
    const late = network.cut(path);
    network.heal(path);
    assert.equal(isOpen(), true);
    const next = network.cut(path);
    late();
    assert.equal(isOpen(), false, "what was healed ends nothing of others");
    next();
    assert.equal(isOpen(), true);
  });

  test("are as late as the worst of what burdens their links, and none stays (D4)", () => {
    const { world, sender, receiver } = pair();
    const arrivals = (withinMillis: number): number => {
      const before = receiver.got.length;
      sender.send(two, "x");
      world.scheduler.advance(withinMillis);
      return receiver.got.length - before;
    };
    const endSlow = world.network.worsen({ ...calmFaults, delayMinMillis: 400 });
    const endBrief = world.network.worsen({ ...calmFaults, delayMinMillis: 200 });
    assert.equal(arrivals(300), 0);
    endBrief();
    endBrief();
    world.scheduler.advance(500);
    assert.equal(arrivals(300), 0, "the end of one is not that of the other");
    endSlow();
    world.scheduler.advance(500);
    assert.equal(arrivals(300), 1);
  });

  test("find a paused process when it goes on, in order", () => {
    const { world, sender, receiver } = pair();
    receiver.timers.pause();
    for (const number of numbers) sender.send(two, number);
    world.scheduler.advance(1_500);
    assert.deepEqual(receiver.got, []);
    receiver.timers.goOn();
    sender.send(two, "last");
    world.scheduler.advance(100);
    assert.deepEqual(receiver.got, [...numbers, "last"]);
  });

  test("of a dead process still arrive; those for one do not", () => {
    const { world, sender, receiver } = pair();
    sender.send(two, "testament");
    sender.timers.die();
    world.network.leave(one);
    world.scheduler.advance(100);
    assert.deepEqual(receiver.got, ["testament"]);
    assert.equal(sender.send(two, "ghost"), false);
  });

  test("slow down with the bandwidth", () => {
    const { world, sender, receiver } = pair();
    world.network.setLinkFaults(one, two, { ...calmFaults, bytesPerMilli: 1 });
    sender.send(two, "x".repeat(1_000));
    world.scheduler.advance(900);
    assert.equal(receiver.got.length, 0);
    world.scheduler.advance(200);
    assert.equal(receiver.got.length, 1);
  });
});

describe("PeerNetwork: connections", () => {
  test("a cut is noticed after silence; after healing they connect again (B10)", () => {
    const { world, sender, receiver } = pair();
    world.network.cut([{ from: one, to: two }]);
    assert.ok(sender.send(two, "lost"));
    world.scheduler.advance(1_500);
    assert.deepEqual(sender.events, ["+2"]);
    world.scheduler.advance(1_500);
    assert.deepEqual(sender.events, ["+2", "-2"]);
    assert.deepEqual(receiver.events, ["+1"], "the other direction stays");
    world.network.healAll();
    world.scheduler.advance(1_000);
    assert.deepEqual(sender.events, ["+2", "-2", "+2"]);
    sender.send(two, "found");
    world.scheduler.advance(100);
    assert.deepEqual(receiver.got, ["found"]);
  });

  test("half-open ones look alive and deliver nothing until pings fail (B10)", () => {
    const { world, sender, receiver } = pair();
    assert.equal(world.network.halfOpen(one, two), true);
    assert.ok(sender.send(two, "lost"));
    world.scheduler.advance(1_500);
    assert.deepEqual(sender.events, ["+2"]);
    world.scheduler.advance(1_500);
    assert.deepEqual(receiver.got, []);
    assert.deepEqual(sender.events, ["+2", "-2", "+2"]);
    world.scheduler.advance(10_000);
    assert.deepEqual(world.failures, []);
    assert.deepEqual(world.coverage.counts("promises"), [["B10", 1]]);
    assert.equal(world.network.halfOpen(one, four), false, "nobody is there");
  });

  test("half-open ones of a process that stands still have more time (B10, B12)", () => {
    const { world, sender } = pair();
    world.network.halfOpen(one, two);
    sender.timers.pause();
    world.scheduler.advance(9_000);
    sender.timers.goOn();
    world.scheduler.advance(3_000);
    assert.deepEqual(sender.events, ["+2", "-2", "+2"]);
    assert.deepEqual(world.failures, []);
  });

  test("a reset loses what is on the way and tells the sender", () => {
    const { world, sender, receiver } = pair();
    sender.send(two, "lost");
    world.network.reset(one, two);
    assert.equal(sender.send(two, "refused"), false);
    world.scheduler.advance(1_000);
    assert.deepEqual(receiver.got, []);
    assert.deepEqual(sender.events, ["+2", "-2", "+2"]);
  });

  test("a killed peer is noticed at once, one without power by silence", () => {
    for (const isSilent of [false, true]) {
      const { world, sender, receiver } = pair();
      receiver.timers.die();
      world.network.leave(two, isSilent);
      world.scheduler.advance(100);
      assert.equal(sender.events.length, isSilent ? 1 : 2);
      world.scheduler.advance(8_000);
      assert.deepEqual(sender.events, ["+2", "-2"]);
      const again = new Peer(world, two);
      world.scheduler.advance(1_000);
      assert.deepEqual(sender.events, ["+2", "-2", "+2"]);
      sender.send(two, "hello");
      world.scheduler.advance(100);
      assert.deepEqual(again.got, ["hello"]);
    }
  });

  test("a removed member is told, an unknown one is not let in (M3)", () => {
    const world = new World();
    const receiver = new Peer(world, two);
    receiver.admission = "removed";
    const sender = new Peer(world, one);
    world.scheduler.advance(300);
    assert.ok(sender.events.includes("removed"));
    receiver.admission = "unknown";
    world.scheduler.advance(300);
    assert.equal(sender.send(two, "x"), false);
    sender.transport.setPeers([]);
    receiver.admission = "known";
    world.scheduler.advance(300);
    assert.ok(!sender.events.includes("+2"), "it dials nobody any more");
  });

  for (const isCut of [false, true]) {
    const when = isCut ? "once it can be reached" : "at once";
    test(`a member that is removed while it is connected is told ${when} (M3)`, () => {
      const { world, sender, receiver } = pair();
      if (isCut) world.network.cut([{ from: two, to: one }]);
      receiver.admission = "removed";
      receiver.transport.setPeers([]);
      world.scheduler.advance(100);
      assert.equal(sender.events.includes("removed"), !isCut);
      sender.send(two, "late");
      world.network.healAll();
      world.scheduler.advance(3_000);
      assert.ok(sender.events.includes("removed"));
      assert.deepEqual(receiver.got, []);
    });
  }

  test("a process that was paused for long has lost its connections (B12)", () => {
    const { world, sender } = pair();
    sender.timers.pause();
    world.scheduler.advance(15_000);
    assert.deepEqual(sender.events, ["+2"]);
    sender.timers.goOn();
    world.scheduler.advance(1_000);
    assert.deepEqual(sender.events, ["+2", "-2", "+2"]);
  });

  test("outside a core what is broken stays broken (D9)", () => {
    const { world, sender, receiver } = pair();
    world.network.cut(allPaths(members));
    world.network.healCore([one, three]);
    world.network.healAll();
    world.network.heal(allPaths(members));
    assert.ok(world.network.isOpen(one, three));
    assert.ok(!world.network.isOpen(one, two));
    sender.send(two, "lost");
    world.scheduler.advance(20_000);
    assert.deepEqual(receiver.got, []);
  });
});

describe("PeerNetwork: shapes (D4)", () => {
  const random = new SeededRandom(5n);
  const seenBy = (paths: readonly Path[], to: MemberId): readonly MemberId[] =>
    members.filter((from) => !paths.some((path) => path.from === from && path.to === to));

  test("isolate, halves, bridge", () => {
    assert.deepEqual(seenBy(isolateOne(members, three), three), [three]);
    const sizes = members.map((member) => seenBy(halves(members, new SeededRandom(5n)), member));
    assert.deepEqual(new Set(sizes.map(({ length }) => length)), new Set([2, 3]));
    const paths = bridge(members, four, random);
    for (const member of members) {
      assert.equal(seenBy(paths, member).length, member === four ? 5 : 3);
    }
  });

  test("a majority ring: everybody sees another majority", () => {
    for (const size of [4, 5, 6, 7, 9]) {
      const ids = Array.from({ length: size }, (_, i) => toMemberId(BigInt(i + 1)));
      const paths = majorityRing(ids, random);
      const seen = ids.map((to) =>
        ids.filter((from) => !paths.some((path) => path.from === from && path.to === to)),
      );
      for (const some of seen) assert.ok(some.length * 2 > size, `${some.length} of ${size}`);
      assert.equal(new Set(seen.map((some) => some.join())).size, size);
    }
    assert.equal(majorityRing([one, two, three], random).length, 3);
  });

  test("one way of each pair, and a swizzle that mends what it breaks", () => {
    assert.equal(oneWay(members, random).length, 10);
    const { world, sender, receiver } = pair();
    const { breaks, mends } = drawSwizzle(members, random);
    assert.notDeepEqual(breaks, mends);
    for (const path of breaks) world.network.cut([path]);
    assert.ok(breaks.every(({ from, to }) => !world.network.isOpen(from, to)));
    for (const path of mends) world.network.heal([path]);
    for (const { from, to } of allPaths(members)) assert.ok(world.network.isOpen(from, to));
    sender.send(two, "through");
    world.scheduler.advance(100);
    assert.deepEqual(receiver.got, ["through"]);
  });
});

describe("PeerNetwork: snapshots", () => {
  const state = new SeededRandom(3n).nextBytes(10_000);

  async function* chunks(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    for (let at = 0; at < state.length; at += 4_000) yield state.subarray(at, at + 4_000);
  }

  async function stream(
    { world, sender }: { readonly world: World; readonly sender: Peer },
    disturb: (at: number) => unknown = () => undefined,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<unknown> {
    let outcome: unknown = "open";
    const snapshot = { message: Buffer.from("mark"), sizeBytes: state.length, chunks: chunks() };
    sender.transport.sendSnapshot(two, snapshot, signal).then(
      () => (outcome = "sent"),
      (error: unknown) => (outcome = String(error)),
    );
    for (let at = 0; at < 200_000 && outcome === "open"; at += 5) {
      disturb(at);
      await world.scheduler.advanceAndDrain(5);
    }
    return outcome;
  }

  test("arrive whole", async () => {
    const peers = pair();
    assert.equal(await stream(peers), "sent");
    assert.deepEqual(new Uint8Array(peers.receiver.stored ?? []), state);
  });

  test("damaged ones are refused, cut ones leave nothing", async () => {
    for (const fault of ["snapshotCorruptProbability", "snapshotCutProbability"] as const) {
      const peers = pair();
      peers.world.network.setLinkFaults(one, two, { ...calmFaults, [fault]: 1 });
      assert.match(String(await stream(peers)), /Cannot send snapshot/);
      assert.equal(peers.receiver.stored, undefined);
      assert.deepEqual(peers.world.failures, []);
    }
  });

  test("a receiver that takes a damaged one fails the run (B7)", async () => {
    const peers = pair();
    peers.world.network.setLinkFaults(one, two, { ...calmFaults, snapshotCorruptProbability: 1 });
    const { receiver } = peers;
    const trusting = peers.world.network.join(
      two,
      {
        describe: () => Promise.reject(new Error("nobody asks")),
        ...{ admit: () => "known", onFrame: () => undefined, onConnected: () => undefined },
        ...{ onDisconnected: () => undefined, onRemoved: () => undefined },
        openSnapshot: () => ({
          begin: () => Promise.resolve(),
          write: () => Promise.resolve(),
          finish: () => Promise.resolve(),
          abort: () => Promise.resolve(),
        }),
      },
      {
        deliver: (callback) => receiver.timers.run(callback),
        isPaused: () => false,
        monotonicMillis: () => 0,
      },
    );
    await stream(peers);
    await trusting.close();
    assert.match(String(peers.world.failures[0]), /B7/);
  });

  test("end with the signal, a reset, a death; stall with a cut", async () => {
    const controller = new AbortController();
    const cancelled = await stream(
      pair(),
      (at) => at === 5 && controller.abort(),
      controller.signal,
    );
    assert.match(String(cancelled), /cancelled/);
    const reset = pair();
    const broken = await stream(reset, (at) => at === 5 && reset.world.network.reset(one, two));
    assert.match(String(broken), /reset/);
    assert.ok(reset.receiver.events.includes("abort"));
    const dead = pair();
    const orphan = await stream(dead, (at) => {
      if (at !== 5) return;
      dead.receiver.timers.die();
      dead.world.network.leave(two);
    });
    assert.match(String(orphan), /died/);
    const stalled = pair();
    const late = await stream(stalled, (at) => {
      if (at === 5) stalled.world.network.cut([{ from: two, to: one }]);
      if (at === 5_000) stalled.world.network.healAll();
    });
    assert.equal(late, "sent");
    const forgotten = pair();
    const lost = await stream(
      forgotten,
      (at) => at === 5 && forgotten.world.network.halfOpen(one, two),
    );
    assert.match(String(lost), /answer/);
    const tookMillis = forgotten.world.scheduler.nowMillis - 500;
    assert.ok(tookMillis > 10_000 && tookMillis < 12_000, `${tookMillis} (B10)`);
    assert.ok(forgotten.receiver.events.includes("abort"));
    const silent = pair();
    const given = await stream(silent, (at) => {
      if (at === 5) silent.world.network.cut([{ from: one, to: two }]);
    });
    assert.match(String(given), /closed|answer/);
    assert.ok(silent.receiver.events.includes("abort"));
  });

  test("are given up by a receiver whose sender has stopped (B12)", async () => {
    const peers = pair();
    const { scheduler } = peers.world;
    const beginMillis = scheduler.nowMillis;
    let abortMillis = 0;
    const outcome = await stream(peers, (at) => {
      if (at === 5) peers.sender.timers.pause();
      if (peers.receiver.events.includes("abort"))
        abortMillis ||= scheduler.nowMillis - beginMillis;
      if (at === 20_000) peers.sender.timers.goOn();
    });
    assert.ok(abortMillis > 10_000 && abortMillis < 11_000, `${abortMillis} ms`);
    assert.match(String(outcome), /answer/);
  });
});
