/**
 * What members keep in memory is what their rows say (D8): the index of keys, and the leases with
 * their keys. The rows are read here anew, without the code that keeps the memory up to date.
 */
import { decodeStored, keyFromBytes, type Backend, type MvccStore } from "@quorate/mvcc";
import type { Entry } from "@quorate/raft";
import type { LeaseView } from "@quorate/state-machine";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/** What is judged of a state. */
export interface CachedState {
  readonly store: Pick<MvccStore, "backend" | "openRange">;
  readonly leases: LeaseView;
}

/** Entries that the index hands out at a time. */
const chunkKeys = 1_000;

/** Looks at a state at each k-th entry, and wherever it was built from rows. */
export class CachesChecker implements WorldObserver {
  readonly #coverage: Coverage;
  readonly #every: number;

  /** @param every - k. */
  constructor(coverage: Coverage, every: number) {
    this.#coverage = coverage;
    this.#every = every;
  }

  started(process: ObservedProcess): void {
    this.#look(process);
  }

  restored(process: ObservedProcess): void {
    this.#look(process);
  }

  applied(process: ObservedProcess, { index }: Entry): void {
    if (index % this.#every === 0) this.#look(process);
  }

  #look({ memberId, state }: ObservedProcess): void {
    checkCaches(state, `${memberId} after entry ${state.appliedIndex}`);
    this.#coverage.checked("D8 caches");
  }
}

/** @throws CheckFailure D8 with what differs. O(rows). */
export function checkCaches({ store, leases }: CachedState, who: string): void {
  const live = liveRows(store.backend);
  const cursor = store.openRange({ key: "\0", rangeEnd: "\0" });
  let seen = 0;
  while (!cursor.isDone) {
    for (const bytes of cursor.next(chunkKeys)) {
      const key = keyFromBytes(decodeStored(bytes).key);
      const row = live.get(key);
      check(row !== undefined && Buffer.compare(row, bytes) === 0, "D8", () => {
        return `${who}: the index has ${JSON.stringify(key)}, its rows another one or none`;
      });
      seen += 1;
    }
  }
  check(seen === live.size, "D8", () => `${who}: the index has ${seen} keys, rows ${live.size}`);
  checkLeases(store.backend, leases, live, who);
}

/** The newest row of each key that is not deleted. */
function liveRows(backend: Backend): ReadonlyMap<string, Uint8Array> {
  const rows = new Map<string, Uint8Array>();
  backend.scan("key", { begin: "" }, (row, bytes) => {
    const key = keyFromBytes(decodeStored(bytes).key);
    const isTombstone = row.length === 18;
    if (isTombstone) rows.delete(key);
    else rows.set(key, bytes);
    return true;
  });
  return rows;
}

function checkLeases(
  backend: Backend,
  leases: LeaseView,
  live: ReadonlyMap<string, Uint8Array>,
  who: string,
): void {
  let rows = 0;
  backend.scan("lease", { begin: "" }, (row) => {
    const id = Buffer.from(row, "latin1").readBigInt64BE();
    rows += 1;
    check(leases.has(id), "D8", () => `${who}: lease ${id} has a row and is not in memory`);
    return true;
  });
  const { size, attachedKeys } = leases;
  check(size === rows, "D8", () => `${who}: ${size} leases in memory, ${rows} rows`);
  let attached = 0;
  for (const [key, bytes] of live) {
    const { lease } = decodeStored(bytes);
    if (lease !== 0n) attached += 1;
    const known = leases.leaseOf(key);
    check(known === lease, "D8", () => {
      return `${who}: ${JSON.stringify(key)} hangs on lease ${known}, by its row on ${lease}`;
    });
  }
  check(attached === attachedKeys, "D8", () => {
    return `${who}: ${attachedKeys} keys hang on leases, by their rows ${attached}`;
  });
}
