/** What a member says of a directory that it cannot use: one clear sentence, nothing changed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "@quorate/client";
import { startStore, storeMissing } from "../support/store.ts";

const skip = storeMissing("quorate");
const binary = fileURLToPath(new URL("../../packages/server/bin/quorate.js", import.meta.url));

describe("a data directory that cannot be used", { skip }, () => {
  let directory = "";

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "quorate-directory-"));
  });

  after(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  test("one that another process uses is refused (B25)", async () => {
    await using cluster = await startStore("quorate", 1);
    const inUse = join(cluster.directory, cluster.member(0).name);
    assert.match(await refusal(inUse), /another process is using it/);
    await using client = connect({ endpoints: cluster.endpoints });
    await client.put("still", "served");
  });

  test("a database of etcd is named as what it is", async () => {
    const data = join(directory, "foreign");
    await mkdir(join(data, "member/snap"), { recursive: true });
    await mkdir(join(data, "member/wal"), { recursive: true });
    await writeFile(join(data, "member/wal/0000000000000000-0000000000000000.wal"), "etcd's log");
    assert.match(await refusal(data), /Cannot .*wal/);
  });

  test("a log that is damaged in the middle is refused, a torn tail is not (B2, B6)", async () => {
    const data = join(directory, "damaged");
    const log = await fillAndKill(data);
    const bytes = await readFile(log);
    const second = bytes.indexOf("second-value");
    assert.ok(second > 0);
    const damaged = Buffer.from(bytes);
    damaged[second] = (damaged[second] ?? 0) ^ 1;
    await writeFile(log, damaged);
    const said = await refusal(data);
    assert.match(said, /Cannot .*\.wal/);
    assert.match(said, /crc|checksum|offset/i);
    assert.deepEqual(await readFile(log), damaged, "nothing was cut or mended");
  });

  test("a database without its log is refused", async () => {
    const data = join(directory, "lost-log");
    await fillAndKill(data);
    await rm(join(data, "member/wal"), { recursive: true });
    assert.match(await refusal(data), /there is a database but no log/);
  });

  test("one that cannot be written is refused", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    assert.match(await refusal(join(file, "data")), /Cannot make directory|ENOTDIR/);
  });
});

/** Starts a member that must not start; returns what it says on its last line. */
async function refusal(dataDirectory: string): Promise<string> {
  const child = spawn(process.execPath, [binary, ...flagsFor(dataDirectory)]);
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const [code]: unknown[] = await once(child, "close");
  clearTimeout(timer);
  assert.equal(code, 1, `it did not refuse:\n${text}`);
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** Runs a member that takes a few writes and dies; returns the path of its log. */
async function fillAndKill(dataDirectory: string): Promise<string> {
  const child = spawn(process.execPath, [binary, ...flagsFor(dataDirectory)]);
  let text = "";
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = /"ready to serve client requests","address":"http:\/\/([^"]+)"/.exec(text);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once("exit", () => reject(new Error(text)));
  });
  await using client = connect({ endpoints: [address] });
  for (const value of ["first-value", "second-value", "third-value"])
    await client.put("key", value);
  child.kill("SIGKILL");
  await once(child, "close");
  const wal = join(dataDirectory, "member/wal");
  const [name] = await readdir(wal);
  assert.ok(name);
  return join(wal, name);
}

function flagsFor(dataDirectory: string): readonly string[] {
  return [
    `--data-dir=${dataDirectory}`,
    "--listen-client-urls=http://127.0.0.1:0",
    "--advertise-client-urls=http://127.0.0.1:2379",
    "--listen-peer-urls=http://127.0.0.1:0",
  ];
}
