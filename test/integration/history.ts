/** What a member says of the past, compared with others and with what writers were told. */
import assert from "node:assert/strict";
import { connect } from "@quorate/client";
import type { Outcome, RowRecord, WriterRecord } from "./writers.ts";

/** One event of a history. */
export interface PastEvent {
  readonly revision: number;
  readonly type: "put" | "delete";
  readonly value: string;
}

/** Everything one member holds at one revision. */
export interface MemberView {
  /** First revision that the events reach back to. */
  readonly firstRevision: number;
  readonly revision: number;
  /** `revision type key value` of each event since the first revision, in order. */
  readonly events: readonly string[];
  /** The same events by key. */
  readonly byKey: ReadonlyMap<string, readonly PastEvent[]>;
  /** Mod revision by key. */
  readonly rows: ReadonlyMap<string, number>;
}

/**
 * Reads all of one member, up to the revision that a fresh read tells.
 *
 * @param firstRevision - Where to begin; behind the last compaction. @default 1
 */
export async function viewOf(endpoint: string, firstRevision = 1): Promise<MemberView> {
  await using client = connect({ endpoints: [endpoint], defaultDeadlineMillis: 30_000 });
  const { kvs, revision } = await client.getAll({ prefix: "" });
  const rows = new Map(kvs.map((kv) => [kv.keyText(), kv.modRevision]));
  const events: string[] = [];
  const byKey = new Map<string, PastEvent[]>();
  if (revision > 1 && revision >= firstRevision) {
    await using watcher = client.watch({ prefix: "" }, { startRevision: firstRevision });
    for await (const batch of watcher.batches()) {
      if (batch.kind !== "events") continue;
      for (const { kv, type } of batch.events) {
        // A write that its writer gave up may still come, and share a batch with the last event.
        if (kv.modRevision > revision) continue;
        const [key, value] = [kv.keyText(), kv.text()];
        events.push(`${kv.modRevision} ${type} ${key} ${value}`);
        const past = byKey.get(key) ?? [];
        past.push({ revision: kv.modRevision, type, value });
        byKey.set(key, past);
      }
      // A revision is never split over batches, so its last event is in this one.
      if ((batch.events.at(-1)?.kv.modRevision ?? 0) >= revision) break;
    }
  }
  return { firstRevision, revision, events, byKey, rows };
}

/** Holds what writers were told against what a member has (P1, P4, P5, P6). */
export function checkRecords(view: MemberView, records: readonly WriterRecord[]): void {
  for (const record of records) {
    for (const [row, known] of record.rows) checkRow(view, row, known);
    for (const { key, value, revision } of record.reads) {
      if (revision < view.firstRevision) continue;
      const expected = valueAt(view, key, revision);
      if (expected === undefined && view.firstRevision > 1) continue;
      assert.equal(value, expected, `read of ${key} at revision ${revision} (P1)`);
    }
  }
  const mine = new Set(records.flatMap(({ rows }) => [...rows.keys()]));
  const names = records.map(({ name }) => `rows/${name}/`);
  for (const row of view.rows.keys()) {
    if (!names.some((name) => row.startsWith(name))) continue;
    assert.ok(mine.has(row), `${row} was written by someone`);
  }
}

function checkRow(view: MemberView, row: string, { written, removed }: RowRecord): void {
  const past = view.byKey.get(row) ?? [];
  const puts = past.filter(({ type }) => type === "put");
  const isRemoved = past.some(({ type }) => type === "delete");
  assert.ok(puts.length <= 1, `${row} was written once: ${JSON.stringify(past)} (P6)`);
  if (written === "refused") {
    assert.equal(past.length, 0, `${row} was refused for good, yet it was written (P6)`);
    return;
  }
  if (typeof written === "number" && written >= view.firstRevision) {
    assert.equal(puts[0]?.revision, written, `acknowledged ${row} is in the history (P4)`);
  }
  const isThere = view.rows.has(row);
  if (typeof removed === "number") assert.ok(!isThere, `${row} was removed (P4)`);
  if (!mayBeRemoved(removed)) {
    assert.ok(!isRemoved, `nobody removed ${row} (P6)`);
    if (typeof written !== "number") return;
    assert.equal(view.rows.get(row), written, `acknowledged ${row} is there (P4)`);
  }
}

function mayBeRemoved(removed: Outcome | undefined): boolean {
  return removed !== undefined && removed !== "refused";
}

/** Value of a key as the history has it at a revision; undefined when it does not reach back. */
function valueAt(view: MemberView, key: string, revision: number): string | undefined {
  const past = view.byKey.get(key)?.filter((event) => event.revision <= revision);
  return past?.at(-1)?.value;
}
