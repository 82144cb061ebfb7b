/**
 * The revision checker (D10 (i)): every answer that clients got is compared with what the store
 * really did, at the revision that the answer names. One pass, O(n log n).
 *
 * What each answer must keep to:
 *
 * - **P1** its effect lies between its call and its return, and its content is that of its
 *   revision;
 * - **P2** a linearizable read shows at least all that was answered before its call;
 * - **P3** a serializable read shows some revision, and one member never an older one than before;
 * - **P4** what was answered is in the store's history;
 * - **P5** a transaction is there whole, or not at all;
 * - **P6** what failed for good never took effect, what is unknown at most once and after its call,
 *   and nothing took effect that nobody asked for;
 * - **P7** no revision belongs to two operations, and writes get larger ones than anything before;
 * - **P9** old revisions are exact, and refused exactly when they were compacted.
 */
import type { Coverage } from "../coverage.ts";
import {
  accessOf,
  describeRecord,
  hasWritten,
  putsOf,
  type KvAnswer,
  type KvOperation,
  type KvOutcome,
  type KvRecord,
} from "../history/kv-records.ts";
import type { Truth, TruthRevision } from "../history/truth.ts";
import { CheckFailure } from "./check-failure.ts";
import { differenceOfAnswers, differenceOfChanges } from "./kv-difference.ts";
import { RealTimeEdges } from "./kv-edges.ts";
import { KvReplay } from "./kv-replay.ts";
import { WriteClaims } from "./kv-write-claims.ts";

/** Options of {@link checkKvHistory}. */
export interface KvHistoryOptions {
  /**
   * Whether nobody but the recorded clients changes a key: then every change of it must be one of
   * theirs. @default for no key
   */
  readonly isOwned?: (key: string) => boolean;
}

/** A record whose answer came. */
export type AnsweredRecord = KvRecord & { readonly outcome: Extract<KvOutcome, { kind: "ok" }> };

/**
 * Judges all records of a workload.
 *
 * @throws CheckFailure with the broken promise, and the record that shows it.
 */
export function checkKvHistory(
  records: readonly KvRecord[],
  truth: Truth,
  coverage: Coverage,
  options: KvHistoryOptions = {},
): void {
  new KvHistoryCheck(records, truth, coverage).run(options);
}

class KvHistoryCheck {
  readonly #records: readonly KvRecord[];
  readonly #truth: Truth;
  readonly #coverage: Coverage;
  readonly #replay: KvReplay;
  readonly #edges: RealTimeEdges;
  readonly #claims: WriteClaims;

  constructor(records: readonly KvRecord[], truth: Truth, coverage: Coverage) {
    this.#records = records;
    this.#truth = truth;
    this.#coverage = coverage;
    this.#replay = new KvReplay(truth);
    this.#edges = new RealTimeEdges(records.filter(isAnswered));
    this.#claims = new WriteClaims(truth, this.#replay);
  }

  run({ isOwned }: KvHistoryOptions): void {
    for (const record of this.#records) {
      const { outcome } = record;
      if (isAnswered(record)) this.#answered(record);
      else if (outcome.kind === "error") this.#refused(record, outcome.code);
      for (const put of putsOf(record.operation)) this.#claims.requireAtMostOnce(put, record);
    }
    for (const record of this.#records) {
      if (record.outcome.kind !== "unknown" || accessOf(record.operation) !== "write") continue;
      const isApplied = this.#claims.claimUnknown(record);
      this.#coverage.checked("P6");
      this.#coverage.sometimes("kv: unknown outcome took effect", isApplied);
      this.#coverage.sometimes("kv: unknown outcome had no effect", !isApplied);
    }
    if (isOwned !== undefined) {
      this.#coverage.checked("P6", this.#claims.requireAllExplained(isOwned));
    }
  }

  #answered(record: AnsweredRecord): void {
    const { operation, outcome } = record;
    const { answer } = outcome;
    const access = accessOf(operation);
    const isWrite = access === "write" && hasWritten(answer);
    this.#existence(record, isWrite);
    if (isWrite) this.#write(record);
    else this.#read(record, access === "serializable");
    if (operation.kind !== "txn" || answer.kind !== "txn") return;
    this.#coverage.checked("P5");
    this.#coverage.sometimes("kv: a transaction took its else branch", !answer.succeeded);
  }

  /** An answer names a revision that the store reached, not later than the answer came. */
  #existence(record: AnsweredRecord, isWrite: boolean): void {
    const { revision } = record.outcome.answer;
    const atMillis = this.#replay.view.timeOf(revision);
    if (atMillis === undefined) {
      const last = this.#replay.view.lastRevision;
      fail(
        "P4",
        record,
        `revision ${revision} is not in the store's history, which ends at ${last}`,
      );
    }
    this.#coverage.checked("P4");
    if (atMillis > record.returnMillis) {
      fail("P1", record, `revision ${revision} came about later, at ${atMillis}`);
    }
    if (isWrite && atMillis < record.callMillis) {
      fail("P1", record, `revision ${revision} came about before the call, at ${atMillis}`);
    }
  }

  #write(record: AnsweredRecord): void {
    const { operation, outcome } = record;
    const { revision } = outcome.answer;
    const { answer, changes } = this.#replay.run(operation, revision - 1);
    const found = this.#revisionAt(revision);
    const difference = differenceOfChanges(changes, found.events);
    if (difference !== undefined) {
      const others = this.#claims.revisionsOf(operation);
      const elsewhere = others.length === 0 ? "nowhere else" : `at ${others.join(", ")}`;
      fail(
        operation.kind === "txn" && others.includes(revision) ? "P5" : "P4",
        record,
        `the store's revision ${revision} is another: ${difference}; its values are ${elsewhere}`,
      );
    }
    this.#compare(record, answer, "P1");
    this.#claims.claim(revision, record);
    const floor = this.#edges.floorOf(record);
    if (revision <= floor) {
      fail("P7", record, `revision ${floor} was answered before its call`);
    }
    this.#coverage.checked("P1");
    this.#coverage.checked("P7");
  }

  #read(record: AnsweredRecord, isSerializable: boolean): void {
    const { operation, outcome } = record;
    const { revision } = outcome.answer;
    this.#readable(record, isSerializable);
    const { answer, changes } = this.#replay.run(operation, revision);
    if (changes.length > 0) {
      fail("P1", record, `it should have changed something at revision ${revision}`);
    }
    const isOld = answeredRevisions(operation, outcome.answer).length > 0;
    this.#compare(record, answer, isOld ? "P9" : isSerializable ? "P3" : "P1");
    const floor = this.#edges.floorOf(record);
    if (revision < floor && !isSerializable) {
      fail("P2", record, `revision ${floor} was answered before its call`);
    }
    const memberFloor = this.#edges.memberFloorOf(record);
    const isForgetful = this.#truth.forgetful?.has(record.outcome.memberId) === true;
    if (revision < memberFloor && !isForgetful) {
      const member = record.outcome.memberId.toString(16);
      fail("P3", record, `member ${member} had answered at revision ${memberFloor} before`);
    }
    this.#coverage.checked("P3");
    if (isSerializable) {
      this.#coverage.sometimes("kv: a serializable read was stale", revision < floor);
      return;
    }
    this.#coverage.checked("P1");
    this.#coverage.checked("P2");
  }

  /** Revisions asked for had come about, and were not compacted away before the call. */
  #readable(record: AnsweredRecord, isSerializable: boolean): void {
    const { operation, outcome } = record;
    for (const asked of answeredRevisions(operation, outcome.answer)) {
      if (asked > outcome.answer.revision) {
        fail("P9", record, `revision ${asked} was in the future`);
      }
      const compacted = this.#replay.view.compactedBy(record.callMillis - 1);
      if (!isSerializable && asked < compacted) {
        fail("P9", record, `revision ${asked} was compacted at ${compacted} before the call`);
      }
      this.#coverage.checked("P9");
    }
  }

  #refused(record: KvRecord, code: string): void {
    const isWrite = accessOf(record.operation) === "write";
    if (isWrite) {
      const revisions = this.#claims.revisionsOf(record.operation);
      if (revisions.length > 0) {
        fail("P6", record, `it failed for good, but took effect at ${revisions.join(", ")}`);
      }
      this.#coverage.checked("P6");
    }
    if (code === "compacted") this.#compactedError(record);
    if (code === "future-revision") this.#futureError(record);
  }

  #compactedError(record: KvRecord): void {
    const asked = Math.min(...askedRevisions(record.operation));
    const compacted = this.#replay.view.compactedBy(record.returnMillis);
    if (!(asked < compacted)) {
      fail("P9", record, `revision ${asked} was said to be compacted; compacted is ${compacted}`);
    }
    this.#coverage.checked("P9");
    this.#coverage.sometimes("kv: a read of a compacted revision", true);
  }

  #futureError(record: KvRecord): void {
    const asked = Math.max(...askedRevisions(record.operation));
    const floor = this.#edges.floorOf(record);
    if (asked <= floor && accessOf(record.operation) !== "serializable") {
      fail("P2", record, `revision ${asked} was said to be in the future; ${floor} was answered`);
    }
    this.#coverage.checked("P2");
  }

  #compare(record: AnsweredRecord, expected: KvAnswer, promise: string): void {
    const difference = differenceOfAnswers(expected, record.outcome.answer);
    if (difference !== undefined) fail(promise, record, difference);
  }

  #revisionAt(revision: number): TruthRevision {
    const found = this.#truth.revisions[revision - 2];
    if (found?.revision !== revision) throw new Error(`Cannot find revision ${revision}`);
    return found;
  }
}

function isAnswered(record: KvRecord): record is AnsweredRecord {
  return record.outcome.kind === "ok";
}

/** Old revisions that an answer shows: those of the branches that ran. */
function answeredRevisions(operation: KvOperation, answer: KvAnswer): readonly number[] {
  if (operation.kind !== "txn" || answer.kind !== "txn") return askedRevisions(operation);
  const steps = answer.succeeded ? operation.success : operation.failure;
  return steps.flatMap((step, index) => {
    const result = answer.results[index];
    return result === undefined ? [] : answeredRevisions(step, result);
  });
}

/** Revisions that the ranges of an operation ask for, whichever branch runs. */
function askedRevisions(operation: KvOperation): readonly number[] {
  switch (operation.kind) {
    case "range":
      return operation.revision === 0 ? [] : [operation.revision];
    case "txn":
      return [...operation.success, ...operation.failure].flatMap(askedRevisions);
    default:
      return [];
  }
}

function fail(promise: string, record: KvRecord, message: string): never {
  throw new CheckFailure(promise, `${message}\n  ${describeRecord(record)}`);
}
