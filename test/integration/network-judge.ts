/**
 * Holds what clients were told against the history that the members tell in the end.
 *
 * With the whole history by revision at hand, strict serializability needs no search (D10): every
 * answer names its revision, so it is compared with the state at exactly that revision, and real
 * time is kept if no answer is below what was known before its call.
 */
import assert from "node:assert/strict";
import { connect } from "@quorate/client";
import { within } from "../support/deadline.ts";
import type { CallRecord, ReadRecord, WriteRecord } from "./network-load.ts";

const historyMillis = 20_000;

/** A change of a key, as a watcher is told it. */
interface Change {
  readonly revision: number;
  readonly type: "put" | "delete";
  readonly key: string;
  readonly value: string;
}

/** What the clients of a load remember. */
export interface LoadRecords {
  readonly writes: readonly WriteRecord[];
  readonly reads: readonly ReadRecord[];
  readonly sights: readonly ReadRecord[];
}

/** What a judged run was like. */
export interface Verdict {
  readonly acknowledged: number;
  readonly unknown: number;
  /** Unknown ones that did take effect. */
  readonly surfaced: number;
  readonly failed: number;
  readonly reads: number;
}

/**
 * Judges the records of a load.
 *
 * @param endpoints - Of all members; they must be able to serve.
 * @param firstRevision - Where the load began; behind the last compaction. @default 1
 * @throws AssertionError that names the promise and the first answer that breaks it.
 */
export async function judge(
  name: string,
  endpoints: readonly string[],
  { writes, reads, sights }: LoadRecords,
  firstRevision = 1,
): Promise<Verdict> {
  const history = new KeyHistory(await agreedHistory(name, endpoints, firstRevision));
  for (const write of writes) judgeWrite(history, write);
  for (const read of [...reads, ...sights]) judgeRead(history, read);
  judgeMonotony(reads);
  const written = new Set(writes.map((write) => write.value));
  const count = (kind: string): number =>
    writes.filter((write) => write.outcome.kind === kind).length;
  for (const change of history.changes) {
    assert.ok(written.has(change.value), `P6: nobody wrote ${describeChange(change)}`);
  }
  return {
    acknowledged: count("done"),
    unknown: count("unknown"),
    surfaced: writes.filter(({ value, outcome }) => {
      return outcome.kind === "unknown" && history.byValue(value) !== undefined;
    }).length,
    failed: count("failed"),
    reads: reads.filter((read) => read.outcome.kind === "done").length,
  };
}

/** The one history of all keys with the prefix that every member tells (P8, W1 to W4). */
async function agreedHistory(
  prefix: string,
  endpoints: readonly string[],
  startRevision: number,
): Promise<readonly Change[]> {
  const first = endpoints[0];
  assert.ok(first);
  await using client = connect({ endpoints: [first] });
  const { revision } = await client.getAll({ prefix: "" });
  const told = await Promise.all(
    endpoints.map(async (endpoint) => {
      const history = historyOf(endpoint, prefix, revision, startRevision);
      return within(historyMillis, `the history of ${endpoint}`, history);
    }),
  );
  for (const [index, { changes, rows, hash }] of told.entries()) {
    const other = told[0];
    assert.ok(other);
    assert.deepEqual(changes, other.changes, `P8: ${endpoints[index]} tells another history`);
    assert.deepEqual(rows, other.rows, `P8: ${endpoints[index]} holds other rows`);
    assert.equal(hash, other.hash, `P8: ${endpoints[index]} has another hash`);
  }
  return told[0]?.changes ?? [];
}

async function historyOf(
  endpoint: string,
  prefix: string,
  revision: number,
  startRevision: number,
): Promise<{ changes: readonly Change[]; rows: readonly string[]; hash: number }> {
  await using client = connect({ endpoints: [endpoint] });
  // Linearizable: the member has caught up with all that was answered before.
  const { kvs } = await client.getAll({ prefix: "" }, { revision });
  const rows = kvs.map((kv) => `${kv.keyText()} ${kv.modRevision} ${kv.version} ${kv.text()}`);
  const { hash } = await client.maintenance.hashKv({ revision });
  const changes: Change[] = [];
  await using watcher = client.watch({ prefix }, { startRevision, progress: true });
  const last = kvs
    .filter((kv) => kv.keyText().startsWith(prefix))
    .reduce((most, kv) => Math.max(most, kv.modRevision), 0);
  if (last === 0) return { changes, rows, hash };
  for await (const batch of watcher.batches()) {
    if (batch.kind !== "events") continue;
    for (const { kv, type } of batch.events) {
      // A write that its client gave up may still come, and share a batch with the last change.
      if (kv.modRevision > revision) continue;
      changes.push({ revision: kv.modRevision, type, key: kv.keyText(), value: kv.text() });
    }
    if (batch.revision >= last) break;
  }
  return { changes, rows, hash };
}

/** All changes, by value and by key and revision. */
class KeyHistory {
  readonly changes: readonly Change[];
  readonly #byValue = new Map<string, Change>();
  readonly #byKey = new Map<string, Change[]>();

  constructor(changes: readonly Change[]) {
    this.changes = changes;
    for (const [index, change] of changes.entries()) {
      const before = changes[index - 1];
      assert.ok(
        before === undefined || before.revision <= change.revision,
        `W1: ${describeChange(change)} comes late`,
      );
      // No client of a load writes more than one key at a time.
      assert.ok(
        before?.revision !== change.revision,
        `P7: ${describeChange(change)} is at the revision of another write`,
      );
      assert.ok(!this.#byValue.has(change.value), `P6: twice: ${describeChange(change)}`);
      this.#byValue.set(change.value, change);
      const ofKey = this.#byKey.get(change.key) ?? [];
      ofKey.push(change);
      this.#byKey.set(change.key, ofKey);
    }
  }

  byValue(value: string): Change | undefined {
    return this.#byValue.get(value);
  }

  /** The newest change of a key at or below a revision. */
  at(key: string, revision: number): Change | undefined {
    const changes = this.#byKey.get(key) ?? [];
    let [low, high] = [0, changes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((changes[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return changes[low - 1];
  }
}

function judgeWrite(history: KeyHistory, write: WriteRecord): void {
  const { outcome, value, key, floor, expected } = write;
  const change = history.byValue(value);
  if (outcome.kind === "failed") {
    assert.equal(change, undefined, `P6: a failed write is there: ${describeCall(write, value)}`);
  }
  if (outcome.kind === "done") {
    assert.equal(change?.revision, outcome.revision, `P4: lost: ${describeCall(write, value)}`);
    assert.equal(change.key, key);
    assert.ok(outcome.revision > floor, `P1: back in time: ${describeCall(write, value)}`);
  }
  if (change === undefined) return;
  assert.ok(change.revision > floor, `P1: before its call: ${describeCall(write, value)}`);
  if (expected === undefined) return;
  const before = history.at(key, change.revision - 1)?.revision ?? 0;
  assert.equal(before, expected, `P5: its condition did not hold: ${describeCall(write, value)}`);
}

function judgeRead(history: KeyHistory, read: ReadRecord): void {
  const { outcome, key, floor, seen, isSerializable } = read;
  if (outcome.kind !== "done") return;
  if (!isSerializable) {
    assert.ok(outcome.revision >= floor, `P2: stale: ${describeCall(read, seen?.value)}`);
  }
  const change = history.at(key, outcome.revision);
  assert.equal(
    seen?.value,
    change?.value,
    `P1: not that state: ${describeCall(read, seen?.value)}`,
  );
  assert.equal(seen?.modRevision, change?.revision);
}

/** One member never goes backwards, whatever it was through (P3). */
function judgeMonotony(reads: readonly ReadRecord[]): void {
  const newest = new Map<number, number>();
  for (const read of reads) {
    if (read.outcome.kind !== "done") continue;
    const before = newest.get(read.member) ?? 0;
    assert.ok(read.outcome.revision >= before, `P3: backwards: ${describeCall(read, "")}`);
    newest.set(read.member, read.outcome.revision);
  }
}

function describeCall(call: CallRecord, value: string | undefined): string {
  const { outcome, member, key, floor, begunAt, endedAt } = call;
  const result = outcome.kind === "done" ? `revision ${outcome.revision}` : outcome.code;
  const times = `${begunAt.toFixed(1)} to ${endedAt.toFixed(1)} ms`;
  return `member ${member}, ${key} = ${value}, floor ${floor}, ${result}, ${times}`;
}

function describeChange({ revision, type, key, value }: Change): string {
  return `${type} ${key} = ${value} at revision ${revision}`;
}
