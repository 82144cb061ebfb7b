/**
 * The check of a database's structure: no sound file is refused, whatever happened to it, and no
 * damage that it lets pass ends the process or makes an answer wrong (B7).
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { damage, fuzz, fuzzDamage } from "../../../test/support/fuzz.ts";
import { DamagedDatabases, structuralBytes } from "./damaged-database.ts";
import { ShapedDatabase, steps, structureOf, type Step } from "./shaped-database.ts";
import { temporaryDirectory } from "./support.ts";

const directory = await temporaryDirectory();
const databases = new DamagedDatabases();
let running: Promise<unknown> = Promise.resolve();
after(async () => {
  await running;
  await databases.close();
  await directory.dispose();
});
let count = 0;

async function removeAll(path: string): Promise<void> {
  for (const end of ["", "-lock", ".copy", ".copy-lock"])
    await rm(`${path}${end}`, { force: true });
}

/** When time is over, the last input is still under way. */
function inTurn<Input>(check: (input: Input) => Promise<void>): (input: Input) => Promise<void> {
  return (input) => {
    const result = running.then(() => check(input));
    running = result.catch(() => undefined);
    return result;
  };
}

/** LMDB knows files by their inode: each time another one, in case that it has not let go of it. */
function damagedPath(): string {
  return join(directory.path, `damaged ${count++}`);
}

const childPath = fileURLToPath(new URL("./shaped-child.ts", import.meta.url));

const shapes = fc.record({
  all: steps,
  commitRowsMax: fc.constantFrom(10, 100, 100_000),
  feedRowsMax: fc.constantFrom(5, 50, 4096),
});

/** A sound file, the states that it may show, and the bytes of its structure. */
interface Sound {
  readonly bytes: Buffer;
  /** That of the last commit, and that of the one before: damage may hide the newer meta page. */
  readonly states: readonly string[];
  readonly structure: readonly number[];
}

const manyRows: readonly Step[] = [
  { kind: "versions", count: 3_000, size: 100 },
  { kind: "rows", count: 400, key: 30, size: 20 },
  { kind: "commit" },
];
const largeRows: readonly Step[] = [
  { kind: "versions", count: 20, size: 9_000 },
  { kind: "rows", count: 60, key: 500, size: 4_060 },
  { kind: "rows", count: 30, key: 1_900, size: 300 },
  { kind: "commit" },
];
const someRemoved: readonly Step[] = [
  { kind: "remove versions", from: 0.2, part: 0.4 },
  { kind: "remove rows", every: 2 },
  { kind: "commit" },
];
const oneMore: readonly Step[] = [{ kind: "versions", count: 1, size: 20 }, { kind: "commit" }];
const histories: readonly (readonly Step[])[] = [
  [],
  oneMore,
  [...manyRows, ...someRemoved, ...oneMore],
  [...largeRows, ...someRemoved, ...oneMore],
  [...manyRows, ...largeRows, { kind: "defragment" }],
  [...largeRows, ...someRemoved, { kind: "install" }, ...manyRows, ...someRemoved, ...oneMore],
];

const sound: Sound[] = [];

async function makeSound(history: readonly Step[], index: number): Promise<Sound> {
  const path = join(directory.path, `sound ${index}`);
  await mkdir(path);
  const database = await ShapedDatabase.open(path, {
    // Nothing is written but when a step says so.
    commitIntervalMillis: 3_600_000,
    commitRowsMax: 1_000_000,
    feedRowsMax: 100,
  });
  const states: string[] = [];
  for (const step of history) {
    if (step.kind === "commit") await keepState(states, database.path);
    await database.take(step);
  }
  await database.close();
  await keepState(states, database.path);
  const bytes = await readFile(database.path);
  return { bytes, states: states.slice(-2), structure: structuralBytes(bytes) };
}

/** Adds what is in a file to the states of its history. */
async function keepState(states: string[], path: string): Promise<void> {
  const copy = damagedPath();
  await copyFile(path, copy);
  const { kind, state } = await databases.ask({ path: copy, states: [] });
  await removeAll(copy);
  assert.equal(kind, "right", state);
  states.push(state);
}

// Before any test begins: all ask the same process.
for (const [index, history] of histories.entries()) sound.push(await makeSound(history, index));

fuzz(
  "a sound database is never refused, and no page is lost",
  { inputs: shapes, runs: 8 },
  inTurn(async ({ all, ...options }) => {
    const path = join(directory.path, `shape ${count++}`);
    await mkdir(path);
    const database = await ShapedDatabase.open(path, { ...options, cacheBytesMax: 0 });
    for (const step of all) {
      await database.take(step);
      await database.backend.flush();
      assert.equal((await structureOf(database.path)).lostPages, 0, `after ${step.kind}`);
    }
    await database.close();
    await rm(path, { recursive: true });
  }),
);

fuzz(
  "what kill -9 leaves in the middle of writes is never refused",
  { inputs: fc.tuple(fc.nat(2 ** 30), fc.nat(60)), runs: 4 },
  inTurn(async ([seed, steps]) => {
    const path = join(directory.path, `killed ${count++}`);
    await mkdir(path);
    const node = ["--conditions=@quorate/source", "--import", "tsx", childPath, path, `${seed}`];
    const child = spawn(process.execPath, node, { stdio: ["ignore", "pipe", "inherit"] });
    let lines = 0;
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      lines += text.split("\n").length - 1;
      if (lines > steps) child.kill("SIGKILL");
    });
    await once(child, "close");
    assert.equal(child.signalCode, "SIGKILL");
    const database = join(path, "db");
    const { lostPages } = await structureOf(database);
    assert.equal(lostPages, 0);
    // The older meta page is never read, whatever a torn write has left in it.
    const bytes = await readFile(database);
    tearOlderMeta(bytes);
    await writeFile(database, Buffer.concat([bytes, Buffer.alloc(32, 7)]));
    await structureOf(database);
    const { kind, state } = await databases.ask({ path: database, states: [] });
    assert.equal(kind, "right", state);
    await rm(path, { recursive: true });
  }),
);

/** Leaves the first part of a meta page's next write, which does not reach the transaction. */
function tearOlderMeta(bytes: Buffer): void {
  const transactionAt = (meta: number): bigint => bytes.readBigUInt64LE(meta + 152);
  const older = transactionAt(0) < transactionAt(4096) ? 0 : 4096;
  bytes.fill(0xee, older + 54, older + 150);
}

const verdicts = new Map<string, number>();

/** Nothing but right answers or an error of ours. */
async function judge(bytes: Uint8Array, states: readonly string[], what: string): Promise<void> {
  const path = damagedPath();
  await writeFile(path, bytes);
  const verdict = await databases.ask({ path, states });
  await removeAll(path);
  const said = JSON.stringify(verdict);
  assert.ok(verdict.kind === "right" || verdict.kind === "refused", `${what}: ${said}`);
  const title = verdict.kind === "right" ? "right" : `refused ${verdict.place}`;
  verdicts.set(title, (verdicts.get(title) ?? 0) + 1);
}

function soundAt(index: number): Sound {
  const found = sound[index % sound.length];
  assert.ok(found);
  return found;
}

const flips = fc.array(fc.record({ at: fc.nat(2 ** 30), bit: fc.nat(7) }), {
  minLength: 1,
  maxLength: 2,
});

fuzz(
  "flipped bits outside of rows end nothing by a signal and falsify nothing",
  { inputs: fc.tuple(fc.nat(1_000), flips), runs: 80 },
  inTurn(async ([index, all]) => {
    const { bytes, states, structure } = soundAt(index);
    const damaged = Buffer.from(bytes);
    const places: string[] = [];
    for (const { at, bit } of all) {
      const place = structure[at % structure.length] ?? 0;
      damaged[place] = (damaged[place] ?? 0) ^ (1 << bit);
      places.push(`${place >> 12}+${place & 4095}.${bit}`);
    }
    await judge(damaged, states, `history ${index % sound.length}, ${places.join(" ")}`);
  }),
);

fuzz(
  "any damage ends nothing by a signal and falsifies nothing",
  { inputs: fc.tuple(fc.nat(1_000), fuzzDamage), runs: 30 },
  inTurn(async ([index, each]) => {
    const { bytes, states } = soundAt(index);
    const damaged = damage(bytes, each);
    // Nothing left is a new database.
    if (damaged.length === 0) return;
    await judge(damaged, states, `history ${index % sound.length}, ${JSON.stringify(each)}`);
  }),
);

after(() => {
  console.log(`# ${JSON.stringify(Object.fromEntries(verdicts))}`);
});
