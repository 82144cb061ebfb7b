import assert from "node:assert/strict";
import { test } from "node:test";
import { lmdbCrashes, memoryCrashes, stageUnits, wholeUnits } from "./crash-bench.ts";
import type { CrashBench, CrashSite, CrashWork } from "./crash-bench.ts";

const benches: Readonly<Record<string, CrashBench>> = {
  LmdbBackend: lmdbCrashes,
  "MemoryBackend.open": memoryCrashes,
};

/** What may be left: units up to an index, by what had been promised. */
interface CrashCase {
  readonly title: string;
  readonly work: CrashWork;
  readonly isAllowed: (index: number, durableMark: number) => boolean;
  /** Indexes that some crash must have left, so that crashes did strike where they matter. */
  readonly reached: readonly number[];
}

const cases: readonly CrashCase[] = [
  {
    title: "C25 a commit of several transactions leaves a beginning of its units",
    work: {
      prepare: async (backend) => {
        stageUnits(backend, 1, 6);
        await backend.flush();
      },
      run: async (backend) => {
        stageUnits(backend, 7, 12);
        await backend.flush();
      },
    },
    isAllowed: (index, mark) => index >= Math.max(mark, 6) && index <= 12,
    reached: [12],
  },
  {
    title: "C26 a defragmentation leaves everything",
    work: {
      prepare: async (backend) => {
        stageUnits(backend, 1, 9);
        await backend.flush();
        stageUnits(backend, 10, 12);
      },
      run: (backend) => backend.defragment(),
    },
    isAllowed: (index, mark) => index >= Math.max(mark, 9) && index <= 12,
    reached: [12],
  },
  {
    title: "an install leaves the old content or the new (B2)",
    work: {
      prepare: async (backend, path) => {
        stageUnits(backend, 1, 3);
        await backend.snapshotTo(path("received"));
        stageUnits(backend, 4, 9);
        await backend.flush();
      },
      run: (backend, path) => backend.replaceWith(path("received")),
    },
    isAllowed: (index) => index === 3 || index === 9,
    reached: [3, 9],
  },
  {
    title: "C26 copies and defragmentations one after the other leave everything",
    work: {
      prepare: async (backend) => {
        stageUnits(backend, 1, 9);
        await backend.flush();
      },
      run: async (backend, path) => {
        const work = [backend.snapshotTo(path("copy")), backend.defragment()];
        stageUnits(backend, 10, 11);
        await Promise.allSettled(work);
        await backend.snapshotTo(path("copy"));
        await backend.flush();
      },
    },
    isAllowed: (index, mark) => index >= Math.max(mark, 9) && index <= 11,
    reached: [11],
  },
];

for (const [name, crashes] of Object.entries(benches)) {
  for (const { title, work, isAllowed, reached } of cases) {
    test(`${name}: crash at every file operation: ${title}`, async () => {
      const seen = new Set<number>();
      for await (const site of crashes(work)) {
        const index = await checkSite(site);
        assert.ok(
          isAllowed(index, site.durableMark),
          `index ${index} at mark ${site.durableMark} ${site.label}`,
        );
        seen.add(index);
      }
      for (const index of reached) assert.ok(seen.has(index), `no crash left index ${index}`);
    });
  }
}

/** Opens what is left, checks it, writes to it, opens it again. */
async function checkSite(site: CrashSite): Promise<number> {
  const backend = await site.open();
  const index = wholeUnits(backend, site.label);
  const leftOvers = (await site.list()).filter((name) => name.includes("defragment"));
  assert.deepEqual(leftOvers, [], site.label);
  stageUnits(backend, index + 1, index + 3);
  await backend.flush();
  assert.equal(backend.durableMark(), index + 3);
  await backend.close();
  const again = await site.open();
  assert.equal(wholeUnits(again, site.label), index + 3);
  await again.close();
  return index;
}
