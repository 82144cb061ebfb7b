/**
 * Bits that flip in the files of one member of three (B6, B7, C7, C14, C36): it refuses to start
 * with a sentence that says where, or it is mended by the others, or, for values in the database,
 * whose pages have no checksums, comparing `HashKV` tells. The cluster serves meanwhile and what
 * was acknowledged stays.
 *
 * What was seen: damage in the log is refused wherever it is, since the records behind testify that
 * it had been durable. A received state is refused by its SHA-256; the member then needs a new
 * directory and a new id. A damaged page of the database is served as it is: reads of that member
 * alone are wrong, linearizable ones included, until hashes are compared.
 *
 * `QUORATE_CORRUPT_PAGES` sets how many pages are damaged one after the other, 4 by default.
 */
import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect, ServerError } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess, ProcessEnd } from "../support/member-process.ts";
import { straceMissing, straceWrapper } from "../support/strace.ts";
import {
  checkAll,
  hashesOf,
  leaderOf,
  namesOfState,
  outageMillisMax,
  serviceAfter,
  statusOf,
} from "./kill-checks.ts";
import { drawChoices } from "./kill-draw.ts";
import { lookAt } from "./kill-sites.ts";

const flags = ["--snapshot-count=40", "--snapshot-catchup-entries=10"];
const pageBytes = 4096;
/** Pages that are damaged one after the other. */
const pages = Number(process.env["QUORATE_CORRUPT_PAGES"] ?? "4");

describe("flipped bits", { skip: quorateMissing }, () => {
  test("in the middle of a log: refused, not cut (B6)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    await write(cluster, 20);
    const member = cluster.member(0);
    await member.kill();
    const [segment = ""] = (await lookAt(member.dataDirectory)).segments;
    const damaged = await flip(segment, (bytes) => bytes.indexOf("value-7-"));
    const said = await refusal(member);
    assert.match(said, /^quorate: Cannot .*\.wal.*(crc|checksum|offset)/i);
    assert.deepEqual(await readFile(segment), damaged, "nothing was cut or mended");
    await othersServe(cluster, member);
  });

  test("at the end of a log: refused, or refetched (B6)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    await write(cluster, 20);
    const member = cluster.member(0);
    await member.kill();
    const [segment = ""] = (await lookAt(member.dataDirectory)).segments;
    await flip(segment, (bytes) => bytes.lastIndexOf("value-19-"));
    member.launch();
    const isReady = await startsOrEnds(member);
    console.log(`damage at the end of the log: ${isReady ? "refetched" : "refused"}`);
    if (isReady) await checkAll(cluster, []);
    else assert.match(member.lifeLog.at(-1) ?? "", /^quorate: Cannot .*\.wal/);
    await othersServe(cluster, member);
  });

  test("in a received state: never installed (B7)", { timeout: 120_000, skip: straceMissing }, () =>
    damageReceived(),
  );

  test("in a value of the database: HashKV tells (B7)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    await write(cluster, 100);
    const member = cluster.member(0);
    await member.stop();
    await flip(join(member.dataDirectory, "member/snap/db"), (bytes) => bytes.indexOf("value-7-"));
    await member.start();
    const hashes = await hashesOf(cluster, await revisionOf(cluster));
    assert.equal(hashes[1], hashes[2], "the others agree");
    assert.notEqual(hashes[0], hashes[1], "the damaged one does not");
    await othersServe(cluster, member);
    await replace(cluster, member);
  });

  test("in any page of the database: no hang, no spread (B7)", { timeout: 170_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    await write(cluster, 200);
    const member = cluster.member(0);
    await member.stop();
    const database = join(member.dataDirectory, "member/snap/db");
    const whole = `${database}.whole`;
    await copyFile(database, whole);
    const random = drawChoices("pages");
    const results: string[] = [];
    for (let round = 0; round < pages; round += 1) {
      await copyFile(whole, database);
      const page = random.nextInt(Math.floor((await stat(whole)).size / pageBytes));
      await flip(database, () => page * pageBytes + random.nextInt(pageBytes));
      member.launch();
      const isReady = await startsOrEnds(member);
      results.push(`page ${page}: ${isReady ? "starts" : "ends"}`);
      if (isReady) {
        const hashes = await hashesOf(cluster, await revisionOf(cluster)).catch(() => []);
        assert.equal(hashes[1], hashes[2], "the others agree");
        results.push(hashes[0] === hashes[1] ? "same hash" : "told by the hash");
      }
      await member.kill();
    }
    console.log(results.join(", "));
    await othersServe(cluster, member);
    await copyFile(whole, database);
    await member.start();
    await checkAll(cluster, []);
  });
});

/** A member is killed when a state is there under its name, and a bit of it flips. */
async function damageReceived(): Promise<void> {
  await using cluster = await ClusterProcesses.start(3, { flags });
  const member = cluster.member(2);
  const id = await idOf(member);
  await member.kill();
  await write(cluster, 200);
  const directory = join(member.dataDirectory, "member/snap");
  const names = await namesOfState(await leaderOf(cluster));
  const injection = { call: "ftruncate", paths: names.map((name) => join(directory, name)) };
  const wrapper = straceWrapper({ ...injection, when: "1", what: "signal=KILL" });
  member.launch({ wrapper });
  assert.equal((await member.ended()).signal, "SIGKILL", "it comes to take the checksum off");
  const name = (await readdir(directory)).find((each) => each.endsWith(".snap.db")) ?? "";
  await flip(join(directory, name), (bytes) => bytes.indexOf("value-7-"));
  const said = await refusal(member);
  assert.match(said, /^quorate: Cannot .*\.snap\.db.*SHA-256/);
  await othersServe(cluster, member);
  await replace(cluster, member, id);
}

/** What an operator does with a damaged member: a new one on the same address, from nothing. */
async function replace(
  cluster: ClusterProcesses,
  member: MemberProcess,
  damagedId?: bigint,
): Promise<void> {
  const id = damagedId ?? (await idOf(member));
  await member.stop();
  const others = cluster.members.filter((each) => each !== member);
  await using client = connect({ endpoints: others.map(({ endpoint }) => endpoint) });
  const options = { deadlineMillis: 20_000 };
  await client.put("key/replaced", `value-0-x`, options);
  const peerUrls = [`http://${member.host}:${member.peerPort}`];
  await onceHealthy(() => client.cluster.memberRemove({ id }, options));
  await onceHealthy(() => client.cluster.memberAdd({ peerUrls }, options));
  await rm(member.dataDirectory, { recursive: true });
  await member.start({ flags: ["--initial-cluster-state=existing"] });
  await checkAll(cluster, []);
}

/** Changes of members are refused until all that are left have been connected for a while. */
async function onceHealthy(change: () => Promise<unknown>): Promise<void> {
  await until(20_000, "a healthy cluster", async () => {
    try {
      await change();
      return true;
    } catch (error) {
      if (error instanceof ServerError && error.code === "unhealthy-cluster") return undefined;
      throw error;
    }
  });
}

async function idOf(member: MemberProcess): Promise<bigint> {
  return (await statusOf(member)).header?.memberId ?? 0n;
}

async function write(cluster: ClusterProcesses, count: number): Promise<void> {
  const running = cluster.members.filter(({ isRunning }) => isRunning);
  await using client = connect({ endpoints: running.map(({ endpoint }) => endpoint) });
  for (let at = 0; at < count; at += 1) {
    await client.put(`key/${at}`, `value-${at}-${"x".repeat(200)}`, { deadlineMillis: 20_000 });
  }
}

/** Flips the lowest bit of one byte; returns the file as it is then. */
async function flip(path: string, find: (bytes: Buffer) => number): Promise<Buffer> {
  const bytes = await readFile(path);
  const at = find(bytes);
  assert.ok(at >= 0 && at < bytes.length, `there is something to damage in ${path}`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  return bytes;
}

/** Starts a member that must not start; returns what it says last. */
async function refusal(member: MemberProcess): Promise<string> {
  member.launch();
  const { code } = await member.ended();
  assert.equal(code, 1, `it refuses:\n${member.lifeLog.join("\n")}`);
  return member.lifeLog.at(-1) ?? "";
}

/** True when a member becomes ready, false when it ends; one of both within the deadline. */
async function startsOrEnds(member: MemberProcess): Promise<boolean> {
  const ended = member.ended(60_000).then((end: ProcessEnd) => {
    assert.ok(end.code !== 0, "it does not end as if all were well");
    return false;
  });
  const ready = member.logged(/ready to serve client requests/, 60_000).then(() => true);
  return await Promise.race([ended, ready.catch(() => ended)]);
}

async function othersServe(cluster: ClusterProcesses, member: MemberProcess): Promise<void> {
  const others = cluster.members.filter((each) => each !== member);
  const outage = await serviceAfter(others);
  assert.ok(outage < outageMillisMax, `service was away for ${outage} ms (V1)`);
  await using client = connect({ endpoints: others.map(({ endpoint }) => endpoint) });
  const { kvs } = await client.getAll({ prefix: "key/" });
  for (const kv of kvs) assert.match(kv.text(), /^value-\d+-x+$/);
}

async function revisionOf(cluster: ClusterProcesses): Promise<number> {
  await using client = connect({ endpoints: [cluster.member(1).endpoint] });
  return (await client.getAll({ prefix: "key/" })).revision;
}
