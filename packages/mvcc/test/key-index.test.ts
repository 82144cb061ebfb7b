import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FoundVersion } from "../src/key-index/key-history.ts";
import { KeyIndex } from "../src/key-index/key-index.ts";

/** All versions of all keys in plain lists: slow and obvious. */
class SlowIndex {
  versions: { key: string; main: number; sub: number; isTombstone: boolean }[] = [];

  put(key: string, main: number, sub: number): void {
    this.versions.push({ key, main, sub, isTombstone: false });
  }

  delete(key: string, main: number, sub: number): boolean {
    if (this.at(key, main)?.isTombstone !== false) return false;
    this.versions.push({ key, main, sub, isTombstone: true });
    return true;
  }

  at(
    key: string,
    revision: number,
  ): { main: number; sub: number; isTombstone: boolean } | undefined {
    return this.versions.filter((v) => v.key === key && v.main <= revision).at(-1);
  }

  /** Create revision and version of the life that the newest version at `revision` belongs to. */
  lifeAt(key: string, revision: number): string | undefined {
    let create = 0;
    let version = 0;
    for (const v of this.versions.filter((v) => v.key === key && v.main <= revision)) {
      if (v.isTombstone) version = 0;
      else if (version++ === 0) create = v.main;
    }
    const newest = this.at(key, revision);
    if (newest === undefined || newest.isTombstone) return undefined;
    return `${newest.main}.${newest.sub} create=${create} version=${version}`;
  }

  keys(): readonly string[] {
    return [...new Set(this.versions.map((v) => v.key))].sort();
  }
}

const keyArbitrary = fc.stringMatching(/^[ab]{1,3}$/);
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("put" as const), key: keyArbitrary }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), key: keyArbitrary }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact" as const), key: keyArbitrary }) },
);

function lifeOf(index: KeyIndex, key: string, revision: number): string | undefined {
  const found = new FoundVersion();
  if (index.find(key)?.findAt(revision, found) !== true) return undefined;
  return `${found.main}.${found.sub} create=${found.create} version=${found.version}`;
}

test("KeyIndex agrees with a list of all versions at every revision that compaction left", () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 120, size: "max" }),
      fc.nat(),
      (operations, where) => {
        const index = new KeyIndex(4);
        const slow = new SlowIndex();
        let revision = 1;
        let compacted = 0;
        for (const { kind, key } of operations) {
          if (kind === "put") {
            index.put(key, ++revision, 0);
            slow.put(key, revision, 0);
          } else if (kind === "delete") {
            const isDeleted = slow.delete(key, revision + 1, 0);
            assert.equal(index.delete(key, revision + 1, 0), isDeleted);
            if (isDeleted) revision++;
          } else if (revision > compacted) {
            compacted += 1 + (where % (revision - compacted));
            compactAll(index, compacted);
          }
        }
        for (let at = Math.max(compacted, 1); at <= revision; at++) {
          let alive = 0;
          for (const key of slow.keys()) {
            const life = slow.lifeAt(key, at);
            if (life !== undefined) alive++;
            assert.equal(lifeOf(index, key, at), life, `key ${key} at ${at}`);
          }
          assert.equal(index.countAt("\0", "\0", at, new FoundVersion()), alive);
        }
        const live = slow.keys().filter((key) => slow.lifeAt(key, revision) !== undefined);
        assert.equal(index.liveSize, live.length);
        for (const end of ["\0", "b", "ab", "bbbb"]) {
          const expected = live.filter((key) => key >= "aa" && (end === "\0" || key < end)).length;
          assert.equal(index.countLive("aa", end), expected, `count [aa, ${end})`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("KeyIndex.compactSlice drops each version once and leaves exactly the readable ones", () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 100, size: "max" }),
      fc.nat(),
      (operations, where) => {
        const index = new KeyIndex(4);
        const slow = new SlowIndex();
        let revision = 1;
        for (const { kind, key } of operations) {
          if (kind === "put") {
            index.put(key, ++revision, 0);
            slow.put(key, revision, 0);
          } else if (slow.delete(key, revision + 1, 0)) index.delete(key, ++revision, 0);
        }
        const bound = 1 + (where % revision);
        const dropped = compactAll(index, bound);
        const expected = slow.versions.filter((v) => {
          if (v.main >= bound) return false;
          const newest = slow.at(v.key, bound);
          return newest?.main !== v.main || v.isTombstone;
        });
        assert.deepEqual(
          dropped.sort(),
          expected.map((v) => `${v.main}.${v.sub}${v.isTombstone ? "t" : ""}`).sort(),
        );
        // A second walk finds nothing, and only a later bound removes the tombstone at the first.
        assert.deepEqual(compactAll(index, bound), []);
      },
    ),
    { numRuns: 300 },
  );
});

test("KeyIndex holds any number of keys in order through inserts and removals", () => {
  const operations = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 400 })), {
    minLength: 200,
    maxLength: 1500,
    size: "max",
  });
  fc.assert(
    fc.property(operations, fc.constantFrom(4, 5, 8), (steps, nodeSize) => {
      const index = new KeyIndex(nodeSize);
      const alive = new Set<string>();
      let revision = 1;
      for (const [isPut, number] of steps) {
        const key = `k${number}`;
        if (isPut) {
          index.put(key, ++revision, 0);
          alive.add(key);
        } else if (alive.delete(key)) {
          index.delete(key, ++revision, 0);
          compactAll(index, revision++);
          compactAll(index, revision);
        }
        assert.equal(index.liveSize, alive.size);
      }
      const seen: string[] = [];
      index.visit("\0", "\0", (key, history) => {
        if (!history.isEnded) seen.push(key);
        return true;
      });
      const sorted = [...alive].sort();
      assert.deepEqual(seen, sorted);
      for (const [at, key] of sorted.entries()) {
        assert.equal(index.countLive("\0", key), at);
        assert.equal(index.countLive(key, "\0"), sorted.length - at);
      }
    }),
    { numRuns: 60 },
  );
});

test("KeyIndex rebuilt from its versions is the index that wrote them", () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 80, size: "max" }),
      fc.nat(),
      (operations, where) => {
        const index = new KeyIndex(4);
        const rows = new Map<string, () => void>();
        const rebuilt = new KeyIndex(4);
        let revision = 1;
        for (const { kind, key } of operations) {
          if (kind === "put") {
            const main = ++revision;
            const { create, version } = index.put(key, main, 0);
            rows.set(`${main}.0`, () => {
              rebuilt.restorePut(key, main, 0, create, version);
            });
          } else if (index.delete(key, revision + 1, 0)) {
            const main = ++revision;
            rows.set(`${main}.0t`, () => {
              rebuilt.restoreTombstone(key, main, 0);
            });
          }
        }
        const bound = 1 + (where % revision);
        for (const row of compactAll(index, bound)) rows.delete(row);
        for (const restore of rows.values()) restore();
        for (let at = bound; at <= revision; at++) {
          for (const key of ["a", "b", "aa", "ab", "ba", "bb"]) {
            assert.equal(lifeOf(rebuilt, key, at), lifeOf(index, key, at), `key ${key} at ${at}`);
          }
        }
        assert.equal(rebuilt.liveSize, index.liveSize);
        assert.equal(rebuilt.size, index.size);
      },
    ),
    { numRuns: 300 },
  );
});

test("KeyHistory keeps a tombstone at the compact revision beside a new put", () => {
  const index = new KeyIndex();
  index.put("k", 2, 0);
  index.delete("k", 3, 0);
  index.put("k", 3, 1);
  assert.deepEqual(compactAll(index, 3), ["2.0"]);
  assert.equal(lifeOf(index, "k", 3), "3.1 create=3 version=1");
  assert.deepEqual(compactAll(index, 4), ["3.0t"]);
  assert.equal(lifeOf(index, "k", 4), "3.1 create=3 version=1");
});

function compactAll(index: KeyIndex, bound: number): string[] {
  const dropped: string[] = [];
  let begin: string | undefined = "\0";
  while (begin !== undefined) {
    begin = index.compactSlice(
      begin,
      bound,
      { keysMax: 2, versionsMax: 2 },
      (main, sub, isTombstone) => {
        dropped.push(`${main}.${sub}${isTombstone ? "t" : ""}`);
      },
    );
  }
  return dropped;
}
