/**
 * Judges registry watches: what an observer believes to run after all events of a revision is what
 * the store held at that revision, deletions slept through by compaction included (R1).
 */
import { parseInstance } from "@quorate/client";

import type { Coverage } from "../coverage.ts";
import type { RegistryEvent, RegistryObserver, SeenInstance } from "../history/registry-history.ts";
import type { Truth } from "../history/truth.ts";
import { TruthView } from "../history/truth-view.ts";
import { check } from "./check-failure.ts";

/** @throws CheckFailure with the promise that is broken. */
export function checkRegistries(
  observers: readonly RegistryObserver[],
  root: string,
  truth: Truth,
  coverage: Coverage,
): void {
  const view = new TruthView(truth);
  for (const observer of observers) {
    follow(observer, view, root, coverage);
    checkLast(observer, coverage);
  }
}

/** Replays the events and compares after each revision that is whole. */
function follow(
  { name, prefix, events, last }: RegistryObserver,
  view: TruthView,
  root: string,
  coverage: Coverage,
): void {
  const rows = new Map<string, SeenInstance>();
  const isSettled = last?.reachedMillis !== undefined;
  events.forEach((event, at) => {
    const before = events[at - 1]?.revision ?? 0;
    check(event.revision >= before, "W1", () => {
      return `observer ${name} saw ${event.kind} at ${event.revision} after ${before}`;
    });
    apply(rows, event, name);
    const next = events[at + 1];
    // The loop may have been left in the middle of the last revision.
    const isWhole = next === undefined ? isSettled : next.revision > event.revision;
    if (!isWhole) return;
    const seen = textOf(rows.values());
    const real = textOf(instancesAt(view, prefix, root, event.revision));
    check(seen === real, "R1", () => {
      return `observer ${name} at revision ${event.revision} has ${seen}, expected ${real}`;
    });
    coverage.checked("R1");
  });
}

function apply(rows: Map<string, SeenInstance>, event: RegistryEvent, name: string): void {
  for (const instance of event.instances) {
    const isKnown = rows.has(instance.key);
    const isRight = event.kind === "snapshot" || isKnown === (event.kind !== "up");
    check(isRight, "R1", () => {
      return `observer ${name} saw ${instance.key} ${event.kind}, ${isKnown ? "known" : "unknown"}`;
    });
    if (event.kind === "down") rows.delete(instance.key);
    else rows.set(instance.key, instance);
  }
}

function checkLast({ name, last, events }: RegistryObserver, coverage: Coverage): void {
  if (last === undefined) return;
  const { askedMillis, reachedMillis, withinMillis, revision } = last;
  const took = reachedMillis === undefined ? Infinity : reachedMillis - askedMillis;
  check(took <= withinMillis, "W11", () => {
    const newest = events.at(-1)?.revision;
    return `observer ${name} saw revision ${revision} after ${took} ms; it is at ${newest}`;
  });
  coverage.checked("W11");
}

/** What the store held: rows that are instances. */
function instancesAt(
  view: TruthView,
  prefix: string,
  root: string,
  revision: number,
): readonly SeenInstance[] {
  const instances: SeenInstance[] = [];
  for (const [key, { value, lease }] of view.pairsAt(prefix, revision)) {
    const parsed = parseInstance(key.slice(root.length), value);
    if ("problem" in parsed) continue;
    instances.push({ key, address: parsed.instance.address, leaseId: lease });
  }
  return instances;
}

function textOf(rows: Iterable<SeenInstance>): string {
  const texts = [...rows].map(({ key, address, leaseId }) => `${key}=${address}/${leaseId}`);
  return JSON.stringify(texts.sort());
}
