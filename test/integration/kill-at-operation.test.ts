/**
 * A member killed where it enters a file operation, at every kind of operation that its life has:
 * it starts again by itself, and nothing that was acknowledged is lost (B1, P4, P5, P7, P8, C26,
 * C27, C33).
 *
 * By default once at each kind. `QUORATE_KILL_EVERY=1` kills at the first operation of a kind, then
 * at the second and so on, until a life ends before it comes to one.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, EtcdError, type Client } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import type { MemberProcess, ProcessEnd } from "../support/member-process.ts";
import { straceMissing, straceWrapper } from "../support/strace.ts";
import { checkAll, describeRun, Load } from "./kill-checks.ts";
import { firstStartSites, leftOverSite, loadSites, lookAt, type Site } from "./kill-sites.ts";
import { RealTime, type WriterRecord } from "./writers.ts";

const isExhaustive = process.env["QUORATE_KILL_EVERY"] === "1";
const timeout = isExhaustive ? 3_600_000 : 240_000;
const skip = quorateMissing || straceMissing;
/** Small files and short intervals: all of a life in a second or two. */
const flags = [
  ...["--snapshot-count=40", "--snapshot-catchup-entries=10", "--wal-segment-bytes=16384"],
  "--backend-batch-interval=20ms",
];

describe("a lone member killed where it enters a file operation", { skip }, () => {
  test("in its first start", { timeout }, async () => {
    if (isExhaustive) {
      for (const site of firstStartSites) {
        for (let nth = 1; nth < 100; nth += 1) {
          await using cluster = await ClusterProcesses.create(1, { flags });
          const lives = new Lives(cluster);
          if (!(await lives.killAt({ ...site, nth }))) break;
          await lives.finish();
        }
      }
      return;
    }
    await using cluster = await ClusterProcesses.create(1, { flags });
    const lives = new Lives(cluster);
    for (const site of firstStartSites) {
      assert.ok(await lives.killAt(site), `a first start comes to ${site.name}`);
    }
    await lives.finish();
  });

  test("in a start, under load, in maintenance", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(1, { flags });
    await cluster.member(0).stop();
    const lives = new Lives(cluster);
    const sites = loadSites.flatMap((site) => {
      // The death in the middle of it leaves what the next start removes.
      return site.name === "fdatasync prepared segment" ? [site, leftOverSite] : [site];
    });
    for (const site of sites) {
      if (!isExhaustive) {
        assert.ok(await lives.killAt(site), `a life comes to ${site.name}`);
        continue;
      }
      for (let nth = 1; nth < 100; nth += 1) {
        if (!(await lives.killAt({ ...site, nth }))) break;
      }
    }
    await lives.finish();
  });
});

/** The lives of one member on one data directory, and what was acknowledged in all of them. */
class Lives {
  readonly #cluster: ClusterProcesses;
  readonly #member: MemberProcess;
  readonly #realTime = new RealTime();
  readonly #records: WriterRecord[] = [];
  /** First revision that no compaction may have removed. */
  #firstRevision = 1;
  #lives = 0;
  #kills = 0;

  constructor(cluster: ClusterProcesses) {
    this.#cluster = cluster;
    this.#member = cluster.member(0);
  }

  /** Lives until the member comes to a site and is killed there; false when it does not come. */
  async killAt(site: Site): Promise<boolean> {
    this.#lives += 1;
    const paths = site.paths(await lookAt(this.#member.dataDirectory));
    const injection = { call: site.call, paths, when: String(site.nth), what: "signal=KILL" };
    this.#member.launch({ wrapper: straceWrapper(injection) });
    const { signal } = await this.#live();
    const isKilled = signal === "SIGKILL";
    if (isKilled) this.#kills += 1;
    return isKilled;
  }

  /** Starts the member without a fault and checks everything. */
  async finish(): Promise<void> {
    await this.#cluster.startAll();
    await checkAll(this.#cluster, this.#records, this.#firstRevision);
    const kills = { lives: this.#lives, kills: this.#kills };
    console.log(describeRun(this.#records, kills));
  }

  /** From the start of a process to its end, which it finds on its way or in good order. */
  async #live(): Promise<ProcessEnd> {
    const ended = this.#member.ended(60_000);
    const isReady = await Promise.race([
      this.#member.logged(/ready to serve client requests/).then(
        () => true,
        () => false,
      ),
      ended.then(() => false),
    ]);
    if (!isReady) return ended;
    await Promise.race([ended, this.#checkStarted()]);
    await using load = new Load([this.#member.endpoint], this.#realTime, `.${this.#lives}`);
    await using client = connect({ endpoints: [this.#member.endpoint] });
    await Promise.race([ended, this.#work(client)]);
    this.#records.push(...(await load.end()));
    return await this.#member.stop();
  }

  /** What earlier lives acknowledged is there, unless this one ends before it can be asked. */
  async #checkStarted(): Promise<void> {
    const records = [...this.#records];
    try {
      await checkAll(this.#cluster, records, this.#firstRevision);
    } catch (error) {
      if (this.#member.isRunning && !(error instanceof EtcdError)) throw error;
    }
  }

  /** All that a member does to its files under load. */
  async #work(client: Client): Promise<void> {
    try {
      for (let round = 0; round < 2; round += 1) {
        await this.#fill(client, 60);
        const { revision } = await client.getAll({ prefix: "" });
        this.#firstRevision = Math.max(this.#firstRevision, revision - 20);
        await client.compact(revision - 20, { deadlineMillis: 5_000 });
        await this.#fill(client, 30);
        await client.maintenance.defragment({}, { deadlineMillis: 5_000 });
      }
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      // It ends, or it has: the caller waits for that.
      await this.#member.ended();
    }
  }

  async #fill(client: Client, count: number): Promise<void> {
    for (let write = 0; write < count; write += 1) {
      const { revision } = await client.put("filler", "x".repeat(300), { deadlineMillis: 5_000 });
      this.#realTime.note(revision, 0, "filler");
    }
  }
}
