/** How the two programs behave as processes: exit codes, signals, data directory, version. */
import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ChildProgram, type ProgramEnd } from "../../support/child-program.ts";
import { anyStoreMissing, comparedStores } from "../../support/compared-stores.ts";
import { freePorts } from "../../support/free-port.ts";
import type { StoreKind } from "../../support/store.ts";

const quorate = fileURLToPath(new URL("../../../node_modules/.bin/quorate", import.meta.url));
const commands: Readonly<Record<StoreKind, readonly [string, ...string[]]>> = {
  etcd: ["/usr/bin/etcd"],
  quorate: [process.execPath, quorate],
};
const kinds = new Set(comparedStores);
let scratch = "";

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "quorate-process-"));
});
after(async () => {
  await rm(scratch, { recursive: true, force: true });
});

async function run(
  kind: StoreKind,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProgramEnd> {
  const [program, ...first] = commands[kind];
  return await ChildProgram.run(program, [...first, ...args], { environment });
}

const loopback = "http://127.0.0.1:1";
const refused: ReadonlyArray<
  readonly [title: string, code: number, args: readonly string[], environment?: [string, string]]
> = [
  ["an unknown flag", 2, ["--nonsense"]],
  ["a stray argument", 1, ["stray"]],
  ["listen URLs without advertised ones", 1, ["--listen-client-urls", loopback]],
  ["an election timeout too short", 1, ["--heartbeat-interval=500", "--election-timeout=1000"]],
  [
    "a domain name to listen on",
    1,
    ["--listen-client-urls=http://example.com:1", `--advertise-client-urls=${loopback}`],
  ],
  ["an initial cluster without itself", 1, ["--initial-cluster=other=http://localhost:2380"]],
  ["an unknown compaction mode", 1, ["--auto-compaction-mode=daily"]],
  ["a configuration file that is not there", 1, ["--config-file=/nonexistent/file"]],
  ["a variable beside its flag", 1, ["--name=one"], ["ETCD_NAME", "other"]],
  ["help", 0, ["--help"]],
  ["help in short", 0, ["-h"]],
];

for (const [title, code, args, variable] of refused) {
  test(`exit code ${code}: ${title}`, { skip: anyStoreMissing }, async () => {
    const data = `--data-dir=${join(scratch, "refused")}`;
    for (const kind of kinds) {
      const environment = variable === undefined ? {} : { [variable[0]]: variable[1] };
      const withData = code === 1 && variable === undefined ? [...args, data] : args;
      const end = await run(kind, withData, environment);
      assert.equal(end.code, code, `${kind}: ${end.stdout}\n${end.stderr}`);
    }
  });
}

test("--version prints four lines that begin alike", { skip: anyStoreMissing }, async () => {
  for (const kind of kinds) {
    const { code, stdout } = await run(kind, ["--version"]);
    assert.equal(code, 0);
    const heads = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(":")[0]);
    assert.deepEqual(heads, ["etcd Version", "Git SHA", "Go Version", "Go OS/Arch"]);
  }
});

async function start(kind: StoreKind, directory: string): Promise<ChildProgram> {
  const [client, peer] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
  const [program, ...first] = commands[kind];
  return new ChildProgram(program, [
    ...first,
    `--data-dir=${directory}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ]);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(
    `${signal} ends the process by that signal, its data private`,
    {
      skip: anyStoreMissing,
    },
    async () => {
      for (const kind of kinds) {
        const directory = join(scratch, `${kind}-${signal}`);
        await using member = await start(kind, directory);
        await member.errorOutput(/ready to serve client requests/);
        assert.equal((await stat(directory)).mode & 0o777, 0o700);
        assert.ok((await stat(join(directory, "member"))).isDirectory());
        member.signal(signal);
        const { code } = await member.end();
        assert.equal(code, signal, kind);
      }
    },
  );
}
