/**
 * Which revision is whose: each belongs to one operation, each operation to at most one revision.
 */
import {
  describeRecord,
  putsOf,
  type KvOperation,
  type KvPut,
  type KvRecord,
} from "../history/kv-records.ts";
import type { Truth, TruthRevision } from "../history/truth.ts";
import { CheckFailure } from "./check-failure.ts";
import { differenceOfChanges } from "./kv-difference.ts";
import type { KvReplay } from "./kv-replay.ts";

/** See the head of the file. Values of puts are unique and so tell whose they are. */
export class WriteClaims {
  readonly #truth: Truth;
  readonly #replay: KvReplay;
  readonly #owners = new Map<number, KvRecord>();
  /** Revisions by key and value. */
  readonly #revisionsByPut = new Map<string, number[]>();
  /** Operations with unknown outcome that no value tells: they only delete. */
  readonly #anonymous = new Map<string, KvRecord[]>();
  /** Changes that such operations stand for. */
  readonly #explained = new Map<KvRecord, TruthRevision>();

  /** O(events). */
  constructor(truth: Truth, replay: KvReplay) {
    this.#truth = truth;
    this.#replay = replay;
    for (const { revision, events } of truth.revisions) {
      for (const { kind, key, value } of events) {
        if (kind === "delete") continue;
        const name = nameOf(key, value);
        const revisions = this.#revisionsByPut.get(name);
        if (revisions === undefined) this.#revisionsByPut.set(name, [revision]);
        else revisions.push(revision);
      }
    }
  }

  /** Revisions at which values of an operation were written, ascending. */
  revisionsOf(operation: KvOperation): readonly number[] {
    const revisions = putsOf(operation).flatMap(
      ({ key, value }) => this.#revisionsByPut.get(nameOf(key, value)) ?? [],
    );
    return [...new Set(revisions)].sort((one, other) => one - other);
  }

  /** @throws CheckFailure P6 for a value that was written more than once. */
  requireAtMostOnce({ key, value }: KvPut, record: KvRecord): void {
    const revisions = this.#revisionsByPut.get(nameOf(key, value)) ?? [];
    if (revisions.length > 1) {
      fail("P6", record, `it took effect more than once, at revisions ${revisions.join(", ")}`);
    }
  }

  /** @throws CheckFailure P7 for a revision that is another's. */
  claim(revision: number, record: KvRecord): void {
    const owner = this.#owners.get(revision);
    if (owner !== undefined) {
      fail("P7", record, `revision ${revision} belongs to another: ${describeRecord(owner)}`);
    }
    this.#owners.set(revision, record);
  }

  /**
   * Finds what became of an operation whose client does not know.
   *
   * @returns Whether it took effect; false also where that cannot be seen yet.
   */
  claimUnknown(record: KvRecord): boolean {
    const { operation } = record;
    const revisions = this.revisionsOf(operation);
    const [revision] = revisions;
    if (revision === undefined) {
      if (mayDelete(operation)) this.#addAnonymous(record);
      return false;
    }
    const found = this.#revisionAt(revision);
    if (found === undefined || revisions.length > 1) {
      fail("P6", record, `it took effect more than once, at revisions ${revisions.join(", ")}`);
    }
    if (found.atMillis < record.callMillis) {
      fail("P6", record, `it took effect at ${found.atMillis}, before its call`);
    }
    const { changes } = this.#replay.run(operation, revision - 1);
    const difference = differenceOfChanges(changes, found.events);
    if (difference !== undefined) {
      fail("P5", record, `it took effect in part at revision ${revision}: ${difference}`);
    }
    this.claim(revision, record);
    return true;
  }

  /**
   * Requires an operation behind every change of the keys.
   *
   * @returns How many revisions were looked at.
   * @throws CheckFailure P6 for a change that nobody asked for.
   */
  requireAllExplained(isOwned: (key: string) => boolean): number {
    const byLeases = new Set(this.#truth.leases.map(({ index }) => index));
    let count = 0;
    for (const found of this.#truth.revisions) {
      if (!found.events.some(({ key }) => isOwned(key))) continue;
      count++;
      if (this.#owners.has(found.revision) || byLeases.has(found.index)) continue;
      if (this.#explain(found, new Set())) continue;
      const events = found.events.map(({ kind, key, value }) => `${kind} ${key} ${value}`);
      const what = `${events.join("; ")} at ${found.atMillis}`;
      throw new CheckFailure("P6", `nobody asked for revision ${found.revision}: ${what}`);
    }
    return count;
  }

  #addAnonymous(record: KvRecord): void {
    const { operation } = record;
    const name = operation.kind === "delete" ? keysOf(operation) : "";
    const records = this.#anonymous.get(name);
    if (records === undefined) this.#anonymous.set(name, [record]);
    else records.push(record);
  }

  /**
   * Finds an operation for a change; where all that explain it stand for other changes, one of
   * those may find another operation in turn (augmenting paths). Which is right cannot be told;
   * that there is an assignment at all is what counts.
   */
  #explain(found: TruthRevision, tried: Set<KvRecord>): boolean {
    const candidates = this.#candidatesFor(found).filter((record) => !tried.has(record));
    const free = candidates.find((record) => !this.#explained.has(record));
    if (free !== undefined) {
      this.#explained.set(free, found);
      return true;
    }
    for (const record of candidates) {
      tried.add(record);
      const other = this.#explained.get(record);
      if (other === undefined || !this.#explain(other, tried)) continue;
      this.#explained.set(record, found);
      return true;
    }
    return false;
  }

  /** Deletions of one key explain the least, so they come first. */
  #candidatesFor(found: TruthRevision): readonly KvRecord[] {
    const names = [...this.#anonymous.keys()].sort((one, other) => other.length - one.length);
    const single = found.events[0];
    if (found.events.length === 1 && single !== undefined) {
      names.unshift(keysOf({ key: single.key, rangeEnd: "" }));
    }
    const records = [...new Set(names)].flatMap((name) => this.#anonymous.get(name) ?? []);
    return records.filter((record) => {
      if (record.callMillis > found.atMillis) return false;
      const { changes } = this.#replay.run(record.operation, found.revision - 1);
      return differenceOfChanges(changes, found.events) === undefined;
    });
  }

  #revisionAt(revision: number): TruthRevision | undefined {
    return this.#truth.revisions[revision - 2];
  }
}

/** Whether an operation can change the store without writing a value. */
function mayDelete(operation: KvOperation): boolean {
  if (operation.kind === "delete") return true;
  if (operation.kind !== "txn") return false;
  return [...operation.success, ...operation.failure].some(mayDelete);
}

function nameOf(key: string, value: string): string {
  return `${key.length} ${key}${value}`;
}

function keysOf({ key, rangeEnd }: { readonly key: string; readonly rangeEnd: string }): string {
  return `${key.length} ${key}${rangeEnd}`;
}

function fail(promise: string, record: KvRecord, message: string): never {
  throw new CheckFailure(promise, `${message}\n  ${describeRecord(record)}`);
}
