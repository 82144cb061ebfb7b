import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { summarizeProfile, writeProfileSummary, type CpuProfile } from "./cpu-profile.ts";

function node(
  id: number,
  functionName: string,
  url: string,
  children: readonly number[] = [],
): CpuProfile["nodes"][number] {
  return { id, callFrame: { functionName, url, lineNumber: url === "" ? -1 : 9 }, children };
}

const folder = "file:///somewhere/quorate";

/**
 * ```text
 * (root) ── onRead ── apply ── apply (recursion)
 *        │                  └─ put of lmdb
 *        ├─ (idle)
 *        ├─ (garbage collector)
 *        └─ the probe: counts nothing
 * ```
 */
const profile: CpuProfile = {
  nodes: [
    node(1, "(root)", "", [2, 6, 7, 8]),
    node(2, "onRead", "node:net", [3]),
    node(3, "apply", `${folder}/packages/mvcc/dist/store.js`, [4, 5]),
    node(4, "apply", `${folder}/packages/mvcc/dist/store.js`),
    node(5, "put", `${folder}/node_modules/lmdb/write.js`),
    node(6, "(idle)", ""),
    node(7, "(garbage collector)", ""),
    node(8, "begin", `${folder}/test/bench/member-probe.mjs?folder=a`, [9]),
    node(9, "dispatch", ""),
  ],
  samples: [9, 2, 3, 4, 4, 5, 6, 7],
  timeDeltas: [5_000, 100, 200, 300, 50, 150, 1_000, 200],
};

const apply = "apply  packages/mvcc/dist/store.js:10";

describe("summarizeProfile", () => {
  test("sums time up by function and by package; idleness is no work", () => {
    const { totalMicros, busyMicros, collectorMicros, self, packages } = summarizeProfile(profile);
    assert.deepEqual([totalMicros, busyMicros, collectorMicros], [2_000, 1_000, 200]);
    assert.deepEqual(self[0], { name: apply, micros: 550 });
    assert.deepEqual(packages, [
      { name: "mvcc", micros: 550 },
      { name: "(garbage collector)", micros: 200 },
      { name: "npm lmdb", micros: 150 },
      { name: "node", micros: 100 },
    ]);
  });

  test("a caller has the time of its callees, and recursion has it once", () => {
    const { inclusive } = summarizeProfile(profile);
    assert.deepEqual(inclusive.slice(0, 2), [
      { name: "onRead  node:net:10", micros: 800 },
      { name: apply, micros: 700 },
    ]);
  });
});

describe("writeProfileSummary", () => {
  test("writes shares of the busy time next to the profile", async () => {
    const place = await mkdtemp(join(tmpdir(), "quorate-profile-"));
    try {
      await writeFile(join(place, "one.cpuprofile"), JSON.stringify(profile));
      await writeProfileSummary(join(place, "one.cpuprofile"));
      const text = await readFile(join(place, "one.txt"), "utf8");
      assert.match(text, /^busy 0\.001 s of 0\.002 s\ngarbage collection 20\.0 %\n/);
      assert.match(text, /self time by function\n +55\.0 % {2}apply {2}packages\/mvcc/);
      await writeFile(join(place, "two.cpuprofile"), "{}");
      await assert.rejects(
        writeProfileSummary(join(place, "two.cpuprofile")),
        /Cannot read two\.cpuprofile: it is no CPU profile/,
      );
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  });
});
