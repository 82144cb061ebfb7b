import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryBackend, MvccError, type Backend, type RangeQuery } from "@quorate/mvcc";
import { SlowStore, type SlowChange } from "./slow-store.ts";
import { bytes, describe, openLmdb, openStore, temporaryDirectory } from "./support.ts";

type Step =
  | { readonly kind: "write"; readonly changes: readonly SlowChange[] }
  | { readonly kind: "range"; readonly query: RangeQuery; readonly pageSize: number }
  | { readonly kind: "compact"; readonly behind: number }
  | { readonly kind: "reopen" | "hash" };

const key = fc.stringMatching(/^[ab]{1,2}$/);
const rangeEnd = fc.oneof(fc.constantFrom("", "\0"), key);
const change: fc.Arbitrary<SlowChange> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      key,
      value: fc.stringMatching(/^[xyz]{0,2}$/),
      lease: fc.constantFrom(0n, 0n, 7n, -1n, 2n ** 63n - 1n),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), key, rangeEnd }),
  },
);
const revisionBound = fc.constantFrom(0, 0, 0, 3, 5, 8, 12);
const query: fc.Arbitrary<RangeQuery> = fc.record({
  key,
  rangeEnd,
  revision: fc.oneof(fc.constantFrom(0, -3), fc.integer({ min: 1, max: 40 })),
  limit: fc.constantFrom(0, 0, 1, 2, 3, -1),
  countOnly: fc.constantFrom(false, false, false, true),
  keysOnly: fc.boolean(),
  sortOrder: fc.constantFrom("none", "none", "ascend", "descend"),
  sortTarget: fc.constantFrom("key", "key", "version", "create", "mod", "value"),
  minModRevision: revisionBound,
  maxModRevision: revisionBound,
  minCreateRevision: revisionBound,
  maxCreateRevision: revisionBound,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      changes: fc.array(change, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("range" as const),
      pageSize: fc.integer({ min: 1, max: 4 }),
      query,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("compact" as const), behind: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("reopen" as const, "hash" as const) }),
  },
);

/** A stored file or memory that can be closed and opened again. */
interface Bench {
  readonly reopen: (backend: Backend | undefined) => Promise<Backend>;
  readonly dispose: () => Promise<void>;
}

function memoryBench(): Bench {
  return {
    reopen: (backend) =>
      Promise.resolve(backend instanceof MemoryBackend ? backend.crash() : new MemoryBackend()),
    dispose: () => Promise.resolve(),
  };
}

async function lmdbBench(): Promise<Bench> {
  const directory = await temporaryDirectory();
  return {
    reopen: async (backend) => {
      await backend?.close();
      return openLmdb(join(directory.path, "db"), { commitIntervalMillis: 1, feedRowsMax: 2 });
    },
    dispose: directory.dispose,
  };
}

/** Runs the steps, checks each answer against the model and returns everything that was seen. */
async function run(bench: Bench, steps: readonly Step[]): Promise<readonly string[]> {
  const slow = new SlowStore();
  const seen: string[] = [];
  let backend = await bench.reopen(undefined);
  let store = await openStore(backend, { compactionBatchLimit: 2 });
  for (const current of steps) {
    const where = JSON.stringify(current, (_name, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    if (current.kind === "write") {
      write(store, current.changes);
      slow.write(current.changes);
      assert.equal(store.currentRevision, slow.revision, where);
    } else if (current.kind === "range") {
      const answer = outcome(() => rangeText(store.range(current.query)));
      assert.equal(answer, slow.range(current.query), where);
      assert.equal(
        paged(store, current.query, current.pageSize),
        plain(slow, current.query),
        where,
      );
      assert.equal(sliced(store, current.query, current.pageSize), answer, `sliced ${where}`);
      seen.push(answer);
    } else if (current.kind === "compact") {
      const bound = slow.revision - current.behind;
      const answer = outcome(() => {
        void store.scheduleCompaction(bound);
        return "ok";
      });
      assert.equal(answer, bound <= slow.compacted ? "compacted" : "ok", where);
      if (answer === "ok") slow.compacted = bound;
      backend.endUnit();
    } else if (current.kind === "hash") {
      seen.push(JSON.stringify(await store.hashKv(0)));
    } else {
      await backend.flush();
      store.close();
      backend = await bench.reopen(backend);
      store = await openStore(backend, { compactionBatchLimit: 2 });
      assert.equal(store.currentRevision, slow.revision, `P7 after ${where}`);
      assert.equal(store.compactRevision, slow.compacted, where);
    }
  }
  await store.compactionFinished();
  seen.push(JSON.stringify(await store.hashKv(0)), rowsOf(backend));
  store.close();
  await backend.close();
  return seen;
}

test("MvccStore answers as a list of versions does, on memory and LMDB alike", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const onMemory = await run(memoryBench(), steps);
      const bench = await lmdbBench();
      try {
        assert.deepEqual(await run(bench, steps), onMemory);
      } finally {
        await bench.dispose();
      }
    }),
    { numRuns: 40 },
  );
});

test("MvccStore on memory survives many random histories", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 100, size: "max" }), async (steps) => {
      await run(memoryBench(), steps);
    }),
    { numRuns: 300 },
  );
});

function write(store: Awaited<ReturnType<typeof openStore>>, changes: readonly SlowChange[]): void {
  const txn = store.beginWrite();
  for (const one of changes) {
    if (one.kind === "put") txn.put(one.key, bytes(one.value), one.lease);
    else txn.deleteRange(one.key, one.rangeEnd);
  }
  txn.end();
  store.backend.endUnit();
}

function rangeText(result: ReturnType<Awaited<ReturnType<typeof openStore>>["range"]>): string {
  const head = `revision=${result.revision} count=${result.count} more=${result.more}`;
  return [head, ...result.kvs.map(describe)].join("\n");
}

function outcome(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof MvccError) return error.code;
    throw error;
  }
}

/** The query without what a cursor does not offer. */
function cursorQuery(query: RangeQuery): RangeQuery {
  const { key: begin, rangeEnd: end, revision, limit, keysOnly, countOnly } = query;
  return {
    key: begin,
    ...(end === undefined ? {} : { rangeEnd: end }),
    ...(revision === undefined ? {} : { revision }),
    ...(limit === undefined ? {} : { limit }),
    ...(keysOnly === undefined ? {} : { keysOnly }),
    ...(countOnly === undefined ? {} : { countOnly }),
  };
}

function plain(slow: SlowStore, query: RangeQuery): string {
  return slow.range(cursorQuery(query));
}

/** All pages of a cursor, joined. */
function paged(
  store: Awaited<ReturnType<typeof openStore>>,
  query: RangeQuery,
  pageSize: number,
): string {
  return outcome(() => {
    const cursor = store.openRange(cursorQuery(query));
    const kvs: Uint8Array[] = [];
    while (!cursor.isDone) kvs.push(...cursor.next(pageSize));
    const { revision, count, more } = cursor;
    return rangeText({ revision, count, more, kvs });
  });
}

/** The answer of a job, in steps and pages of a size; `between` runs between two of them. */
function sliced(
  store: Awaited<ReturnType<typeof openStore>>,
  query: RangeQuery,
  size: number,
  between: () => void = () => undefined,
): string {
  return outcome(() => {
    const job = store.startRange(query);
    while (!job.step(size)) between();
    const kvs: Uint8Array[] = [];
    for (; !job.isDone; between()) kvs.push(...job.next(size));
    const { revision, count, more } = job;
    return rangeText({ revision, count, more, kvs });
  });
}

test("MvccStore.startRange sees one revision, whatever is written between its slices", async () => {
  const history = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(history, history, query, fc.integer({ min: 1, max: 3 }), async (...args) => {
      const [before, later, asked, size] = args;
      const slow = new SlowStore();
      const store = await openStore(new MemoryBackend());
      for (const changes of before) {
        write(store, changes);
        slow.write(changes);
      }
      const expected = slow.range(asked);
      const rest = later.values();
      const answer = sliced(store, asked, size, () => {
        const { value } = rest.next();
        if (value !== undefined) write(store, value);
      });
      assert.equal(answer, expected);
      store.close();
    }),
    { numRuns: 200 },
  );
});

test("MvccStore.startRange ends with a typed error once compaction has passed it", async () => {
  const store = await openStore(new MemoryBackend());
  for (const name of ["a", "b", "c"])
    write(store, [{ kind: "put", key: name, value: "1", lease: 0n }]);
  const asked: RangeQuery = { key: "a", rangeEnd: "\0", sortTarget: "mod", sortOrder: "descend" };
  const stepping = store.startRange(asked);
  assert.equal(stepping.step(2), false);
  const ready = store.startRange(asked);
  while (!ready.step(1));
  assert.equal(ready.count, 3);
  write(store, [{ kind: "put", key: "a", value: "2", lease: 0n }]);
  void store.scheduleCompaction(store.currentRevision);
  assert.throws(() => stepping.step(2), { code: "compacted" });
  assert.throws(() => ready.next(1), { code: "compacted" });
  store.close();
});

function rowsOf(backend: Backend): string {
  const rows: string[] = [];
  backend.scan("key", { begin: "" }, (rowKey) => {
    rows.push(Buffer.from(rowKey, "latin1").toString("hex"));
    return true;
  });
  return rows.join(" ");
}
