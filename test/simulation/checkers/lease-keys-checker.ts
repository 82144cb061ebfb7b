/**
 * Judges what the end of a lease does to keys (L5), from the truth alone.
 *
 * One log entry may carry several requests. A revision in it that no client wrote is the end of a
 * lease: it takes the keys of one that ends there and nothing else, once, and after the entry
 * nothing hangs on the lease.
 */
import type { Coverage } from "../coverage.ts";
import type { Truth, TruthLeaseEvent, TruthRevision } from "../history/truth.ts";
import { CheckFailure } from "./check-failure.ts";
import { LeaseLives } from "./lease-lives.ts";

/** @throws CheckFailure L5. O(events). */
export function checkLeaseKeys(truth: Truth, coverage: Coverage): void {
  const keys = new AttachedKeys();
  const lives = new LeaseLives(truth);
  const ends = byIndex(truth.leases.filter(({ kind }) => kind === "revoked"));
  const entries = byIndex(truth.revisions);
  const indexes = [...new Set([...ends.keys(), ...entries.keys()])].sort((a, b) => a - b);
  for (const index of indexes) {
    const endsHere = ends.get(index) ?? [];
    applyEntry(entries.get(index) ?? [], endsHere, keys);
    for (const { leaseId } of endsHere) {
      const isBack = lives.of(leaseId).some(({ grantedIndex }) => grantedIndex === index);
      const left = keys.of(leaseId);
      if (left.length > 0 && !isBack) {
        fail(`lease ${leaseId} ended in entry ${index} and left ${JSON.stringify(left)}`);
      }
      coverage.checked("L5");
    }
  }
  checkAttachments(truth, lives);
}

function applyEntry(
  revisions: readonly TruthRevision[],
  endsHere: readonly TruthLeaseEvent[],
  keys: AttachedKeys,
): void {
  const ended = new Map<bigint, number>();
  for (const revision of revisions) {
    if (!revision.isWrite) checkEnd(revision, endsHere, keys, ended);
    keys.apply(revision);
  }
}

/** A revision that no client wrote takes keys of one lease that ends, which has no other. */
function checkEnd(
  { revision, index, events }: TruthRevision,
  endsHere: readonly TruthLeaseEvent[],
  keys: AttachedKeys,
  ended: Map<bigint, number>,
): void {
  const taken = events.map(({ kind, key }) => `${kind} ${key}`);
  const lease = endsHere.find(({ leaseId }) => {
    const attached = new Set(keys.of(leaseId));
    return events.every(({ kind, key }) => kind === "delete" && attached.has(key));
  });
  if (lease === undefined) {
    const ends = endsHere.map(({ leaseId }) => `lease ${leaseId} with ${keys.of(leaseId).join()}`);
    fail(
      `entry ${index} did ${JSON.stringify(taken)} at revision ${revision}, which no client ` +
        `asked for and no end of a lease: ${ends.join("; ") || "none ends in it"}`,
    );
  }
  const earlier = ended.get(lease.leaseId);
  if (earlier !== undefined) {
    fail(`lease ${lease.leaseId} ends at revision ${earlier} and again at ${revision}`);
  }
  ended.set(lease.leaseId, revision);
}

/** Nothing hangs on a lease that does not exist. */
function checkAttachments(truth: Truth, lives: LeaseLives): void {
  for (const { index, revision, events } of truth.revisions) {
    for (const { kind, lease, key } of events) {
      if (kind === "delete" || lease === 0n) continue;
      const isAlive = lives
        .of(lease)
        .some(({ grantedIndex, endedIndex }) => grantedIndex <= index && endedIndex >= index);
      if (!isAlive) {
        fail(`${JSON.stringify(key)} was put at revision ${revision} with lease ${lease}, gone`);
      }
    }
  }
}

/** Which keys hang on which lease, as of a revision. */
class AttachedKeys {
  readonly #leaseOf = new Map<string, bigint>();
  readonly #keysOf = new Map<bigint, Set<string>>();

  apply({ events }: TruthRevision): void {
    for (const { kind, key, lease } of events) {
      const before = this.#leaseOf.get(key);
      if (before !== undefined) this.#keysOf.get(before)?.delete(key);
      this.#leaseOf.delete(key);
      if (kind === "delete" || lease === 0n) continue;
      this.#leaseOf.set(key, lease);
      const keys = this.#keysOf.get(lease) ?? new Set();
      this.#keysOf.set(lease, keys.add(key));
    }
  }

  of(leaseId: bigint): readonly string[] {
    return [...(this.#keysOf.get(leaseId) ?? [])].sort();
  }
}

function byIndex<Item extends { readonly index: number }>(
  items: readonly Item[],
): ReadonlyMap<number, readonly Item[]> {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const group = groups.get(item.index);
    if (group === undefined) groups.set(item.index, [item]);
    else group.push(item);
  }
  return groups;
}

function fail(message: string): never {
  throw new CheckFailure("L5", message);
}
