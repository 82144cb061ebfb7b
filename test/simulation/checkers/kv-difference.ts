/** First differences between what was seen and what is right, in words. */
import type { KvAnswer, KvPair } from "../history/kv-records.ts";
import type { TruthEvent } from "../history/truth.ts";
import type { KvChange } from "./kv-replay.ts";

/** The first difference of two answers; undefined if there is none. */
export function differenceOfAnswers(expected: KvAnswer, seen: KvAnswer): string | undefined {
  if (expected.kind !== seen.kind) return said("an answer of kind", expected.kind, seen.kind);
  if (expected.revision !== seen.revision) {
    return said("revision", expected.revision, seen.revision);
  }
  if (expected.kind === "put" && seen.kind === "put") {
    return differenceOfPairs("previous", listOf(expected.previous), listOf(seen.previous));
  }
  if (expected.kind === "delete" && seen.kind === "delete") {
    if (expected.deleted !== seen.deleted) return said("deleted", expected.deleted, seen.deleted);
    return differenceOfPairs("previous", expected.previous, seen.previous);
  }
  if (expected.kind === "range" && seen.kind === "range") {
    if (expected.count !== seen.count) return said("count", expected.count, seen.count);
    if (expected.more !== seen.more) return said("more", expected.more, seen.more);
    return differenceOfPairs("pairs", expected.pairs, seen.pairs);
  }
  if (expected.kind === "txn" && seen.kind === "txn") {
    if (expected.succeeded !== seen.succeeded) {
      return said("succeeded", expected.succeeded, seen.succeeded);
    }
    return differenceOfResults(expected.results, seen.results);
  }
  return undefined;
}

function differenceOfResults(
  expected: readonly KvAnswer[],
  seen: readonly KvAnswer[],
): string | undefined {
  if (expected.length !== seen.length) return said("results", expected.length, seen.length);
  for (const [index, answer] of expected.entries()) {
    const other = seen[index];
    const difference = other === undefined ? "missing" : differenceOfAnswers(answer, other);
    if (difference !== undefined) return `step ${index}: ${difference}`;
  }
  return undefined;
}

/** The first difference between what an operation changes and what a revision changed. */
export function differenceOfChanges(
  changes: readonly KvChange[],
  events: readonly TruthEvent[],
): string | undefined {
  if (changes.length !== events.length) {
    const seen = events.map(keyOf).join(", ");
    return `${events.length} changes (${seen}), ${changes.length} are right`;
  }
  for (const [index, change] of changes.entries()) {
    const event = events[index];
    if (event?.kind !== change.kind) return said("kind", change.kind, event?.kind);
    const key = change.kind === "put" ? change.pair.key : change.key;
    if (event.key !== key) return said("key", key, event.key);
    if (change.kind === "delete") continue;
    const difference = differenceOfPairs("pair", [change.pair], [event]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differenceOfPairs(
  what: string,
  expected: readonly KvPair[],
  seen: readonly KvPair[],
): string | undefined {
  for (let index = 0; index < Math.max(expected.length, seen.length); index++) {
    const [left, right] = [textOf(expected[index]), textOf(seen[index])];
    if (left !== right) return said(`${what} ${index}`, left, right);
  }
  return undefined;
}

function textOf(pair: KvPair | undefined): string {
  if (pair === undefined) return "none";
  const { key, value, createRevision, modRevision, version, lease } = pair;
  const revisions = `create=${createRevision} mod=${modRevision} version=${version}`;
  return `${key}=${JSON.stringify(value)} ${revisions} lease=${lease}`;
}

function keyOf({ kind, key }: TruthEvent): string {
  return `${kind} ${key}`;
}

function listOf(pair: KvPair | undefined): readonly KvPair[] {
  return pair === undefined ? [] : [pair];
}

function said(what: string, expected: unknown, seen: unknown): string {
  return `${what} is ${String(seen)}, right is ${String(expected)}`;
}
