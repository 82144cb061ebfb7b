import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { drawPlan } from "./plan/draw-plan.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const mutate = fileURLToPath(new URL("mutants/mutate.mjs", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

interface Planted {
  /** What `worker.ts` does in place of drawing a plan. */
  readonly worker?: string;
  /** Sends SIGTERM when this has been printed. */
  readonly stopAt?: RegExp;
}

/** Runs `npm run sim` without npm. */
function sim(options: readonly string[], { worker, stopAt }: Planted = {}): Promise<Ended> {
  const find = "const plan = drawPlan(BigInt(seed), focus);";
  const mutant = { file: "test/simulation/worker.ts", find, replace: worker };
  const child = spawn(
    process.execPath,
    [
      "--conditions=@quorate/source",
      ...(worker === undefined ? [] : ["--import", mutate]),
      ...["--import", "tsx", main, ...options],
    ],
    {
      env: { ...process.env, QUORATE_MUTANT: worker === undefined ? "" : JSON.stringify(mutant) },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
      killSignal: "SIGKILL",
    },
  );
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (!child.killed && stopAt?.test(output) === true) child.kill("SIGTERM");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, output, errors }));
  });
}

/** Plans that take no time, but for seed 2. */
function quickBut(strange: string): string {
  const quick = "members: 1, workloads: [], faults: [], faultyMillis: 100";
  const plan = `{ ...drawPlan(BigInt(seed), focus), ${quick} }`;
  return `if (seed === "2") ${strange} const plan = ${plan};`;
}

function fileOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "quorate-sim-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "plan.json");
  writeFileSync(path, text);
  return path;
}

test("seeds end with one line: seeds, events, time, faults, promises, failures", async () => {
  const { code, output } = await sim(["--seeds", "3", "--first", "1", "--workers", "1"]);
  assert.equal(code, 0, output);
  const [last = "", holes = ""] = output.trimEnd().split("\n").reverse();
  assert.match(last, /^3 seeds, \d+ events \(\d+\/s\), [\d.]+ virtual hours in \d+ s, 0 failures/);
  assert.match(last, /faults: .* \| promises checked: .*P1 \d+/);
  // Three seeds cannot reach everything, and what they miss is counted as 0 and named.
  assert.match(holes, /^never reached: \S/);
  assert.match(output, /^ +0 \S/m);
  assert.match(last, /, [a-z-]+ 0,/);
});

test("holes are a failure where none may be", async () => {
  const worker = quickBut("await Promise.resolve();");
  const options = ["--seeds", "1", "--first", "1", "--workers", "1"];
  const { code, output } = await sim([...options, "--no-holes"], { worker });
  assert.equal(code, 1, output);
  assert.match(output, /^never reached: .*promise M2/m);
  assert.match(output, / 0 failures \|/);
});

// As `npm run sim -- --seconds 30` and `npm run sim -- --seconds 5`, in less time.
test("a time ends a run", async () => {
  const { code, output } = await sim(["--seconds", "1", "--workers", "1"]);
  assert.equal(code, 0, output);
  assert.match(output, /[1-9]\d* seeds, /);
});

// This is `npm run sim -- --seed 7`.
test("a replay prints its plan, its story and its trace, which a second one repeats", async () => {
  const [one, other] = await Promise.all([sim(["--seed", "7"]), sim(["--seed", "7"])]);
  assert.equal(one.code, 0, one.output);
  assert.match(one.output, /"seed": "7"/);
  assert.match(one.output, /m1 +starts, life 1/);
  assert.match(one.output, /trace [0-9a-f]+, every promise held/);
  assert.equal(other.output, one.output);
});

test("a plan that was kept is replayed; what cannot be shrunk is said", async (t) => {
  const path = fileOf(t, JSON.stringify(drawPlan(7n, "elections")));
  const [kept, drawn] = await Promise.all([
    sim(["--plan", path, "--quiet", "--shrink"]),
    sim(["--seed", "7", "--focus", "elections", "--quiet"]),
  ]);
  assert.equal(kept.code, 0, kept.output);
  assert.match(kept.output, /^seed 7: .*\nNothing to shrink: every promise held\.\n$/);
  assert.equal(kept.output.split("\n")[0], drawn.output.split("\n")[0]);
});

test("what cannot be used is refused with one sentence and code 2", async (t) => {
  const path = fileOf(t, "{}");
  for (const [options, problem] of [
    [["--speed"], /^Unknown option "--speed": .*\n$/],
    [["--plan", path], /^Cannot use plan ".*": seed is missing, expected .*\n$/],
  ] as const) {
    const { code, errors, output } = await sim(options);
    assert.equal(code, 2, errors);
    assert.match(errors, problem);
    assert.equal(output, "");
  }
});

test("a seed that hangs is named, counts as a failure and stops no other (D12)", async () => {
  const options = ["--first", "1", "--seeds", "4", "--workers", "1", "--hang-seconds", "5"];
  const { code, output } = await sim(options, { worker: quickBut("for (;;);") });
  assert.equal(code, 1, output);
  assert.match(output, /^seed 2 FAILED D12: hang: its process gave no word for 5 s$/m);
  assert.match(output, /^npm run sim -- --seed 2 {3}# commit \S+$/m);
  assert.match(output, /^4 seeds, .* 1 failures/m);
});

test("a process that dies is told with its seed, and has a successor", async () => {
  const options = ["--first", "1", "--seeds", "30", "--workers", "1", "--focus", "disks"];
  const { code, output } = await sim(options, { worker: quickBut("process.exit(7);") });
  assert.equal(code, 1, output);
  assert.match(output, /^seed 2 FAILED D12: process: its process ended with code 7$/m);
  assert.match(output, /^npm run sim -- --seed 2 --focus disks {3}# commit \S+$/m);
  assert.match(output, /^30 seeds, .* 1 failures/m);
});

test("one of many seeds is played twice: what differs is no story (D2)", async () => {
  // The plan is changed between both plays: nothing else could make them differ.
  const change = 'if (message.kind === "again") plan.faultyMillis = 3_000;';
  const send = `(message) => { ${change} return send.call(process, message); }`;
  const worker = `${quickBut("{}")} const { send } = process; process.send = ${send};`;
  const options = ["--first", "1", "--seeds", "20", "--workers", "1"];
  const { code, output } = await sim(options, { worker });
  assert.equal(code, 1, output);
  assert.match(output, /^seed 20 FAILED D2: traces [0-9a-f]+ and [0-9a-f]+ of one seed differ$/m);
  assert.match(output, /^20 seeds, .* 1 failures/m);
});

test("workers that cannot start end the run", async () => {
  const { code, output, errors } = await sim(["--seeds", "4", "--workers", "2"], {
    worker: "const plan = ;",
  });
  assert.equal(code, 1, output);
  assert.match(output, /^A worker ended with code 1 before its first seed\.$/m);
  assert.match(errors, /Cannot start all workers: the count is not complete\.$/m);
});

test("a signal ends a run with the line of what was done so far", async () => {
  const options = ["--first", "1", "--seconds", "100", "--workers", "1"];
  const worker = quickBut('{ process.stdout.write("here\\n"); for (;;); }');
  const { code, output } = await sim(options, { worker, stopAt: /here/ });
  assert.equal(code, 143, output);
  assert.match(output, /^stopped by SIGTERM before the end, under way: 2$/m);
  assert.match(output, /^1 seeds, .* 0 failures/m);
});
