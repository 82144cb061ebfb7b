/**
 * Watchers that do not read, or read slowly, beside thousands that do (B19, W1 to W4, W9, W11).
 *
 * A watcher is stuck behind a relay that stops to carry bytes, as one whose process hangs: its
 * connection stays open and nothing is acknowledged. `QUORATE_WATCH_MEBIBYTES` sets how much is
 * written past it; with less the heap has not got its size before it is measured. @default 192
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { connect, WatchCompactedError, type Client } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { within } from "../support/deadline.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { Crowd, percentile } from "./watchers-crowd.ts";

const mebibyte = 1024 * 1024;
const writtenMebibytes = Number(process.env["QUORATE_WATCH_MEBIBYTES"] ?? "192");
const valueBytes = 64 * 1024;
const writeCount = (writtenMebibytes * mebibyte) / valueBytes;
const parallelWrites = 4;
const crowdSize = 2_000;
const beats = 15;
/** W11: within so many milliseconds the last of thousands in one process knows, if not delayed. */
const promptMaxMillis = 100;
/** The same for half of the times, on a machine with other work. */
const calmMaxMillis = 250;
/** While values of 64 KiB are written as fast as they go, and afterwards: nine times of ten. */
const busyMaxMillis = 500;
/** How much later it may be than in calm, where the machine is too busy for that. */
const busyRatioMax = 5;
/** Memory beyond that of a run in which nobody is stuck: buffers, and what a heap varies by. */
const growthMaxMebibytes = 48;
const stuckCount = 4;
/** A stream takes what waits up to 1 MiB, and what is handed to it at once, 1 MiB and a row. */
const bufferedMaxBytes = stuckCount * (2 * mebibyte + 2 * valueBytes);

describe("watchers that do not read", { skip: quorateMissing }, () => {
  let cluster: ClusterProcesses;
  let writer: Client;
  let endpoint: string;

  before(async () => {
    if (quorateMissing !== false) return;
    // A short log in memory: what grows is then not the log.
    cluster = await ClusterProcesses.start(3, {
      flags: ["--snapshot-count=200", "--snapshot-catchup-entries=50"],
    });
    endpoint = cluster.member(0).endpoint;
    writer = connect({ endpoints: [endpoint] });
    // The store and the heap get their size before anything is measured.
    await fill(writer, "warm", writeCount / 8);
  });

  after(async () => {
    if (quorateMissing !== false) return;
    writer.close();
    await cluster.close();
  });

  async function beatsOf(crowd: Crowd, name: string): Promise<readonly number[]> {
    const times: number[] = [];
    for (let beat = 0; beat < beats; beat += 1) {
      times.push(await crowd.beat(writer, `${name}-${beat}`, cluster.members));
    }
    return times;
  }

  test("cost bounded memory, delay nobody and get all of it later (B19, W11)", async () => {
    const { pid } = cluster.member(0);
    await using crowd = await Crowd.start(endpoint, "beat", crowdSize, 4);
    // The same with nobody stuck: the heap has then grown to what the writes need.
    await Promise.all([fill(writer, "free", writeCount), beatsOf(crowd, "free")]);
    const before = anonymousMebibytes(pid);
    const calm = await beatsOf(crowd, "calm");
    await using stuck = await StuckWatchers.start(endpoint, stuckCount, "bulk/");
    const fallbacks = await metricOf(endpoint, "quorate_watch_fallbacks_total");
    stuck.hold();
    const filling = fill(writer, "bulk", writeCount);
    const busy = await beatsOf(crowd, "busy");
    const revisions = await filling;
    const buffered = await metricOf(endpoint, "quorate_watch_buffered_bytes");
    const fallen = (await metricOf(endpoint, "quorate_watch_fallbacks_total")) - fallbacks;
    const growth = anonymousMebibytes(pid) - before;
    const after = await beatsOf(crowd, "after");
    const late = [calm, busy, after].map((times) => {
      return [0, 0.5, 0.9].map((part) => percentile(times, part).toFixed(0)).join("/");
    });
    console.log(
      `${crowdSize} told in ${late.join(", ")} ms (0/50/90 %; calm, busy, after)` +
        `, ${growth.toFixed(0)} MiB memory, ${(buffered / mebibyte).toFixed(1)} MiB buffered ` +
        `for ${writtenMebibytes} MiB unread by ${stuckCount}, ${fallen} fallen back`,
    );
    const busyLimit = Math.max(busyMaxMillis, busyRatioMax * percentile(calm, 0.9));
    assert.ok(percentile(calm, 0) < promptMaxMillis, "W11: an event comes at once");
    assert.ok(percentile(calm, 0.5) < calmMaxMillis, "W11: events come at once");
    assert.ok(percentile(busy, 0.9) < busyLimit, "W11: stuck ones and writes delay others");
    assert.ok(percentile(after, 0) < promptMaxMillis, "W11: stuck ones delay others");
    assert.ok(percentile(after, 0.9) < busyLimit, "W11: stuck ones delay others");
    assert.ok(buffered > 0 && buffered < bufferedMaxBytes, `W11: ${buffered} bytes wait`);
    assert.ok(fallen >= stuckCount, `W11: ${fallen} watchers went back to the store`);
    assert.ok(growth < growthMaxMebibytes, `B19: ${growth} MiB more`);
    stuck.release();
    for (const told of await stuck.told(revisions.length)) assert.deepEqual(told, revisions);
    assert.equal(await metricOf(endpoint, "quorate_watch_buffered_bytes"), 0);
  });

  test("that read in small sips get all, in order (W1 to W4)", async () => {
    await using slow = await StuckWatchers.start(endpoint, 1, "sips/");
    const sips = setInterval(() => {
      slow.release();
      setImmediate(() => slow.hold());
    }, 20);
    const revisions = await fill(writer, "sips", writeCount / 16);
    clearInterval(sips);
    slow.release();
    assert.deepEqual(await slow.told(revisions.length), [revisions]);
  });

  test("and that compaction overtakes are told so, without a gap before it (W9, C40)", async () => {
    await using stuck = await StuckWatchers.start(endpoint, 1, "gone/");
    stuck.hold();
    const revisions = await fill(writer, "gone", writeCount / 4);
    const newest = revisions.at(-1) ?? 0;
    await writer.compact(newest);
    stuck.release();
    const [{ told, error } = { told: [], error: undefined }] = await stuck.ends();
    assert.ok(error instanceof WatchCompactedError, `ended by ${String(error)}`);
    assert.equal(error.compactRevision, newest);
    assert.ok(told.length < revisions.length, "it did not get what was compacted");
    assert.deepEqual(told, revisions.slice(0, told.length), "W3: no gap");
    assert.ok(error.startRevision > (told.at(-1) ?? 0));
    console.log(`${told.length} of ${revisions.length} events came before the compaction`);
  });
});

/** Writes distinct revisions of a few large keys; returns the revisions in order. */
async function fill(client: Client, prefix: string, count: number): Promise<readonly number[]> {
  const value = Buffer.alloc(valueBytes, prefix);
  const revisions: number[] = [];
  let next = 0;
  const writeOn = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const { revision } = await client.put(`${prefix}/${next % 16}`, value);
      revisions.push(revision);
    }
  };
  await Promise.all(Array.from({ length: parallelWrites }, writeOn));
  return revisions.sort((one, other) => one - other);
}

async function metricOf(endpoint: string, name: string): Promise<number> {
  const signal = AbortSignal.timeout(10_000);
  const text = await (await fetch(`http://${endpoint}/metrics`, { signal })).text();
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  assert.ok(value !== undefined, `${name} is there`);
  return Number(value);
}

/** Memory that a process has written to, without files that are mapped. */
function anonymousMebibytes(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Watchers with a connection each, all behind one relay. */
class StuckWatchers implements AsyncDisposable {
  readonly #proxy: TcpProxy;
  readonly #clients: readonly Client[];
  readonly #told: readonly number[][];
  readonly #loops: readonly Promise<unknown>[];
  #wanted = Number.POSITIVE_INFINITY;
  readonly #enough: (() => void)[] = [];

  private constructor(proxy: TcpProxy, clients: readonly Client[], prefix: string) {
    this.#proxy = proxy;
    this.#clients = clients;
    this.#told = clients.map(() => []);
    this.#loops = clients.map((client, index) => this.#follow(client, prefix, index));
  }

  static async start(endpoint: string, count: number, prefix: string): Promise<StuckWatchers> {
    const proxy = await TcpProxy.start(Number(endpoint.split(":")[1]));
    const clients = Array.from({ length: count }, () =>
      connect({
        endpoints: [proxy.endpoint],
        // Nobody gives the connection up.
        keepalive: { timeMillis: 600_000 },
      }),
    );
    for (const client of clients) await client.put("stuck", "connects");
    const watchers = new StuckWatchers(proxy, clients, prefix);
    for (const client of clients) await client.watch("stuck").whenCreated();
    return watchers;
  }

  hold(): void {
    this.#proxy.hold();
  }

  release(): void {
    this.#proxy.release();
  }

  /** Waits until each was told so many revisions, and returns them. */
  async told(count: number): Promise<readonly (readonly number[])[]> {
    this.#wanted = count;
    const all = this.#told.map((told, index) => {
      if (told.length >= count) return Promise.resolve();
      return new Promise<void>((resolve) => (this.#enough[index] = resolve));
    });
    await within(120_000, `${count} events at each`, Promise.all(all));
    return this.#told;
  }

  /** Waits until each has ended, and returns what it was told and why it ended. */
  async ends(): Promise<readonly { readonly told: readonly number[]; readonly error: unknown }[]> {
    const errors = await within(120_000, "the end of each", Promise.all(this.#loops));
    return errors.map((error, index) => ({ told: this.#told[index] ?? [], error }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.#loops);
    await this.#proxy[Symbol.asyncDispose]();
  }

  /** Never rejects: resolves to what ended the loop. */
  async #follow(client: Client, prefix: string, index: number): Promise<unknown> {
    const told = this.#told[index] ?? [];
    try {
      for await (const event of client.watch({ prefix })) {
        told.push(event.kv.modRevision);
        if (told.length >= this.#wanted) this.#enough[index]?.();
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
