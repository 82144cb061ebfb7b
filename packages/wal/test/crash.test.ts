import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { SeededRandom, SimCrashedError, SimFileSystem } from "@quorate/platform/sim";
import type { SimOperation } from "@quorate/platform/sim";
import { WalFailedError } from "../src/index.ts";
import { append, createDependencies, describe, entry, openOrCreate } from "./harness.ts";
import { runWorkload, type WorkloadResult } from "./workload.ts";

const steps = 40;

function createFiles(seed: bigint): SimFileSystem {
  return new SimFileSystem({ random: new SeededRandom(seed).split("disk") });
}

/** Runs the workload once without faults and returns how many file operations it took. */
async function countOperations(seed: bigint): Promise<number> {
  const files = createFiles(seed);
  const result = await runWorkload(files, seed, steps);
  assert.equal(result.error, undefined);
  assert.equal(result.acknowledged, result.states.length - 1);
  return files.operations;
}

/** The log holds a prefix of what was begun, and all that was acknowledged. */
async function checkRecovered(
  files: SimFileSystem,
  result: WorkloadResult,
  context: string,
): Promise<string> {
  const { wal, recovered } = await openOrCreate(createDependencies(files, 99n));
  const actual = describe(recovered);
  const allowed = result.states.slice(result.acknowledged);
  assert.ok(
    allowed.includes(actual),
    `${context}: recovered\n${actual}\nbut acknowledged was\n${allowed[0] ?? ""}`,
  );
  await wal.close();
  return actual;
}

suite("WriteAheadLog survives a power cut at every file operation (B1, B2, C5, C6, C33)", () => {
  for (let seed = 1n; seed <= 5n; seed++) {
    test(`seed ${seed}`, async () => {
      const operations = await countOperations(seed);
      assert.ok(operations > 100, `only ${operations} operations`);
      for (let at = 1; at <= operations; at++) {
        const context = `seed ${seed}, operation ${at}`;
        const files = createFiles(seed * 100_000n + BigInt(at));
        const when = at % 2 === 0 ? "before" : "after";
        files.setFaultPolicy(({ sequence }) =>
          sequence === at ? { kind: "crash", when, damage: "random" } : undefined,
        );
        const result = await runWorkload(files, seed, steps);
        assert.ok(result.error !== undefined, context);

        // Power may go again while the log is being repaired.
        const again = files.operations + 1 + (at % 12);
        files.setFaultPolicy(({ sequence }) =>
          sequence === again ? { kind: "crash", when, damage: "random" } : undefined,
        );
        await openOrCreate(createDependencies(files)).catch((error: unknown) => {
          if (!(error instanceof SimCrashedError)) throw error;
        });
        files.setFaultPolicy(undefined);
        const first = await checkRecovered(files, result, context);

        // What was shown once stays, whatever happens (P3).
        files.crash("drop-all");
        assert.equal(await checkRecovered(files, result, context), first, context);
      }
    });
  }

  test("and goes on writing after each of them", async () => {
    const seed = 11n;
    const operations = await countOperations(seed);
    for (let at = 1; at <= operations; at += 7) {
      const files = createFiles(BigInt(at));
      files.setFaultPolicy(({ sequence }) =>
        sequence === at ? { kind: "crash", when: "after", damage: "random" } : undefined,
      );
      await runWorkload(files, seed, steps);
      files.setFaultPolicy(undefined);
      const { wal, recovered } = await openOrCreate(createDependencies(files, 5n));
      const last = recovered.entries.at(-1)?.index ?? recovered.snapshot?.index ?? 0;
      const term = (recovered.hardState?.term ?? 1) + 1;
      const added = Array.from({ length: 20 }, (_, i) =>
        entry(last + 1 + i, term, "x".repeat(500)),
      );
      for (const one of added) await append(wal, { entries: [one] });
      files.crash("drop-all");
      const reopened = await openOrCreate(createDependencies(files));
      assert.equal(
        describe(reopened.recovered),
        describe({ ...recovered, entries: [...recovered.entries, ...added] }),
      );
    }
  });
});

suite("WriteAheadLog after an I/O error at every file operation (B3, B4, C35)", () => {
  for (const errno of ["EIO", "ENOSPC"] as const) {
    test(`${errno}: fails for good or succeeds, and what a restart shows is durable`, async () => {
      const seed = 21n;
      const operations = await countOperations(seed);
      let failed = 0;
      for (let at = 1; at <= operations; at++) {
        const context = `${errno} at operation ${at}`;
        const files = createFiles(BigInt(at));
        let kind: SimOperation["kind"] | undefined;
        files.setFaultPolicy((operation) => {
          if (operation.sequence !== at) return undefined;
          ({ kind } = operation);
          const isTorn = operation.kind === "write" && at % 2 === 0;
          return isTorn ? { kind: "short-write", bytes: 9, errno } : { kind: "error", errno };
        });
        const result = await runWorkload(files, seed, steps);
        assert.ok(result.failures <= 1, context);
        if (result.failures === 1) failed++;
        if (result.error === undefined) {
          assert.equal(result.acknowledged, result.states.length - 1, context);
        } else if (result.failures === 1) {
          assert.ok(result.error instanceof WalFailedError, `${context}: ${String(result.error)}`);
        }
        if (errno === "EIO" && (kind === "datasync" || kind === "write")) {
          assert.ok(result.failures === 1 || result.error !== undefined, `${context}: ${kind}`);
        }

        // The process exits; the kernel still shows pages that never reached the disk.
        files.killProcess();
        const shown = await checkRecovered(files, result, context);
        files.crash("drop-all");
        assert.equal(await checkRecovered(files, result, context), shown, context);
      }
      assert.ok(failed > 20, `only ${failed} faults hit the log while it was open`);
    });
  }
});
