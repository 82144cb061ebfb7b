import assert from "node:assert/strict";
import { decodeRangeResponse } from "@quorate/api";
import { until } from "../../support/deadline.ts";
import { compareWithTool, type Etcdctl } from "./etcdctl.ts";
import type { Scenario } from "../differential/scenario.ts";

const scenario = compareWithTool();
const formats = ["simple", "json", "fields"];

async function fill(s: Scenario): Promise<void> {
  await s.quietly(async () => {
    for (const [key, value] of [
      ["b", "2"],
      ["a", "3"],
      ["c", "1"],
      ["a", "4"],
    ] as const) {
      await s.put(key, value);
    }
  });
}

scenario("put, get and del in every output format", async (s, ctl) => {
  for (const format of formats) {
    assert.equal((await ctl.run("put", s.key("a"), "1", "-w", format)).code, 0);
    await ctl.run("put", s.key("a"), "2", "--prev-kv", "-w", format);
    await ctl.run("get", s.key("a"), "-w", format);
    await ctl.run("del", s.key("a"), "--prev-kv", "-w", format);
    await ctl.run("get", s.key("a"), "-w", format);
    await ctl.run("del", s.key("a"), "-w", format);
  }
});

scenario("put takes the value from standard input", async (s, ctl) => {
  await ctl.runWith("from\nstandard input\n", "put", s.key("a"));
  await ctl.run("get", s.key("a"));
});

scenario("put of values that begin with a dash, are empty or not text", async (s, ctl) => {
  await ctl.run("put", s.key("dash"), "--", "-value");
  await ctl.run("put", s.key("empty"), "");
  await ctl.runWith("\u0000\u0001ÿ\n", "put", s.key("bytes"));
  await ctl.run("get", s.key(""), "--prefix");
  await ctl.run("get", s.key("bytes"), "--hex");
  await ctl.run("get", s.key("bytes"), "-w", "json");
});

scenario("put with lease, ignored value and ignored lease", async (s, ctl) => {
  const lease = await ctl.grant(600);
  await ctl.run("put", s.key("a"), "1", "--lease", lease);
  await ctl.run("get", s.key("a"), "-w", "fields");
  await ctl.run("put", s.key("a"), "2", "--ignore-lease", "--prev-kv", "-w", "fields");
  await ctl.run("put", s.key("a"), "--ignore-value", "--lease", lease);
  await ctl.run("put", s.key("a"), "--ignore-value");
  await ctl.run("get", s.key("a"), "-w", "json");
  assert.equal((await ctl.run("put", s.key("none"), "--ignore-value")).code, 1);
  assert.equal((await ctl.run("put", s.key("a"), "3", "--lease", "7fffff")).code, 1);
});

scenario("get of ranges", async (s, ctl) => {
  await fill(s);
  await ctl.run("get", s.key(""), "--prefix");
  await ctl.run("get", s.key("a"), s.key("c"));
  await ctl.run("get", s.key("c"), s.key("a"));
  await ctl.run("get", s.key("a"), s.endOf(""), "--limit", "2");
  await ctl.run("get", s.key("a"), s.endOf(""), "--limit", "2", "-w", "fields");
  await ctl.run("get", s.key(""), "--prefix", "--keys-only");
  await ctl.run("get", s.key(""), "--prefix", "--print-value-only");
  await ctl.run("get", s.key(""), "--prefix", "--keys-only", "-w", "json");
});

scenario("get --from-key and the whole key space", async (s, ctl) => {
  await fill(s);
  for (const args of [["b", "--from-key"] as const, ["", "--prefix"] as const]) {
    const [key, flag] = args;
    const run = async (): Promise<string> =>
      (await ctl.run("get", key === "" ? "" : s.key(key), flag, "--keys-only")).stdout;
    // Other scenarios have keys too.
    const stdout = await s.quietly(run);
    const own = stdout.split("\n").filter((line) => line.startsWith(s.key("")));
    s.note(`get ${args.join(" ")}`, own);
    assert.equal(own.length, key === "" ? 3 : 2);
  }
});

scenario("get in every order", async (s, ctl) => {
  await fill(s);
  for (const order of ["ASCEND", "DESCEND", "ascend"]) {
    for (const target of ["CREATE", "KEY", "MODIFY", "VALUE", "VERSION"]) {
      const flags = ["--order", order, "--sort-by", target];
      await ctl.run("get", s.key(""), "--prefix", "--keys-only", ...flags);
    }
  }
  await ctl.run("get", s.key(""), "--prefix", "--sort-by", "VALUE");
  await ctl.run("get", s.key(""), "--prefix", "--order", "DESCEND", "--limit", "1");
  assert.equal((await ctl.run("get", s.key("a"), "--order", "sideways")).code, 4);
  assert.equal((await ctl.run("get", s.key("a"), "--sort-by", "colour")).code, 4);
});

scenario("get of an old revision, serializable and linearizable", async (s, ctl) => {
  await fill(s);
  for (let distance = 1; distance <= 4; distance += 1) {
    await ctl.run("get", s.key(""), "--prefix", "--rev", `r+${distance}`);
  }
  assert.equal((await ctl.run("get", s.key("a"), "--rev", "r+9")).code, 1);
  await ctl.run("get", s.key("a"), "--consistency", "s");
  await ctl.run("get", s.key("a"), "--consistency", "l");
  assert.equal((await ctl.run("get", s.key("a"), "--consistency", "x")).code, 4);
});

scenario("get -w protobuf is the response message", async (s, ctl) => {
  await fill(s);
  const { stdout } = await s.quietly(
    async () => await ctl.run("get", s.key("b"), "-w", "protobuf", "--limit", "1"),
  );
  // The ids in the header are not text and get lost; what follows the header is.
  const tail = Buffer.from(stdout.slice(stdout.indexOf(s.key("b")) - 4), "utf8");
  assert.ok(tail.length > 0);
  const { kvs, count } = decodeRangeResponse(tail);
  s.note("get -w protobuf", { kvs, count });
});

scenario("del of ranges and prefixes", async (s, ctl) => {
  await fill(s);
  await ctl.run("del", s.key("a"), s.key("c"), "--prev-kv");
  await ctl.run("del", s.key(""), "--prefix", "-w", "json");
  await fill(s);
  await ctl.run("del", s.key(""), "--prefix", "--prev-kv", "-w", "fields");
  await ctl.run("del", s.key("a"));
});

scenario("compaction", async (s, ctl) => {
  await fill(s);
  await ctl.run("compaction", "r+2");
  await ctl.run("compaction", "r+3", "--physical");
  assert.equal((await ctl.run("compaction", "r+3")).code, 1);
  assert.equal((await ctl.run("compaction", "r+99")).code, 1);
  assert.equal((await ctl.run("get", s.key("a"), "--rev", "r+1")).code, 1);
  assert.equal((await ctl.run("compaction")).code, 128);
  assert.equal((await ctl.run("compaction", "x")).code, 1);
});

const transactions: ReadonlyArray<readonly [string, (s: Scenario) => string]> = [
  [
    "success",
    (s) => `value("${s.key("a")}") = "4"

put ${s.key("x")} "one two"
get ${s.key("a")}
del ${s.key("b")} --prev-kv

put ${s.key("x")} failed

`,
  ],
  [
    "failure",
    (s) => `mod("${s.key("a")}") < "1"
create("${s.key("a")}") > "0"

put ${s.key("x")} success

get ${s.key("")} --prefix --keys-only
del ${s.key("c")}

`,
  ],
  ["no compares", (s) => `\nput ${s.key("y")} 1\n\n\n`],
  ["nothing at all", () => "\n\n\n"],
  [
    "all compares",
    (s) => `ver("${s.key("a")}") = "2"\nval("${s.key("a")}") != "3"\n\nget ${s.key("a")}\n\n\n`,
  ],
  ["an error", (s) => `\nput ${s.key("a")} 1\nput ${s.key("a")} 2\n\n\n`],
  ["not a compare", () => "nonsense\n\n\n\n"],
];
for (const [title, text] of transactions) {
  scenario(`txn: ${title}`, async (s, ctl) => {
    for (const format of formats) {
      await fill(s);
      await ctl.runWith(text(s), "txn", "-w", format);
      await ctl.run("get", s.key(""), "--prefix");
    }
    await ctl.runWith(text(s), "txn", "--interactive");
  });
}

scenario("wrong arguments end with the code for them, without a request", async (s, ctl) => {
  const before = s.succeeds(await s.all()).header?.revision;
  for (const args of [
    ["get"],
    ["put"],
    ["del"],
    ["get", "a", "b", "--prefix"],
    ["get", "a", "--prefix", "--from-key"],
    ["get", "a", "-w", "nonsense"],
    ["put", "a", "1", "--lease", "xyz"],
    ["put", "a", "1", "--unknown-flag"],
    ["nonsense"],
  ]) {
    assert.notEqual((await ctl.run(...args)).code, 0);
  }
  assert.equal(s.succeeds(await s.all()).header?.revision, before);
});

async function watched(
  s: Scenario,
  ctl: Etcdctl,
  args: readonly string[],
  expected: RegExp,
  change: () => Promise<void>,
): Promise<void> {
  await using watch = ctl.start("watch", ...args);
  // etcdctl does not say when it watches: put until it has seen something.
  await s.quietly(async () => {
    await until(20_000, "the first event", async () => {
      await s.put("started", "started");
      return watch.stdout.includes("started") ? true : undefined;
    });
  });
  await s.quietly(change);
  await watch.output(expected);
  watch.signal("SIGINT");
  const { stdout, ...end } = await watch.end();
  const after = stdout.slice(stdout.lastIndexOf("started") + "started".length);
  ctl.record(["watch", ...args], { ...end, stdout: after.replace(/^.*\n/, "") });
}

scenario("watch of a prefix, with and without the previous pair", async (s, ctl) => {
  for (const flags of [[], ["--prev-kv"]]) {
    await watched(s, ctl, [s.key(""), "--prefix", ...flags], /end\n/, async () => {
      await s.put("a", "1");
      await s.put("a", "2");
      await s.delete("a");
      await s.put("z", "end");
    });
  }
});

scenario("watch of history from a revision, in every format", async (s, ctl) => {
  await fill(s);
  for (const format of formats) {
    const args = [s.key("a"), s.key("d"), "--rev", "r+1", "-w", format];
    await using watch = ctl.start("watch", ...args);
    await watch.output(/"4"|NA==|\n4\n/);
    watch.signal("SIGINT");
    ctl.record(["watch", ...args], await watch.end());
  }
});

scenario("watch of a compacted revision ends with the bound", async (s, ctl) => {
  await fill(s);
  await ctl.run("compaction", "r+3");
  const { code } = await ctl.run("watch", s.key("a"), "--rev", "r+1");
  assert.equal(code, 5);
});

scenario("watch runs a command for each event", async (s, ctl) => {
  await fill(s);
  const script = "echo $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE";
  const args = [s.key("a"), "--rev", "r+1", "--", "sh", "-c", script];
  await using watch = ctl.start("watch", ...args);
  await watch.output(/"4"\n/);
  watch.signal("SIGINT");
  ctl.record(["watch", ...args], await watch.end());
});

scenario("watch --interactive reads several watches", async (s, ctl) => {
  await fill(s);
  await using watch = ctl.start("watch", "--interactive");
  const rev = s.at(1);
  watch.write(`watch ${s.key("a")} --rev ${rev}\n`);
  await watch.output(/\n4\n/);
  watch.write(`watch ${s.key("b")} --rev ${rev}\n`);
  await watch.output(/\n2\n/);
  watch.signal("SIGINT");
  ctl.record(["watch", "--interactive"], await watch.end());
});
