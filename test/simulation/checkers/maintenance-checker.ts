/** Judges what operators are told: compaction and old revisions (P9), hashes (P8), leaders. */
import type { Coverage } from "../coverage.ts";
import type { MaintenanceCall } from "../history/maintenance-history.ts";
import type { Truth, TruthPair } from "../history/truth.ts";
import { TruthView } from "../history/truth-view.ts";
import { check } from "./check-failure.ts";

/** @throws CheckFailure with the promise that is broken. */
export function checkMaintenance(
  calls: readonly MaintenanceCall[],
  truth: Truth,
  coverage: Coverage,
): void {
  const view = new TruthView(truth);
  const hashes = new Map<string, Extract<MaintenanceCall, { readonly kind: "hash" }>>();
  const leaders = new Map<number, bigint>();
  for (const call of calls) {
    switch (call.kind) {
      case "compact":
        compacted(call, view);
        coverage.checked("P9");
        break;
      case "read":
        read(call, view);
        coverage.checked("P9");
        break;
      case "hash": {
        const name = `${call.hashRevision} ${call.compactRevision}`;
        const other = hashes.get(name) ?? call;
        hashes.set(name, other);
        check(other.hash === call.hash, "P8", () => {
          const members = `members ${other.memberId} and ${call.memberId}`;
          const at = `at revision ${call.hashRevision}, compacted at ${call.compactRevision}`;
          return `${members} have hashes ${other.hash} and ${call.hash} ${at}`;
        });
        coverage.checked("P8");
        const isCompared = other.memberId !== call.memberId;
        coverage.sometimes("hashes of two members compared", isCompared);
        break;
      }
      case "status": {
        if (call.leader === 0n) break;
        const other = leaders.get(call.term) ?? call.leader;
        leaders.set(call.term, other);
        check(other === call.leader, "election safety", () => {
          return `term ${call.term} has leaders ${other} and ${call.leader}`;
        });
        coverage.checked("election safety");
      }
    }
  }
}

function compacted(
  call: Extract<MaintenanceCall, { readonly kind: "compact" }>,
  view: TruthView,
): void {
  const { revision, outcome, sentMillis, answeredMillis } = call;
  const what = `compact at ${revision} in [${sentMillis}, ${answeredMillis}]`;
  if (outcome === "done") {
    const isThere = view.truth.compactions.some(
      (each) => each.revision === revision && each.atMillis <= answeredMillis,
    );
    check(isThere, "P9", () => `${what} was acknowledged and is not in the log`);
    const newest = view.revisionAt(answeredMillis);
    check(revision <= newest, "P9", () => `${what} was done, the newest revision is ${newest}`);
  } else if (outcome === "compacted") {
    const highest = view.compactedBy(answeredMillis);
    check(highest >= revision, "P9", () => `${what} is said to be done, compacted is ${highest}`);
  } else if (outcome === "future-revision") {
    const newest = view.revisionAt(sentMillis);
    check(revision > newest, "P9", () => `${what} is said to be in the future of ${newest}`);
  }
}

function read(call: Extract<MaintenanceCall, { readonly kind: "read" }>, view: TruthView): void {
  const { prefix, revision, isSerializable, outcome, sentMillis, answeredMillis } = call;
  const what = `read of "${prefix}" at ${revision} in [${sentMillis}, ${answeredMillis}]`;
  if (outcome.kind !== "done") {
    const compactedAt = view.compactedBy(answeredMillis);
    // A member that lags may not know of a revision yet.
    const newest = isSerializable ? 0 : view.revisionAt(sentMillis);
    const isRight = outcome.kind === "compacted" ? compactedAt > revision : revision > newest;
    check(isRight, "P9", () => {
      return `${what}: ${outcome.kind}, compacted is ${compactedAt}, the newest is ${newest}`;
    });
    return;
  }
  const highest = isSerializable ? 0 : view.compactedBy(sentMillis);
  check(highest <= revision, "P9", () => `${what} was answered, compacted is ${highest}`);
  const seen = textOf(outcome.pairs);
  const real = textOf(view.pairsAt(prefix, revision));
  check(seen === real, "P9", () => `${what} gave ${seen}, expected ${real}`);
}

function textOf(pairs: ReadonlyMap<string, TruthPair>): string {
  const texts = [...pairs].map(
    ([key, { value, createRevision, modRevision, version, lease }]) =>
      `${key}=${value} (${createRevision} ${modRevision} ${version} ${lease})`,
  );
  return JSON.stringify(texts);
}
