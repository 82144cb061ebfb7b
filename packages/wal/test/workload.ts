import type { Entry, HardState, SnapshotMark } from "@quorate/raft";
import { SeededRandom, type SimFileSystem } from "@quorate/platform/sim";
import type { RecoveredLog, WalAppend, WriteAheadLog } from "../src/index.ts";
import {
  append,
  createDependencies,
  entry,
  hardState,
  mark,
  markSnapshot,
  openOrCreate,
} from "./harness.ts";
import { describe } from "./harness.ts";

/** The plainest log there is: an array that is rewritten for each append. */
class LogModel {
  snapshot: SnapshotMark | undefined;
  entries: readonly Entry[] = [];
  hardState: HardState | undefined;

  get lastIndex(): number {
    return this.entries.at(-1)?.index ?? this.snapshot?.index ?? 0;
  }

  append(what: WalAppend): void {
    if (what.snapshot !== undefined) {
      this.snapshot = what.snapshot;
      this.entries = [];
    }
    const [first] = what.entries;
    if (first !== undefined) {
      const kept = this.entries.filter(({ index }) => index < first.index);
      this.entries = [...kept, ...what.entries];
    }
    this.hardState = what.hardState ?? this.hardState;
    this.#trim();
  }

  markSnapshot(snapshot: SnapshotMark): void {
    if (snapshot.index <= (this.snapshot?.index ?? -1)) return;
    this.snapshot = snapshot;
    this.#trim();
  }

  describe(): string {
    return describe(this);
  }

  #trim(): void {
    this.entries = this.entries.filter(({ index }) => index > (this.snapshot?.index ?? 0));
  }
}

/** How far a workload came. */
export interface WorkloadResult {
  /** The log after each operation that was begun; the first is the empty log. */
  readonly states: readonly string[];
  /** Index in `states` of the last operation that was reported durable. */
  acknowledged: number;
  failures: number;
  error: unknown;
}

/**
 * Does what a Raft node may do to its log, chosen by the seed: appends with and without waiting,
 * overwrites above the commit index, votes, installed and local snapshots, releases, restarts.
 *
 * Ends at the first error. Everything that it does depends on the seed alone.
 */
export async function runWorkload(
  files: SimFileSystem,
  seed: bigint,
  steps: number,
): Promise<WorkloadResult> {
  const model = new LogModel();
  const states = [model.describe()];
  const result: WorkloadResult = { states, acknowledged: 0, failures: 0, error: undefined };
  const random = new SeededRandom(seed).split("workload");
  const dependencies = createDependencies(files, seed);
  let wal: WriteAheadLog | undefined;
  let pending: Promise<void>[] = [];
  const track = (durable: Promise<void>): void => {
    const state = states.push(model.describe()) - 1;
    const tracked = durable.then(() => {
      if (result.acknowledged > state) throw new Error("acknowledged out of order");
      result.acknowledged = state;
    });
    tracked.catch(() => undefined);
    pending.push(tracked);
  };
  try {
    ({ wal } = await openOrCreate(dependencies));
    for (let step = 0; step < steps; step++) {
      const choice = random.nextInt(20);
      const commit = model.hardState?.commit ?? 0;
      if (choice < 14 || model.lastIndex === 0) {
        const what = randomAppend(model, random);
        model.append(what);
        track(append(wal, what));
      } else if (choice < 16 && commit > (model.snapshot?.index ?? 0)) {
        const snapshot = mark(commit, termAt(model, commit));
        model.markSnapshot(snapshot);
        track(markSnapshot(wal, snapshot));
      } else if (choice === 16) {
        const index = model.lastIndex + random.nextInt(5);
        const term = model.hardState?.term ?? 1;
        const what = {
          snapshot: mark(index, term),
          entries: [],
          hardState: hardState(term, index),
        };
        model.append(what);
        track(append(wal, what));
      } else if (choice === 17) {
        await Promise.all(pending);
        pending = [];
        await wal.release(model.snapshot?.index ?? 0);
      } else if (choice === 18) {
        await Promise.all(pending);
        pending = [];
        await wal.close();
        const { wal: opened, recovered } = await openOrCreate(dependencies);
        wal = opened;
        checkEqual(recovered, model);
      }
      if (random.chance(0.3)) await Promise.all(pending.splice(0));
      // Lets a sync get some way, so that appends fall before, into and behind it.
      else for (let turns = random.nextInt(7); turns > 0; turns--) await Promise.resolve();
    }
    await Promise.all(pending);
    await wal.close();
  } catch (error) {
    result.error = error;
  }
  await Promise.allSettled(pending);
  result.failures = dependencies.failures.length;
  return result;
}

function randomAppend(model: LogModel, random: SeededRandom): WalAppend {
  const { term: oldTerm, commit: oldCommit } = model.hardState ?? { term: 1, commit: 0 };
  const isOverwrite = random.chance(0.2) && model.lastIndex > oldCommit;
  const begin = isOverwrite ? random.between(oldCommit + 1, model.lastIndex) : model.lastIndex + 1;
  const term = isOverwrite ? oldTerm + 1 : oldTerm;
  const entries = Array.from({ length: random.nextInt(4) }, (_, i) =>
    entry(begin + i, term, random.nextBytes(random.pick([0, 1, 7, 30, 400, 1300]))),
  );
  const last = entries.at(-1)?.index ?? model.lastIndex;
  const commit = Math.max(oldCommit, random.between(Math.min(oldCommit, last), last));
  return random.chance(0.3) && !isOverwrite
    ? { entries }
    : { entries, hardState: hardState(term, commit) };
}

function termAt(model: LogModel, index: number): number {
  return model.entries.find((candidate) => candidate.index === index)?.term ?? 1;
}

function checkEqual(recovered: RecoveredLog, model: LogModel): void {
  if (describe(recovered) !== model.describe()) {
    throw new Error(`recovered\n${describe(recovered)}\nexpected\n${model.describe()}`);
  }
}
