/** etcd's command line tool, in Go, on both transports: what it prints must be the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChildProgram, type ProgramEnd } from "../../support/child-program.ts";
import type { EtcdMember } from "../../support/etcd-process.ts";
import { storeMissing } from "../../support/store.ts";
import { etcdctlMissing } from "../etcdctl/etcdctl.ts";
import { startOn, type Transport, transports } from "./servers.ts";

const program = "/usr/bin/etcdctl";
const environment = { ETCDCTL_API: "3" };

async function run(endpoint: string, input: string, ...args: string[]): Promise<ProgramEnd> {
  const all = [`--endpoints=${endpoint}`, ...args];
  return await ChildProgram.run(program, all, { environment, input });
}

/** Everything that the tool printed about a few commands of each kind. */
async function transcript(member: EtcdMember, transport: Transport): Promise<readonly unknown[]> {
  const { endpoint } = member;
  const seen: unknown[] = [];
  const note = async (input: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(endpoint, input, ...args);
    seen.push([args.join(" "), code, stdout, stderr === "" ? "" : stderr.split('"error":').at(-1)]);
    return stdout;
  };
  await using watch = new ChildProgram(
    program,
    [`--endpoints=${endpoint}`, "watch", "--prefix", "key"],
    { environment },
  );
  // It has begun to watch once it sees a key.
  for (let count = 0; watch.stdout === ""; count += 1) {
    assert.ok(count < 100, "the watch sees nothing");
    await run(endpoint, "", "put", "key-probe", "");
  }
  await run(endpoint, "", "del", "key-probe");
  for (const index of [1, 2, 3]) await note("", "put", `key-${index}`, "v".repeat(index * 40_000));
  await note("", "get", "--prefix", "key-", "--print-value-only");
  await note("", "get", "--prefix", "key-", "--keys-only", "--order=DESCEND");
  await note(
    'value("key-1") = "x"\n\nput key-4 1\n\nput key-4 2\nget key-4\n\n',
    "txn",
    "-i=false",
  );
  await note("", "del", "--prefix", "key-2");
  await note("", "get", "");
  const granted = (await run(endpoint, "", "lease", "grant", "100")).stdout;
  const lease = /lease (\w+) granted/.exec(granted)?.[1] ?? "";
  const alive = (await run(endpoint, "", "lease", "keep-alive", "--once", lease)).stdout;
  seen.push(alive.replaceAll(lease, "LEASE"));
  await note("", "endpoint", "health", "-w", "fields").catch(() => undefined);
  await note("", "compact", "1000000");
  await watch.output(/key-2\n[^]*key-4\n[^]*DELETE\nkey-2\n/);
  // With a scheme it sends the endpoint as ":authority" in these calls, which grpc-js refuses.
  if (transport === "native") {
    for (const args of [["endpoint", "status"], ["endpoint", "hashkv"], ["defrag"]]) {
      const { code, stderr } = await run(`http://${endpoint}`, "", ...args);
      assert.equal(code, 0, stderr);
    }
  }
  return seen.map((each) => JSON.stringify(each).replaceAll(/[\d.]+(µs|ms|s)\b/g, "DURATION"));
}

const skip = etcdctlMissing === false ? storeMissing("quorate") : etcdctlMissing;
test("etcdctl sees the same on both transports", { skip }, async () => {
  const seen = await Promise.all(
    transports.map(async (transport) => {
      await using cluster = await startOn(transport);
      const member = cluster.member(0);
      const lines = await transcript(member, transport);
      return lines.map((line) => String(line).replaceAll(member.endpoint, "ENDPOINT"));
    }),
  );
  assert.ok((seen[0]?.length ?? 0) > 8);
  assert.deepEqual(seen[1], seen[0]);
});
