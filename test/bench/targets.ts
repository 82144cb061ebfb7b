/** What Quorate is to reach beside etcd, and whether it does. */
import type { Ratios, RowSummary } from "./summary.ts";
import type { Spread } from "./statistics.ts";

/** One number of a row and its bound. */
export interface Target {
  readonly row: string;
  readonly members: number;
  /** A ratio to etcd, or the longest stall of Quorate's event loop in milliseconds. */
  readonly of: keyof Ratios | "stall";
  readonly sense: "at least" | "at most";
  readonly bound: number;
}

/** Every target, in the order of the table. */
export const targets: readonly Target[] = [
  atLeast("put-1", 1, "rate", 1),
  atMost("put-1", 1, "p99", 1),
  atLeast("put-100x1", 1, "rate", 1.8),
  atMost("put-100x1", 1, "cpu", 1 / 2),
  atLeast("put-100x1", 3, "rate", 1.8),
  atLeast("put-100x100", 1, "rate", 3.5),
  atMost("put-100x100", 1, "cpu", 1 / 4),
  atLeast("put-100x100", 3, "rate", 2.5),
  atMost("put-open-loop", 1, "p99", 1),
  atMost("put-open-loop", 3, "p99", 1),
  atLeast("range-100x10", 1, "rate", 10),
  atMost("range-100x10", 1, "cpu", 1 / 15),
  atMost("list-1000", 1, "cpu", 1 / 5),
  atMost("txn-100x1", 1, "cpu", 1 / 4),
  atLeast("watch-1000", 1, "rate", 2),
  atMost("watch-1000", 1, "cpu", 1 / 3),
  atMost("keep-alive-20000", 1, "cpu", 1 / 4),
  atMost("many-keys-load", 1, "peak", 1),
  atMost("many-keys-pages", 1, "peak", 1),
  atLeast("many-keys-restart", 1, "rate", 1),
  atMost("many-keys-restart", 1, "peak", 1),
  atLeast("many-keys-restart-orderly", 1, "rate", 1),
  atMost("many-keys-restart-orderly", 1, "peak", 1),
  atMost("watchers-10000", 1, "stall", 100),
  atMost("leases-100000", 1, "stall", 100),
  atMost("connections-10000", 1, "stall", 100),
];

/** How a row stands to one of its targets. */
export interface Verdict {
  readonly target: Target;
  readonly client: string;
  /** Undefined when it could not be found: nothing to compare with. */
  readonly found: Spread | undefined;
  /** By which part of the bound it is missed, 0 when it is met; undefined as `found`. */
  readonly shortBy: number | undefined;
  /** Peers at which the client had no processor time left: the store was not the limit. */
  readonly fullClients: readonly string[];
  /** Operations that failed at Quorate: then nothing can be met. */
  readonly failures: number;
}

/** From this share of its processor on, a client counts as the bottleneck. */
export const fullClientShare = 0.93;

/** Judges rows, in the order of the targets. Rows without a target are not in it. */
export function judge(rows: readonly RowSummary[]): readonly Verdict[] {
  return targets.flatMap((target) =>
    rows
      .filter(({ row, members }) => row === target.row && members === target.members)
      .map((row) => verdictOf(row, target)),
  );
}

function verdictOf(row: RowSummary, target: Target): Verdict {
  const found = target.of === "stall" ? stallOf(row) : row.ratios[target.of];
  return {
    target,
    client: row.client,
    found,
    shortBy: found === undefined ? undefined : shortBy(found.median, target),
    fullClients: row.peers
      .filter(({ generatorShare }) => generatorShare >= fullClientShare)
      .map(({ peer }) => peer),
    failures: row.peers.find(({ peer }) => peer === "quorate")?.failures ?? 0,
  };
}

function stallOf({ peers }: RowSummary): Spread | undefined {
  const stall = peers.find(({ peer }) => peer === "quorate")?.loopDelayMaxMillis;
  if (stall === undefined || Number.isNaN(stall)) return undefined;
  return { median: stall, min: stall, max: stall };
}

function shortBy(value: number, { sense, bound }: Target): number {
  return Math.max(0, sense === "at least" ? 1 - value / bound : value / bound - 1);
}

function atLeast(row: string, members: number, of: Target["of"], bound: number): Target {
  return { row, members, of, sense: "at least", bound };
}

function atMost(row: string, members: number, of: Target["of"], bound: number): Target {
  return { row, members, of, sense: "at most", bound };
}
