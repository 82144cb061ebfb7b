import assert from "node:assert/strict";
import { AlarmRequestAlarmAction, AlarmType, services } from "@quorate/api";
import { until } from "../../support/deadline.ts";
import type { Scenario } from "../differential/scenario.ts";
import { compareWithTool } from "./etcdctl.ts";

const scenario = compareWithTool();
const formats = ["simple", "json", "fields", "table"];

scenario("member list in every format", async (_s, ctl) => {
  for (const format of formats) {
    assert.equal((await ctl.run("member", "list", "-w", format)).code, 0);
  }
});

scenario("endpoint health, of the endpoint and of the whole cluster", async (_s, ctl) => {
  for (const format of formats) {
    await ctl.run("endpoint", "health", "-w", format);
    assert.equal((await ctl.run("endpoint", "health", "--cluster", "-w", format)).code, 0);
  }
});

scenario("endpoint status in every format", async (s, ctl) => {
  for (const format of formats) {
    const { code, stdout } = await s.quietly(
      async () => await ctl.run("endpoint", "status", "-w", format),
    );
    assert.equal(code, 0);
    if (format === "json") {
      const [{ Status: status }] = JSON.parse(stdout);
      s.note(
        "status",
        Object.keys(status).filter((name) => name !== "storageVersion"),
      );
      assert.ok(status.dbSize > 0 && status.leader > 0);
    }
    if (format === "table") {
      s.note(
        "heading",
        stdout
          .split("\n")[1]
          ?.split("|")
          .map((cell) => cell.trim()),
      );
    }
    if (format === "simple") {
      // Endpoint, id, version, size, leader, learner, term, index, applied index, errors.
      const cells = stdout.trim().split(",");
      s.note("status", [cells.length, cells[4], cells[5], cells.at(-1)]);
    }
  }
});

scenario("endpoint hashkv", async (_s, ctl) => {
  for (const format of ["json", "fields"]) {
    assert.equal((await ctl.run("endpoint", "hashkv", "-w", format)).code, 0);
    await ctl.run("endpoint", "hashkv", "--rev", "r+0", "-w", format);
  }
  await ctl.run("endpoint", "hashkv", "--rev", "r+9");
});

scenario("defrag", async (_s, ctl) => {
  assert.equal((await ctl.run("defrag")).code, 0);
});

scenario("maintenance of the members that the cluster names itself", async (s, ctl) => {
  await s.range("a");
  for (const args of [
    ["endpoint", "status", "--cluster"],
    ["endpoint", "hashkv", "--cluster"],
    ["defrag", "--cluster"],
  ]) {
    // The client of etcd 3.4 sends the whole URL, scheme included, as ":authority" in these calls.
    const { code, stderr } = await s.quietly(async () => await ctl.run(...args));
    assert.equal(code, 0, stderr);
    s.note(args.join(" "), code);
  }
});

scenario("lease grant, timetolive, list, keep-alive and revoke in every format", async (s, ctl) => {
  for (const format of ["simple", "json", "fields"]) {
    const lease = await ctl.grant(600);
    await ctl.run("put", s.key("a"), "1", "--lease", lease);
    await ctl.run("lease", "list", "-w", format);
    await ctl.run("lease", "keep-alive", "--once", lease, "-w", format);
    for (const flags of [[], ["--keys"]]) {
      const { stdout } = await s.quietly(
        async () => await ctl.run("lease", "timetolive", lease, ...flags, "-w", format),
      );
      // Between the two answers a second may begin.
      assert.match(stdout, /(?<!\d)(599|600)(?!\d)/);
      const shape = ctl.normal(stdout.replaceAll(/(?<!\d)599(?!\d)/g, "600")).split("\n");
      s.note(`timetolive ${flags.join(" ")}`, shape);
    }
    await ctl.run("lease", "revoke", lease, "-w", format);
    await ctl.run("get", s.key("a"));
    await ctl.run("lease", "timetolive", lease, "-w", format);
  }
});

scenario("lease commands with unknown leases and bad ids", async (_s, ctl) => {
  assert.equal((await ctl.run("lease", "revoke", "7fffffff")).code, 1);
  assert.equal((await ctl.run("lease", "timetolive", "7fffffff", "--keys")).code, 0);
  assert.equal((await ctl.run("lease", "keep-alive", "--once", "7fffffff")).code, 2);
  assert.equal((await ctl.run("lease", "grant")).code, 128);
  assert.equal((await ctl.run("lease", "grant", "x")).code, 128);
  assert.equal((await ctl.run("lease", "revoke", "not-hex")).code, 128);
  assert.equal((await ctl.run("lease", "grant", "9000000001")).code, 1);
});

scenario("lease keep-alive goes on until the lease is gone", async (s, ctl) => {
  const lease = await ctl.grant(2);
  await using renewing = ctl.start("lease", "keep-alive", lease);
  await renewing.output(/(keepalived[^]*){3}/);
  await s.quietly(async () => await ctl.run("lease", "revoke", lease));
  const { code, stdout } = await renewing.end();
  s.note("keep-alive", { code, last: ctl.normal(stdout).trim().split("\n").at(-1) });
  assert.match(stdout, /expired or revoked/);
});

scenario("alarm list and disarm, without and with an alarm", async (s, ctl) => {
  await ctl.run("alarm", "list");
  await ctl.run("alarm", "disarm");
  const memberId = s.store.memberId;
  const { ACTIVATE } = AlarmRequestAlarmAction;
  const request = { action: ACTIVATE, alarm: AlarmType.NOSPACE, memberId };
  // Simple output alone: etcdctl 3.4 ends in a panic when it prints the fields of its own server's
  // answer, which has no header.
  await s.quietly(async () => await s.call(services.maintenance.alarm, request));
  assert.equal((await ctl.run("put", s.key("a"), "1")).code, 1);
  await ctl.run("alarm", "list");
  await ctl.run("endpoint", "health");
  await ctl.run("alarm", "disarm");
  assert.equal((await ctl.run("put", s.key("a"), "1")).code, 0);
});

/** Waits until the scenario has so many keys. */
async function keyCount(s: Scenario, count: number): Promise<void> {
  await until(20_000, `${count} keys`, async () =>
    s.succeeds(await s.all()).count === count ? true : undefined,
  );
}

scenario("lock runs its command with the lock, and gives it back", async (s, ctl) => {
  const script = 'echo "held $(echo $ETCD_LOCK_KEY | cut -d/ -f1,2)"; exit 3';
  await ctl.run("lock", s.key("name"), "sh", "-c", script);
  await ctl.run("get", s.key("name"), "--prefix");
});

scenario("lock: the second holder waits for the first, and for its death too", async (s, ctl) => {
  await using first = ctl.start("lock", s.key("name"), "--ttl", "3");
  await first.output(/\n/);
  await using second = ctl.start("lock", s.key("name"), "--ttl", "3");
  await using third = ctl.start("lock", s.key("name"), "--ttl", "3");
  // Each waiter stands in the queue with a key.
  await s.quietly(async () => await keyCount(s, 3));
  assert.equal(second.stdout + third.stdout, "");
  first.signal("SIGINT");
  assert.notEqual((await first.end()).stdout, "");
  const next = await Promise.race([
    second.output(/\n/).then(() => second),
    third.output(/\n/).then(() => third),
  ]);
  const last = next === second ? third : second;
  assert.equal(last.stdout, "");
  // Killed, it cannot unlock: its lease has to run out.
  next.signal("SIGKILL");
  await last.output(/\n/);
  last.signal("SIGINT");
  await last.end();
  s.note("keys left", s.succeeds(await s.quietly(async () => await s.all())).count);
});

scenario("elect: one leads, the next follows; listen tells both", async (s, ctl) => {
  await using observer = ctl.start("elect", "--listen", s.key("name"));
  await using first = ctl.start("elect", s.key("name"), "one");
  await first.output(/one/);
  await observer.output(/one/);
  await using second = ctl.start("elect", s.key("name"), "two");
  await s.quietly(async () => await keyCount(s, 2));
  assert.equal(second.stdout, "");
  first.signal("SIGINT");
  await second.output(/two/);
  await observer.output(/two/);
  second.signal("SIGINT");
  await second.end();
  observer.signal("SIGINT");
  await observer.end();
  s.note("keys left", s.succeeds(await s.quietly(async () => await s.all())).count);
});

scenario("make-mirror copies what is there and what comes", async (s, ctl) => {
  await s.quietly(async () => {
    for (const key of ["a", "b", "c"]) await s.put(`from/${key}`, key);
  });
  const { endpoint } = s.store.cluster.member(0);
  const args = ["--prefix", s.key("from/"), "--dest-prefix", s.key("to/"), endpoint];
  await using mirror = ctl.start("make-mirror", ...args);
  const copied = async (wanted: string): Promise<void> => {
    await s.quietly(async () => {
      await until(20_000, `${wanted} in the mirror`, async () => {
        const { kvs } = s.succeeds(await s.range("to/", { end: s.endOf("to/") }));
        const names = kvs.map(({ key }) => Buffer.from(key).toString().slice(s.key("to/").length));
        return names.join("") === wanted ? true : undefined;
      });
    });
  };
  await copied("abc");
  await s.quietly(async () => await s.put("from/d", "d"));
  await copied("abcd");
  await s.quietly(async () => await s.delete("from/a"));
  await copied("bcd");
  mirror.signal("SIGINT");
  await mirror.end();
  s.note("mirrored", true);
});
