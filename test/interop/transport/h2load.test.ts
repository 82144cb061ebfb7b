/** nghttp2's load generator: many streams at once, windows and tables of all sizes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { services } from "@quorate/api";
import { frame } from "@quorate/grpc/testing";
import { ChildProgram } from "../../support/child-program.ts";
import type { EtcdMember } from "../../support/etcd-process.ts";
import { put, range } from "../differential/requests.ts";
import { onEachTransport } from "./servers.ts";

const program = "/usr/bin/h2load";
const missing = existsSync(program) ? false : `no ${program}`;
const { kv } = services;

interface Load {
  readonly path: string;
  readonly message: Uint8Array;
  readonly requests: number;
  readonly flags: readonly string[];
}

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "quorate-h2load-"));
});
after(async () => {
  await rm(folder, { recursive: true });
});

/** Calls of a method that the server counts as answered with OK. */
async function answeredOk(member: EtcdMember, path: string): Promise<number> {
  const response = await fetch(`http://${member.endpoint}/metrics`);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const lines = (await response.text()).split("\n").filter((line) => {
    return line.startsWith("grpc_server_handled_total{") && line.includes(`"${name}"`);
  });
  return lines
    .filter((line) => line.includes('grpc_code="OK"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Runs a load; every request has to be answered, with 200 and with OK. */
async function run(member: EtcdMember, load: Load): Promise<string> {
  const file = join(folder, "request");
  await writeFile(file, frame(Buffer.from(load.message)));
  const before = await answeredOk(member, load.path);
  const headers = ["content-type: application/grpc", "te: trailers"].flatMap((line) => [
    "-H",
    line,
  ]);
  const url = `http://${member.endpoint}${load.path}`;
  const args = ["-n", String(load.requests), ...load.flags, ...headers, "-d", file, url];
  const { code, stdout, stderr } = await ChildProgram.run(program, args, { timeoutMillis: 60_000 });
  assert.equal(code, 0, stderr);
  const n = load.requests;
  assert.match(
    stdout,
    new RegExp(
      `${n} total, ${n} started, ${n} done, ${n} succeeded, 0 failed, 0 errored, 0 timeout`,
    ),
    stdout,
  );
  assert.match(stdout, new RegExp(`status codes: ${n} 2xx, 0 3xx, 0 4xx, 0 5xx`), stdout);
  assert.equal((await answeredOk(member, load.path)) - before, n, "answered with OK");
  return stdout;
}

onEachTransport("h2load", missing, (member) => {
  const small = { path: kv.put.path, message: kv.put.encodeRequest(put("key", "v".repeat(256))) };

  test("100 connections with one stream each", async () => {
    await run(member(), { ...small, requests: 2_000, flags: ["-c", "100", "-m", "1"] });
  });

  test("10 connections with 100 streams each", async () => {
    await run(member(), { ...small, requests: 20_000, flags: ["-c", "10", "-m", "100"] });
  });

  test("one connection with 1,000 streams", async () => {
    await run(member(), { ...small, requests: 5_000, flags: ["-c", "1", "-m", "1000"] });
  });

  test("header tables of no size and of 64 KiB", async () => {
    for (const size of ["0", "65536"]) {
      const flags = [`--header-table-size=${size}`, `--encoder-header-table-size=${size}`];
      await run(member(), { ...small, requests: 1_000, flags: ["-c", "4", "-m", "10", ...flags] });
    }
  });

  test("large answers through windows of 1 KiB, and of 1 GiB with large frames", async () => {
    const large = put("large", "v".repeat(200_000));
    const message = kv.put.encodeRequest(large);
    await run(member(), { path: kv.put.path, message, requests: 1, flags: ["-c", "1"] });
    const read = { path: kv.range.path, message: kv.range.encodeRequest(range("large")) };
    for (const [requests, flags] of [
      [20, ["-w", "10", "-W", "10"]],
      [20, ["-w", "10", "-W", "30"]],
      [200, ["-w", "30", "-W", "30", "-f", "1048576"]],
    ] as const) {
      const report = await run(member(), {
        ...read,
        requests,
        flags: ["-c", "2", "-m", "5", ...flags],
      });
      const received = Number(/\((\d+)\) total/.exec(report)?.[1]);
      assert.ok(received > requests * 200_000, report);
    }
  });

  test("requests of 1 MB on several streams of one connection", async () => {
    const message = kv.put.encodeRequest(put("large", "v".repeat(1_000_000)));
    const flags = ["-c", "2", "-m", "4"];
    await run(member(), { path: kv.put.path, message, requests: 40, flags });
  });
});
