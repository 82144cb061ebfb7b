/**
 * Judges what watchers saw against what the store did (W1 to W11).
 *
 * What a watcher must be told follows from its wish alone: the events of the truth in its range,
 * from its start, in order. A cursor walks that list beside the answers:
 *
 *     truth, filtered   a5  b7  b8  a9                 cursor: the first that was not seen
 *     seen              a5  b7 | b8     a9      right
 *     seen              a5  b8                  W3: b7 is missing
 *     seen              a5  b7   b7             W2
 *     seen              b7  a5                  W1
 *     progress 8 after  a5  b7                  W6: b8 was not sent
 *
 * So order, uniqueness and completeness are one comparison; the cursor's neighbourhood says which
 * promise is broken.
 */
import type { Coverage } from "../coverage.ts";
import type { Truth, TruthEvent } from "../history/truth.ts";
import { firstIndex, TruthView } from "../history/truth-view.ts";
import type {
  SeenEvent,
  WatchHistory,
  WatchRecord,
  WatchStep,
  WatchWish,
} from "../history/watch-history.ts";
import { check, CheckFailure } from "./check-failure.ts";

/** @throws CheckFailure with the promise that is broken. O(records x events). */
export function checkWatches(history: WatchHistory, truth: Truth, coverage: Coverage): void {
  const view = new TruthView(truth);
  const wanted = new WantedEvents(truth);
  for (const record of history.records) {
    new WatchJudge(record, view, wanted, coverage).run();
  }
  for (const { name, revision, askedMillis, reachedMillis, withinMillis } of history.catchUps) {
    const took = reachedMillis === undefined ? Infinity : reachedMillis - askedMillis;
    check(took <= withinMillis, "W11", () => {
      const seen = reachedMillis === undefined ? "never" : `${took} ms`;
      return `${name} reached revision ${revision}: ${seen}; allowed ${withinMillis} ms`;
    });
    coverage.checked("W11");
  }
  for (const { wanted: reason, reason: got } of history.refusals) {
    check(got === reason, "W10", () => `a watch ended with "${got}", expected "${reason}"`);
    coverage.checked("W10");
  }
}

/** The events that a wish selects from the whole truth; kept for watchers with equal wishes. */
class WantedEvents {
  readonly #truth: Truth;
  readonly #lists = new Map<string, readonly TruthEvent[]>();

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  of(wish: WatchWish): readonly TruthEvent[] {
    const { key, rangeEnd, withoutPuts, withoutDeletes } = wish;
    const name = JSON.stringify([key, rangeEnd, withoutPuts, withoutDeletes]);
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    const list = this.#truth.revisions.flatMap(({ events }) =>
      events.filter((event) => isWanted(event, wish)),
    );
    this.#lists.set(name, list);
    return list;
  }
}

/** Whether a key lies in a wire range. */
export function isInRange(key: string, begin: string, rangeEnd: string): boolean {
  if (rangeEnd === "") return key === begin;
  return key >= begin && (rangeEnd === "\0" || key < rangeEnd);
}

function isWanted(event: TruthEvent, wish: WatchWish): boolean {
  if (event.kind === "put" ? wish.withoutPuts : wish.withoutDeletes) return false;
  return isInRange(event.key, wish.key, wish.rangeEnd);
}

/** Walks one record. */
class WatchJudge {
  readonly #record: WatchRecord;
  readonly #view: TruthView;
  readonly #wanted: readonly TruthEvent[];
  readonly #coverage: Coverage;
  /** First revision that must be reported; undefined before the creation. */
  #start: number | undefined;
  #createdRevision = 0;
  /** Place in `#wanted` of the next event. */
  #cursor = 0;
  #first = 0;
  #progress = 0;
  #isCancelled = false;

  constructor(record: WatchRecord, view: TruthView, wanted: WantedEvents, coverage: Coverage) {
    this.#record = record;
    this.#view = view;
    this.#wanted = wanted.of(record.wish);
    this.#coverage = coverage;
  }

  run(): void {
    for (const step of this.#record.steps) {
      if (this.#isCancelled) this.#fail("W10", `${step.kind} after the cancel`);
      this.#step(step);
    }
    if (this.#record.isResumption && this.#start !== undefined) this.#coverage.checked("W5");
  }

  #step(step: WatchStep): void {
    if (step.kind === "cancelled") {
      this.#cancelled(step);
    } else if (step.kind === "created") {
      this.#created(step.revision, step.atMillis);
    } else {
      if (this.#start === undefined) this.#fail("W10", `${step.kind} before the creation`);
      if (step.kind === "progress") this.#progressed(step.revision, step.atMillis, this.#start);
      else this.#events(step.events, step, this.#start);
    }
  }

  #created(revision: number, atMillis: number): void {
    if (this.#start !== undefined) this.#fail("W10", "created twice");
    this.#assertApplied(revision, atMillis, "created");
    const { startRevision } = this.#record.wish;
    this.#start = startRevision === 0 ? revision + 1 : startRevision;
    this.#createdRevision = revision;
    const start = this.#start;
    const at = (index: number): number => this.#wanted[index]?.modRevision ?? 0;
    this.#cursor = firstIndex(this.#wanted.length, (index) => at(index) >= start);
    this.#first = this.#cursor;
    this.#coverage.sometimes("watch from a future revision (C42)", start > revision + 1);
    const first = this.#wanted[this.#cursor];
    const isCompacted = this.#view.truth.compactions.some((each) => each.revision === start);
    const isTombstone = first?.kind === "delete" && first.modRevision === start && isCompacted;
    this.#coverage.sometimes("watch from a tombstone at the compact revision (C41)", isTombstone);
  }

  #events(
    events: readonly SeenEvent[],
    step: { readonly atMillis: number; readonly isFragment: boolean },
    start: number,
  ): void {
    if (events.length === 0) this.#fail("W4", "an answer with neither events nor meaning");
    if (step.isFragment && !this.#record.mayFragment) {
      this.#fail("W4", "an answer in fragments, for which it was not asked");
    }
    const cursorBefore = this.#cursor;
    for (const event of events) {
      const expected = this.#wanted[this.#cursor];
      if (!isSameChange(event, expected)) this.#misplaced(event, start);
      this.#compare(event, expected, step.atMillis);
      this.#assertApplied(event.modRevision, step.atMillis, `event ${textOf(event)}`);
      this.#cursor += 1;
    }
    const last = events.at(-1)?.modRevision;
    const next = this.#wanted[this.#cursor];
    if (!step.isFragment && next !== undefined && next.modRevision === last) {
      this.#fail("W4", `an answer ends within revision ${last}: ${textOf(next)} is missing`);
    }
    this.#count(events, cursorBefore);
    if (this.#isFuture(start)) this.#coverage.checked("W8");
    this.#coverage.sometimes("watch answer in fragments", step.isFragment);
  }

  /** What an answer that is right has shown; a first event stands in no order. */
  #count(events: readonly SeenEvent[], cursorBefore: number): void {
    const following = this.#first === cursorBefore ? events.length - 1 : events.length;
    // In order, not seen before, and nothing between it and the one before it.
    for (const promise of ["W1", "W2", "W3"]) this.#coverage.checked(promise, following);
    this.#coverage.checked("W7", events.length);
    this.#coverage.checked("W4");
  }

  /** An event that is not the next one: says which promise that breaks. */
  #misplaced(event: SeenEvent, start: number): never {
    const next = this.#wanted[this.#cursor];
    const place = this.#wanted.findIndex((each) => isSameChange(event, each));
    const wanted = next === undefined ? "nothing more" : textOf(next);
    const what = `${textOf(event)}, expected ${wanted}`;
    if (place < 0) this.#fail("W7", `${what}: never happened, or not what was asked for`);
    if (event.modRevision < start) {
      this.#fail(this.#isFuture(start) ? "W8" : "W1", `${what}: before the start ${start}`);
    }
    if (place < this.#cursor) this.#fail("W2", `${what}: it was reported before`);
    const isLater = this.#record.steps.some(
      (step) => step.kind === "events" && step.events.some((each) => isSameChange(each, next)),
    );
    this.#fail(isLater ? "W1" : "W3", what);
  }

  #compare(seen: SeenEvent, expected: TruthEvent | undefined, atMillis: number): void {
    if (expected === undefined) return;
    const isPut = expected.kind === "put";
    const fields = {
      value: expected.value,
      createRevision: isPut ? expected.createRevision : 0,
      version: isPut ? expected.version : 0,
      lease: isPut ? expected.lease : 0n,
    };
    const isExact =
      seen.value === fields.value &&
      seen.createRevision === fields.createRevision &&
      seen.version === fields.version &&
      seen.lease === fields.lease;
    if (!isExact) this.#fail("W7", `${textOf(seen)}: ${plain(seen)}, expected ${plain(fields)}`);
    const previous = this.#record.wish.previous ? expected.previous : undefined;
    if (seen.previous === undefined) {
      // History before the compact revision is gone, and the pair before may lie there.
      const isGone = this.#view.compactedBy(atMillis) >= seen.modRevision;
      if (previous === undefined || isGone) return;
      this.#fail("W7", `${textOf(seen)} without the pair before, expected ${plain(previous)}`);
    }
    const isEqual =
      previous !== undefined &&
      seen.previous.value === previous.value &&
      seen.previous.createRevision === previous.createRevision &&
      seen.previous.modRevision === previous.modRevision &&
      seen.previous.version === previous.version &&
      seen.previous.lease === previous.lease;
    if (isEqual) return;
    const wanted = previous === undefined ? "none" : plain(previous);
    this.#fail("W7", `${textOf(seen)}: before it ${plain(seen.previous)}, expected ${wanted}`);
  }

  #progressed(revision: number, atMillis: number, start: number): void {
    this.#assertApplied(revision, atMillis, "progress");
    if (revision < start && this.#isFuture(start)) {
      this.#fail("W8", `progress ${revision} below the start ${start}`);
    }
    const seen = Math.max(this.#lastSeen, this.#progress, start - 1);
    if (revision < seen) this.#fail("W6", `progress ${revision} after ${seen}`);
    const next = this.#wanted[this.#cursor];
    if (next !== undefined && next.modRevision <= revision) {
      this.#fail("W6", `progress ${revision} before ${textOf(next)}`);
    }
    this.#progress = revision;
    this.#coverage.checked("W6");
  }

  #cancelled(step: Extract<WatchStep, { readonly kind: "cancelled" }>): void {
    this.#isCancelled = true;
    const { compactRevision, reason, isAsked, atMillis } = step;
    if (compactRevision === 0) {
      if (!isAsked) this.#fail("W3", `cancelled without cause, reason "${reason}"`);
      this.#coverage.checked("W10");
      return;
    }
    const { truth } = this.#view;
    const isReal = truth.compactions.some(
      (each) => each.revision === compactRevision && each.atMillis <= atMillis,
    );
    if (!isReal) this.#fail("W9", `cancelled by a compaction at ${compactRevision} that never was`);
    const needed = this.#needed(step.resumeRevision);
    if (needed >= compactRevision) {
      this.#fail("W9", `cancelled by the compaction at ${compactRevision}, needs ${needed} only`);
    }
    this.#coverage.checked("W9");
  }

  /** The first revision that was not reported yet. */
  #needed(resumeRevision: number | undefined): number {
    const { startRevision } = this.#record.wish;
    const unseen = Math.max(this.#start ?? startRevision, this.#lastSeen + 1);
    if (resumeRevision === undefined) return Math.max(unseen, this.#progress + 1);
    const next = this.#wanted[this.#cursor];
    if (this.#start !== undefined && next !== undefined && next.modRevision < resumeRevision) {
      this.#fail("W5", `would go on from ${resumeRevision}, but ${textOf(next)} is missing`);
    }
    if (resumeRevision < unseen) {
      this.#fail("W5", `would go on from ${resumeRevision}, has seen all before ${unseen}`);
    }
    return resumeRevision;
  }

  /** Whether the start was in the future when the watcher was created (W8). */
  #isFuture(start: number): boolean {
    return this.#record.wish.startRevision !== 0 && start > this.#createdRevision;
  }

  get #lastSeen(): number {
    const last = this.#wanted[this.#cursor - 1]?.modRevision ?? 0;
    return last >= (this.#start ?? Infinity) ? last : 0;
  }

  #assertApplied(revision: number, atMillis: number, what: string): void {
    const newest = this.#view.revisionAt(atMillis);
    if (revision <= newest) return;
    this.#fail("P3", `${what} at revision ${revision} while the newest is ${newest}`);
  }

  #fail(promise: string, message: string): never {
    const { name, wish } = this.#record;
    const range = JSON.stringify([wish.key, wish.rangeEnd]);
    throw new CheckFailure(promise, `watcher ${name} of ${range}: ${message}`);
  }
}

function isSameChange(seen: SeenEvent, event: SeenEvent | TruthEvent | undefined): boolean {
  return (
    seen.modRevision === event?.modRevision && seen.key === event.key && seen.kind === event.kind
  );
}

function textOf(event: SeenEvent | TruthEvent): string {
  return `${event.kind} ${JSON.stringify(event.key)} at ${event.modRevision}`;
}

/** Fields for a message; ids are 64-bit. */
function plain(fields: object): string {
  return JSON.stringify(fields, (_name, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}
