/**
 * One of three members killed where it enters a file operation, under load, as a leader or as a
 * follower: the others serve on, it starts again by itself, and nothing that was acknowledged is
 * lost (B1, P4, P5, P7, P8, V1, C6, C8, C25 to C27, C33).
 *
 * By default at a few kinds of operations; `QUORATE_KILL_SEED` repeats their choice. With
 * `QUORATE_KILL_EVERY=1` at every kind, in both parts.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, EtcdError, type Client } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import type { MemberProcess } from "../support/member-process.ts";
import { straceMissing, straceWrapper } from "../support/strace.ts";
import {
  checkAll,
  describeRun,
  lead,
  leaderOf,
  Load,
  outageMillisMax,
  serviceAfter,
} from "./kill-checks.ts";
import { drawChoices, drawSome } from "./kill-draw.ts";
import { loadSites, lookAt, type Site } from "./kill-sites.ts";
import { RealTime, type WriterRecord } from "./writers.ts";

const isExhaustive = process.env["QUORATE_KILL_EVERY"] === "1";
const timeout = isExhaustive ? 3_600_000 : 170_000;
const skip = quorateMissing || straceMissing;
const drawnSites = 5;
/** How long a member may live on before it comes to its site. */
const lifeMillisMax = 30_000;
/** Small files and short intervals: all of a life in a second or two. */
const flags = [
  ...["--snapshot-count=40", "--snapshot-catchup-entries=10", "--wal-segment-bytes=16384"],
  "--backend-batch-interval=20ms",
];

type Part = "leader" | "follower";

describe("one of three killed where it enters a file operation", { skip }, () => {
  test("under load, while the others serve on", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const kills = new Kills(cluster);
    for (const { site, part } of chosenSites()) {
      await kills.killAt(cluster.member(2), site, part);
    }
    kills.report();
  });
});

function chosenSites(): readonly { readonly site: Site; readonly part: Part }[] {
  const parts: readonly Part[] = ["leader", "follower"];
  if (isExhaustive) return loadSites.flatMap((site) => parts.map((part) => ({ site, part })));
  const random = drawChoices("of three");
  return drawSome(random, drawnSites, loadSites.length).flatMap((index) => {
    const site = loadSites[index];
    const part = parts[random.nextInt(parts.length)] ?? "leader";
    return site === undefined ? [] : [{ site, part }];
  });
}

/** One cluster through many deaths, and what was acknowledged in all of them. */
class Kills {
  readonly #cluster: ClusterProcesses;
  readonly #realTime = new RealTime();
  readonly #records: WriterRecord[] = [];
  readonly #outages: number[] = [];
  /** First revision that no compaction may have removed. */
  #firstRevision = 1;

  constructor(cluster: ClusterProcesses) {
    this.#cluster = cluster;
  }

  /** One life of a member up to a site; then its next, and a look at everything. */
  async killAt(victim: MemberProcess, site: Site, part: Part): Promise<void> {
    const others = this.#cluster.members.filter((member) => member !== victim);
    // In good order and in silence: what it missed would come as a state, by other operations.
    await victim.stop();
    const paths = site.paths(await lookAt(victim.dataDirectory));
    const injection = { call: site.call, paths, when: String(site.nth), what: "signal=KILL" };
    victim.launch({ wrapper: straceWrapper(injection) });
    const state = await this.#live(victim, others, part);
    const end = await victim.ended(lifeMillisMax).catch(() => undefined);
    const log = victim.lifeLog.slice(-5).join("\n");
    assert.equal(end?.signal, "SIGKILL", `a ${part} comes to ${site.name}:\n${log}`);
    await victim.start();
    await checkAll(this.#cluster, this.#records, this.#firstRevision);
    const outage = Math.round(this.#outages.at(-1) ?? 0);
    console.log(`killed ${state} at ${site.name}: service after ${outage} ms`);
  }

  /** What the run did; judges how long service was away. */
  report(): void {
    const longest = Math.max(...this.#outages);
    console.log(describeRun(this.#records, { kills: this.#outages.length, longest }));
    assert.ok(longest < outageMillisMax, `service was away for ${longest} ms (V1)`);
  }

  /** Returns as what the member was killed. */
  async #live(
    victim: MemberProcess,
    others: readonly MemberProcess[],
    part: Part,
  ): Promise<string> {
    const ended = victim.ended(2 * lifeMillisMax).then(
      () => true,
      () => true,
    );
    const isReady = await Promise.race([
      victim.logged(/ready to serve client requests/).then(
        () => true,
        () => false,
      ),
      ended.then(() => false),
    ]);
    if (isReady) await Promise.race([ended, this.#take(part, victim, others)]);
    const state = victim.isRunning ? `as a ${part}` : "in its start";
    const name = `.${this.#outages.length}`;
    await using load = new Load(this.#cluster.endpoints, this.#realTime, name);
    if (isReady) await this.#work(victim, others, ended);
    this.#outages.push(await serviceAfter(others));
    this.#records.push(...(await load.end()));
    return state;
  }

  /** Makes the victim what it is to be when it dies. */
  async #take(
    part: Part,
    victim: MemberProcess,
    [other = victim]: readonly MemberProcess[],
  ): Promise<void> {
    try {
      if (part === "leader") await lead(this.#cluster, victim);
      else if ((await leaderOf(this.#cluster)) === victim) await lead(this.#cluster, other);
    } catch (error) {
      // It was killed on the way.
      if (victim.isRunning) throw error;
    }
  }

  /** All that a member does to its files, until it ends or should have. */
  async #work(
    victim: MemberProcess,
    others: readonly MemberProcess[],
    ended: Promise<boolean>,
  ): Promise<void> {
    await using client = connect({ endpoints: others.map(({ endpoint }) => endpoint) });
    await using own = connect({ endpoints: [victim.endpoint] });
    const end = performance.now() + lifeMillisMax;
    while (victim.isRunning && performance.now() < end) {
      await Promise.race([ended, tolerant(this.#round(client, own))]);
    }
  }

  async #round(client: Client, own: Client): Promise<void> {
    await this.#fill(client, 60);
    const { revision } = await client.getAll({ prefix: "" });
    // Before it is asked for: an unknown outcome may be one.
    this.#firstRevision = Math.max(this.#firstRevision, revision - 20);
    await client.compact(revision - 20, { deadlineMillis: 5_000 });
    await this.#fill(client, 30);
    await own.maintenance.defragment({}, { deadlineMillis: 5_000 });
  }

  async #fill(client: Client, count: number): Promise<void> {
    for (let write = 0; write < count; write += 1) {
      const { revision } = await client.put("filler", "x".repeat(300), { deadlineMillis: 5_000 });
      this.#realTime.note(revision, 0, "filler");
    }
  }
}

/** A client that a death surprises goes on; what it does not know it has noted nowhere. */
async function tolerant(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
  }
}
