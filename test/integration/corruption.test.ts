/**
 * Bits that flip in the files of one member of three (B6, B7, C7, C14, C36): it refuses to start
 * with a sentence that says where, or it is mended by the others; a row of its database that does
 * not match its checksum ends it before it is answered or sent. The cluster serves meanwhile, what
 * was acknowledged stays, and a member that is removed and added anew holds what the others hold.
 *
 * What was seen: damage in the log is refused wherever it is, since the records behind testify that
 * it had been durable. A received state is refused by its SHA-256; the member then needs a new
 * directory and a new id. LMDB believes its pages' inner tables: damage there is found at every
 * start, but while a member runs it may end the process by a signal, without a sentence.
 *
 * `QUORATE_CORRUPT_ROUNDS` sets how often pages are damaged, 3 times by default.
 */
import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect, ServerError } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess, ProcessEnd } from "../support/member-process.ts";
import { straceMissing, straceWrapper } from "../support/strace.ts";
import {
  assertRefusedStart,
  databaseOf,
  describeDamagedEnd,
  flip,
  flipAll,
  flipInPlace,
} from "./corruption-damage.ts";
import { AcknowledgedRows, rowValue } from "./corruption-rows.ts";
import {
  checkAll,
  hashesOf,
  leaderOf,
  Load,
  namesOfState,
  outageMillisMax,
  serviceAfter,
  statusOf,
} from "./kill-checks.ts";
import { drawChoices } from "./kill-draw.ts";
import { lookAt } from "./kill-sites.ts";
import type { WriterRecord } from "./writers.ts";

const flags = ["--snapshot-count=40", "--snapshot-catchup-entries=10"];
const rounds = Number(process.env["QUORATE_CORRUPT_ROUNDS"] ?? "3");
const corruptRow = /Cannot read database .*version \d+\.0 does not match its checksum; remove this/;

describe("flipped bits", { skip: quorateMissing }, () => {
  test("in the middle of a log: refused, not cut (B6)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    const rows = await written(cluster, 20);
    const member = cluster.member(0);
    await member.kill();
    const [segment = ""] = (await lookAt(member.dataDirectory)).segments;
    const damaged = await flip(segment, (bytes) => bytes.indexOf("value-7-"));
    const said = await refusal(member);
    assert.match(said, /^quorate: Cannot .*\.wal.*(crc|checksum|offset)/i);
    assert.deepEqual(await readFile(segment), damaged, "nothing was cut or mended");
    await othersServe(cluster, member, rows);
  });

  test("at the end of a log: refused, or refetched (B6)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    const rows = await written(cluster, 20);
    const member = cluster.member(0);
    await member.kill();
    const [segment = ""] = (await lookAt(member.dataDirectory)).segments;
    await flip(segment, (bytes) => bytes.lastIndexOf("value-19-"));
    member.launch();
    const isReady = await startsOrEnds(member);
    console.log(`damage at the end of the log: ${isReady ? "refetched" : "refused"}`);
    if (isReady) {
      await checkAll(cluster, []);
      await rows.assertAt(member);
    } else assert.match(member.lifeLog.at(-1) ?? "", /^quorate: Cannot .*\.wal/);
    await othersServe(cluster, member, rows);
  });

  test("in a received state: never installed (B7)", { timeout: 120_000, skip: straceMissing }, () =>
    damageReceived(),
  );

  test("in a value of the database: refused at start (B7)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const rows = await written(cluster, 100);
    const member = cluster.member(0);
    const id = await idOf(member);
    await member.stop();
    await flipAll(databaseOf(member), "value-7-");
    assert.match(await refusal(member), corruptRow);
    await othersServe(cluster, member, rows);
    await replace(cluster, member, id, rows);
  });

  test("in a value while a leader serves: never answered (B7)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const rows = await written(cluster, 100);
    const member = await leaderOf(cluster);
    const id = await idOf(member);
    await flipAll(databaseOf(member), "value-7-");
    await using client = connect({ endpoints: [member.endpoint] });
    await until(20_000, "a read that is not answered", async () => {
      const answer = await client.get("key/7", { deadlineMillis: 10_000 }).catch(() => undefined);
      // Until the commit is over the row is read from memory.
      if (answer !== undefined) assert.equal(answer.text(), rowValue("7"));
      return answer === undefined ? true : undefined;
    });
    await endsBySentence(member, corruptRow);
    await othersServe(cluster, member, rows);
    await replace(cluster, member, id, rows);
  });

  test("in a value of a leader that sends its state: not sent (B7)", { timeout: 120_000 }, () =>
    damageSender(),
  );

  test("in any page of a member under load: never wrong (B7)", { timeout: 170_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const rows = await written(cluster, 200);
    const member = cluster.member(0);
    const random = drawChoices("pages");
    const records: WriterRecord[] = [];
    const results: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const id = await idOf(member);
      const load = new Load(cluster.endpoints, undefined, `-${round}`);
      await flipInPlace(databaseOf(member), random);
      const isAnswered = await rows.readThrough(member);
      records.push(...(await load.end()));
      const end = await restartDamaged(cluster, member, rows);
      const isSound = end === undefined;
      results.push(`${isAnswered ? "answered" : "did not answer"}, ${end ?? "nothing in use"}`);
      await othersServe(cluster, member, rows);
      if (!isSound) await replace(cluster, member, id, rows);
    }
    console.log(`damaged pages: ${results.join("; ")}`);
    await checkAll(cluster, records);
  });
});

/** A leader whose database is damaged sends its state to a member that is far behind. */
async function damageSender(): Promise<void> {
  await using cluster = await ClusterProcesses.start(3, { flags });
  const rows = await written(cluster, 20);
  const leader = await leaderOf(cluster);
  const id = await idOf(leader);
  const behind = cluster.members.find((member) => member !== leader);
  assert.ok(behind);
  await behind.kill();
  await rows.write(cluster, 200);
  await flipAll(databaseOf(leader), "value-7-");
  await behind.start();
  await endsBySentence(leader, corruptRow);
  await othersServe(cluster, leader, rows);
  await replace(cluster, leader, id, rows);
}

/**
 * Starts a damaged member again; returns how it ended before or then. Undefined when it serves: it
 * then holds what the others hold.
 */
async function restartDamaged(
  cluster: ClusterProcesses,
  member: MemberProcess,
  rows: AcknowledgedRows,
): Promise<string | undefined> {
  const end = await member.kill();
  // It may have been on its way when it was killed.
  if (end.signal !== "SIGKILL") return describeDamagedEnd(end, member.lifeLog);
  member.launch();
  if (!(await startsOrEnds(member))) {
    assertRefusedStart(await member.ended(), member.lifeLog);
    return "refused to start";
  }
  const hashes = await hashesOf(cluster, await revisionOf(cluster));
  assert.equal(new Set(hashes).size, 1, `hashes differ: ${hashes.join()}`);
  await rows.assertAt(member);
  return undefined;
}

async function endsBySentence(member: MemberProcess, wanted: RegExp): Promise<void> {
  const { code } = await member.ended();
  const log = member.lifeLog.slice(-10).join("\n");
  assert.equal(code, 1, log);
  const said = member.lifeLog.find((line) => line.includes("cannot go on safely")) ?? "";
  assert.match(said.replaceAll("\\", ""), wanted, log);
}

/** A member is killed when a state is there under its name, and a bit of it flips. */
async function damageReceived(): Promise<void> {
  await using cluster = await ClusterProcesses.start(3, { flags });
  const member = cluster.member(2);
  const id = await idOf(member);
  await member.kill();
  const rows = await written(cluster, 200);
  const directory = join(member.dataDirectory, "member/snap");
  const names = await namesOfState(await leaderOf(cluster));
  const injection = { call: "ftruncate", paths: names.map((name) => join(directory, name)) };
  const wrapper = straceWrapper({ ...injection, when: "1", what: "signal=KILL" });
  member.launch({ wrapper });
  const end = await member.ended().catch(() => undefined);
  const log = member.lifeLog.slice(-10).join("\n");
  assert.equal(end?.signal, "SIGKILL", `it comes to take the checksum off ${names[0]}:\n${log}`);
  const name = (await readdir(directory)).find((each) => each.endsWith(".snap.db")) ?? "";
  await flip(join(directory, name), (bytes) => bytes.indexOf("value-7-"));
  const said = await refusal(member);
  assert.match(said, /^quorate: Cannot .*\.snap\.db.*SHA-256/);
  await othersServe(cluster, member, rows);
  await replace(cluster, member, id, rows);
}

/** What an operator does with a damaged member: a new one on the same address, from nothing. */
async function replace(
  cluster: ClusterProcesses,
  member: MemberProcess,
  id: bigint,
  rows: AcknowledgedRows,
): Promise<void> {
  await member.stop();
  const others = cluster.members.filter((each) => each !== member);
  await using client = connect({ endpoints: others.map(({ endpoint }) => endpoint) });
  const options = { deadlineMillis: 20_000 };
  await rows.put(client, "replaced");
  const peerUrls = [`http://${member.host}:${member.peerPort}`];
  await onceHealthy(() => client.cluster.memberRemove({ id }, options));
  await onceHealthy(() => client.cluster.memberAdd({ peerUrls }, options));
  await rm(member.dataDirectory, { recursive: true });
  await member.start({ flags: ["--initial-cluster-state=existing"] });
  await checkAll(cluster, []);
  await rows.assertAt(member);
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

/** So many acknowledged rows. */
async function written(cluster: ClusterProcesses, count: number): Promise<AcknowledgedRows> {
  const rows = new AcknowledgedRows();
  await rows.write(cluster, count);
  return rows;
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

async function othersServe(
  cluster: ClusterProcesses,
  member: MemberProcess,
  rows: AcknowledgedRows,
): Promise<void> {
  const others = cluster.members.filter((each) => each !== member);
  const outage = await serviceAfter(others);
  assert.ok(outage < outageMillisMax, `service was away for ${outage} ms (V1)`);
  for (const other of others) await rows.assertAt(other);
}

async function revisionOf(cluster: ClusterProcesses): Promise<number> {
  await using client = connect({ endpoints: [cluster.member(1).endpoint] });
  return (await client.getAll({ prefix: "key/" })).revision;
}
