import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NodeClock, noopLogger } from "@quorate/platform";
import { PrefixMirror } from "../src/standalone/prefix-mirror.ts";
import { MemorySource } from "./memory-source.ts";
import { until } from "./until.ts";

async function withMirror(
  body: (mirror: PrefixMirror<string>, source: MemorySource) => Promise<void>,
  options: { readonly rowsMax?: number; readonly reloadMillis?: number } = {},
): Promise<void> {
  const source = new MemorySource();
  source.put("a/1", "one");
  source.put("b/1", "other");
  const mirror = new PrefixMirror(
    { prefix: "a/", parse: (kv) => kv.text(), probeMillis: 10, ...options },
    { client: source, clock: new NodeClock(), logger: noopLogger },
  );
  assert.equal(mirror.ageMillis(), Infinity);
  mirror.start();
  try {
    await body(mirror, source);
  } finally {
    await mirror.close();
    await mirror.close();
  }
}

describe("PrefixMirror", () => {
  it("loads what is there and follows changes", async () => {
    await withMirror(async (mirror, source) => {
      await until("it is loaded", () => mirror.rows.size === 1);
      source.put("a/2", "two");
      source.put("a/1", "new");
      source.put("b/2", "not ours");
      await until("changes arrive", () => mirror.rows.size === 2);
      assert.deepEqual(
        [...mirror.rows],
        [
          ["a/1", "new"],
          ["a/2", "two"],
        ],
      );
      source.delete("a/1");
      await until("the deletion arrives", () => mirror.rows.size === 1);
      assert.equal(source.loads, 1);
    });
  });

  it("stays young as long as the cluster answers, without a change", async () => {
    await withMirror(async (mirror) => {
      await until("it is loaded", () => mirror.ageMillis() < 1_000);
      const first = mirror.ageMillis();
      await until("a probe renews it", () => mirror.ageMillis() < first);
    });
  });

  it("grows old when the cluster does not answer, keeps its rows and recovers", async () => {
    await withMirror(async (mirror, source) => {
      await until("it is loaded", () => mirror.rows.size === 1);
      source.isUnreachable = true;
      await until("it is old", () => mirror.ageMillis() > 60);
      assert.deepEqual([...mirror.rows.keys()], ["a/1"]);
      source.isUnreachable = false;
      await until("it is young again", () => mirror.ageMillis() < 30);
    });
  });

  it("never was right before the first answer", async () => {
    const source = new MemorySource();
    source.isUnreachable = true;
    const mirror = new PrefixMirror(
      { prefix: "a/", parse: () => "", probeMillis: 10 },
      { client: source, clock: new NodeClock(), logger: noopLogger },
    );
    mirror.start();
    await until("it tried", () => source.loads > 0);
    assert.equal(mirror.ageMillis(), Infinity);
    await mirror.close();
  });

  it("finds out by its probes that its watch is deaf, and loads again", async () => {
    await withMirror(async (mirror, source) => {
      await until("it is loaded", () => mirror.rows.size === 1);
      source.isDeaf = true;
      source.put("a/2", "two");
      await until("it noticed", () => mirror.rows.size === 2);
      assert.ok(source.loads >= 2);
    });
  });

  it("loads again when its watch ends", async () => {
    await withMirror(async (mirror, source) => {
      await until("it is loaded", () => mirror.rows.size === 1);
      source.isDeaf = true;
      source.put("a/1", "changed");
      source.isDeaf = false;
      source.breakWatches();
      await until("it is right", () => mirror.rows.get("a/1") === "changed");
    });
  });

  it("loads again after a while, for what no count shows", async () => {
    await withMirror(
      async (mirror, source) => {
        await until("it is loaded", () => mirror.rows.size === 1);
        source.isDeaf = true;
        source.put("a/1", "changed");
        await until("it is right", () => mirror.rows.get("a/1") === "changed");
      },
      { reloadMillis: 50 },
    );
  });

  it("takes too many rows for a wrong prefix", async () => {
    await withMirror(
      async (mirror, source) => {
        await until("it is loaded", () => mirror.rows.size === 1);
        for (let index = 0; index < 5; index += 1) source.put(`a/more${index}`, "");
        await until("it gave up", () => source.loads >= 2);
        await until("it is old", () => mirror.ageMillis() > 50);
      },
      { rowsMax: 3 },
    );
  });
});
