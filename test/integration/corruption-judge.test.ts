/** What the tests of damaged files accept, and what they must not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefusedStart, describeDamagedEnd } from "./corruption-damage.ts";
import { AcknowledgedRows, rowValue, type ToldRow } from "./corruption-rows.ts";

const damage = "Cannot read database /db: version 7.0 does not match its checksum; remove this";
const bug = "TypeError: Cannot read properties of undefined (reading 'length')";
const lastWords = (error: string): readonly string[] => [
  JSON.stringify({ msg: "stopping at once: cannot go on safely", error }),
];

test("AcknowledgedRows finds a row that is missing, wrong, moved, old or not written", () => {
  const rows = new AcknowledgedRows();
  for (const [at, name] of ["0", "1", "10", "2"].entries()) rows.note(name, at + 2);
  const sound = ["0", "1", "10", "2"].map((name, at) => told(name, rowValue(name), at + 2));
  rows.assertWhole(sound, "sound");
  const broken: Readonly<Record<string, readonly ToldRow[]>> = {
    missing: sound.slice(0, -1),
    all: [],
    wrong: sound.with(1, told("1", rowValue("2"), 3)),
    cut: sound.with(1, told("1", rowValue("1").slice(1), 3)),
    old: sound.with(3, told("2", rowValue("2"), 4)),
    more: [...sound, told("3", rowValue("3"), 6)],
    twice: [...sound, ...sound.slice(-1)],
  };
  for (const [name, kvs] of Object.entries(broken)) {
    assert.throws(() => rows.assertWhole(kvs, name), assert.AssertionError, name);
  }
});

test("describeDamagedEnd takes a sentence about the database and LMDB's signals alone", () => {
  const exit = { code: 1, signal: undefined };
  assert.equal(describeDamagedEnd(exit, lastWords(damage)), "ended by a sentence");
  for (const signal of ["SIGSEGV", "SIGBUS", "SIGABRT"] as const) {
    const end = { code: undefined, signal };
    assert.equal(describeDamagedEnd(end, []), `ended by ${signal}`);
  }
  const failing = assert.AssertionError;
  assert.throws(() => describeDamagedEnd(exit, lastWords(bug)), failing, "an uncaught exception");
  assert.throws(() => describeDamagedEnd(exit, []), failing, "without a word");
  assert.throws(() => describeDamagedEnd({ ...exit, code: 0 }, lastWords(damage)), failing);
  const killed = { code: undefined, signal: "SIGKILL" } as const;
  assert.throws(() => describeDamagedEnd(killed, []), failing, "killed for its memory");
});

test("assertRefusedStart takes the sentence as the last line alone", () => {
  const exit = { code: 1, signal: undefined };
  assertRefusedStart(exit, [`quorate: ${damage}`]);
  assert.throws(() => assertRefusedStart(exit, [`quorate: ${bug}`]), assert.AssertionError);
  const signalled = { code: undefined, signal: "SIGSEGV" } as const;
  assert.throws(() => assertRefusedStart(signalled, [damage]), assert.AssertionError);
});

function told(name: string, value: string, modRevision: number): ToldRow {
  return { modRevision, keyText: () => `key/${name}`, text: () => value };
}
