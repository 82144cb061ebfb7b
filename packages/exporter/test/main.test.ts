import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";

const main = join(import.meta.dirname, "../src/main.ts");

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function start(words: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const flags = ["--conditions=@quorate/source", "--import", "tsx", main, ...words];
  return spawn(process.execPath, flags, { env: { ...process.env, ...environment } });
}

async function runToEnd(child: ChildProcess): Promise<Ended> {
  let output = "";
  let errors = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  child.stderr?.on("data", (chunk) => (errors += String(chunk)));
  const [code] = await once(child, "close");
  return { code, output, errors };
}

describe("quorate-exporter", () => {
  it("prints its help and version", async () => {
    const [help, version] = await Promise.all([
      runToEnd(start(["--help"])),
      runToEnd(start(["--version"])),
    ]);
    assert.deepEqual([help.code, help.errors], [0, ""]);
    assert.match(help.output, /^Usage: quorate-exporter/);
    assert.match(version.output, /^quorate-exporter \d+\.\d+\.\d+\n$/);
  });

  it("names all wrong settings and exits with 2", async () => {
    const { code, output, errors } = await runToEnd(
      start(["--nonsense", "--poll-interval=1"], { QUORATE_EXPORTER_LOG_LEVEL: "loud" }),
    );
    assert.deepEqual([code, output], [2, ""]);
    assert.equal(errors.trimEnd().split("\n").length, 3);
  });

  it("serves while no cluster answers, says so, and ends on SIGTERM", async () => {
    const child = start(["--endpoints=127.0.0.1:1", "--listen-address=127.0.0.1:0"]);
    const ended = runToEnd(child);
    let log = "";
    const port = await new Promise<number>((resolve) => {
      child.stderr?.on("data", (chunk) => {
        log += String(chunk);
        const found = /"msg":"serving".*"port":(\d+)/.exec(log);
        if (found !== null) resolve(Number(found[1]));
      });
    });
    const targets = await fetch(`http://127.0.0.1:${port}/sd`);
    assert.equal(targets.status, 503);
    assert.equal(await targets.text(), "The registry was not read yet.\n");
    assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /^quorate_exporter_registry_up 0$/m);
    assert.match(metrics, /^quorate_exporter_registry_age_seconds \+Inf$/m);
    child.kill("SIGTERM");
    assert.equal((await ended).code, 0);
  });
});
