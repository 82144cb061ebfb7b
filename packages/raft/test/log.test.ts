import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyConfiguration, entryBytes, toLogIndex, toTerm, type Entry } from "@quorate/raft";
import { RaftLog } from "../src/log.ts";
import type { LogWrite } from "../src/write-tracker.ts";

/** The plainest log there is: the whole history, and a disk that copies. */
class ModelLog {
  entries: Entry[] = [];
  compacted = 0;
  commit = 0;
  applied = 0;
  handedOut = 0;
  disk: Entry[] = [];
  /** Writes under way, each with the entries from `first` on as they were then. */
  writes: { readonly first: number; readonly entries: readonly Entry[] }[] = [];

  termAt(index: number): number | undefined {
    if (index === 0) return 0;
    return index < this.compacted ? undefined : this.entries[index - 1]?.term;
  }

  /** The longest prefix that is on the disk and that no write under way will cut. */
  get persisted(): number {
    const cut = Math.min(...this.writes.map((write) => write.first), Infinity);
    let count = 0;
    while (
      count < this.entries.length &&
      count + 1 < cut &&
      this.disk[count] === this.entries[count]
    ) {
      count += 1;
    }
    return count;
  }
}

type Step =
  | { readonly kind: "append"; readonly back: number; readonly terms: readonly number[] }
  | { readonly kind: "write" | "complete" | "apply" }
  | { readonly kind: "commit" | "compact"; readonly part: number };

const part = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("append"),
    back: fc.nat(4),
    terms: fc.array(fc.nat(1), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constantFrom("write", "complete", "apply") }),
  fc.record({ kind: fc.constantFrom("commit", "compact"), part }),
);

test("RaftLog agrees with a log that copies everything, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const zero = toLogIndex(0);
      const base = { index: zero, term: toTerm(0), configuration: emptyConfiguration };
      const log = new RaftLog(base, [], { commit: zero, applied: zero });
      const model = new ModelLog();
      const writes: LogWrite[] = [];
      let term = 1;
      for (const each of steps) {
        if (each.kind === "append") term += 1;
        takeStep(each, term, { log, model, writes });
        assertSame(log, model);
      }
    }),
    { numRuns: 1_500 },
  );
});

function takeStep(
  step: Step,
  term: number,
  { log, model, writes }: { log: RaftLog; model: ModelLog; writes: LogWrite[] },
): void {
  switch (step.kind) {
    case "append": {
      // A leader of a newer term agrees with the log up to some entry and brings others after it.
      const previous = Math.max(model.commit, model.compacted, model.entries.length - step.back);
      const entries = step.terms.map((_, i): Entry => ({
        index: toLogIndex(previous + 1 + i),
        term: toTerm(term),
        kind: "normal",
        data: new Uint8Array(i),
      }));
      const previousTerm = toTerm(model.termAt(previous) ?? -1);
      const at = { index: toLogIndex(previous), term: previousTerm };
      const outcome = log.appendFromLeader(at, entries);
      assert.deepEqual(outcome, { kind: "appended", lastIndex: previous + entries.length });
      model.entries = [...model.entries.slice(0, previous), ...entries];
      model.handedOut = Math.min(model.handedOut, previous);
      // The same message again changes nothing; nor does a shorter one cut the log.
      log.appendFromLeader(at, entries);
      log.appendFromLeader(at, entries.slice(0, 1));
      return;
    }
    case "write": {
      const { write, entries } = log.takeWrite();
      writes.push(write);
      const expected = model.entries.slice(model.handedOut);
      assert.deepEqual(entries, expected);
      model.writes.push({
        first: expected.length === 0 ? Infinity : model.handedOut + 1,
        entries: expected,
      });
      model.handedOut = model.entries.length;
      return;
    }
    case "complete": {
      const write = writes.shift();
      const modelled = model.writes.shift();
      if (write === undefined || modelled === undefined) return;
      log.completeWrite(write);
      if (modelled.entries.length > 0) {
        model.disk = [...model.disk.slice(0, modelled.first - 1), ...modelled.entries];
      }
      return;
    }
    case "commit": {
      const index = model.commit + Math.floor(step.part * (model.entries.length - model.commit));
      log.commitTo(index);
      model.commit = Math.max(model.commit, index);
      return;
    }
    case "apply": {
      const through = Math.max(model.applied, Math.min(model.commit, model.persisted));
      const expected = model.entries.slice(model.applied, through);
      assert.deepEqual(log.takeCommitted(Infinity), expected);
      model.applied = through;
      log.applied(through);
      return;
    }
    case "compact": {
      const index = Math.floor(step.part * model.applied);
      log.compact(index);
      model.compacted = Math.max(model.compacted, index);
    }
  }
}

function assertSame(log: RaftLog, model: ModelLog): void {
  assert.equal(log.lastIndex, model.entries.length);
  assert.equal(log.commitIndex, model.commit);
  assert.equal(log.appliedIndex, model.applied);
  assert.equal(log.compactedIndex, model.compacted);
  assert.ok(log.persistedIndex <= model.persisted, "claims what is not, or will not stay, durable");
  if (model.writes.length === 0) assert.equal(log.persistedIndex, model.persisted);
  const held = model.entries.slice(model.compacted);
  assert.equal(
    log.bytes,
    held.reduce((sum, entry) => sum + entryBytes(entry), 0),
  );
  for (let index = 0; index <= model.entries.length + 1; index += 1) {
    const expected = index === model.entries.length + 1 ? undefined : model.termAt(index);
    assert.equal(log.termAt(index), index < model.compacted ? undefined : expected);
  }
}

test("a write whose entries were overwritten and then brought back is not believed", () => {
  const zero = toLogIndex(0);
  const base = { index: zero, term: toTerm(0), configuration: emptyConfiguration };
  const log = new RaftLog(base, [], { commit: zero, applied: zero });
  const entry = (index: number, term: number): Entry => ({
    index: toLogIndex(index),
    term: toTerm(term),
    kind: "normal",
    data: new Uint8Array(0),
  });
  const start = { index: zero, term: toTerm(0) };
  log.appendFromLeader(start, [entry(1, 1), entry(2, 1)]);
  const first = log.takeWrite().write;
  log.appendFromLeader(start, [entry(1, 2)]);
  const second = log.takeWrite().write;
  log.appendFromLeader(start, [entry(1, 1), entry(2, 1)]);
  const third = log.takeWrite().write;
  log.commitTo(2);
  // The disk now holds 1/1 2/1, the very entries of the log; but the second write will cut them
  // off.
  log.completeWrite(first);
  assert.equal(log.persistedIndex, 0);
  assert.deepEqual(log.takeCommitted(Infinity), []);
  log.completeWrite(second);
  assert.equal(log.persistedIndex, 0);
  log.completeWrite(third);
  assert.equal(log.persistedIndex, 2);
});
