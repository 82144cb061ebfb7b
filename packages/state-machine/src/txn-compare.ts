import { CompareCompareResult, CompareCompareTarget, type Compare } from "@quorate/api";
import {
  asBuffer,
  decodeStored,
  keyFromBytes,
  type Key,
  type KeyVersion,
  type MvccStore,
  type StoredKeyValue,
} from "@quorate/mvcc";
import type { LeaseTable } from "./lease-table.ts";

const chunkKeys = 256;
const noBytes = new Uint8Array(0);

/**
 * Evaluates one compare against the current state.
 *
 * A range must hold for every key in it. Where there is no key, VALUE is false whatever is asked
 * and every other target compares as 0. A given value of another type than the target counts as 0
 * or empty.
 *
 * @remarks Reads nothing but the index unless the target is VALUE, or LEASE over a range; stops at
 *   the first key that does not hold.
 */
export function isCompareTrue(
  state: { readonly store: MvccStore; readonly leases: LeaseTable },
  compare: Compare,
): boolean {
  const key = keyFromBytes(compare.key);
  if (compare.rangeEnd.length > 0) {
    return isRangeTrue(state.store, compare, { key, rangeEnd: keyFromBytes(compare.rangeEnd) });
  }
  switch (compare.target) {
    case CompareCompareTarget.VALUE: {
      const stored = state.store.get(key);
      return stored !== undefined && isPairTrue(compare, decodeStored(stored));
    }
    case CompareCompareTarget.LEASE:
      return isOrderWanted(compare, order(state.leases.leaseOf(key), givenLease(compare)));
    default:
      return isOrderWanted(compare, orderOfVersion(compare, state.store.versionOf(key)));
  }
}

function isRangeTrue(
  store: MvccStore,
  compare: Compare,
  range: { readonly key: Key; readonly rangeEnd: Key },
): boolean {
  const { target } = compare;
  const needsPair = target === CompareCompareTarget.VALUE || target === CompareCompareTarget.LEASE;
  const cursor = store.openRange({ ...range, keysOnly: !needsPair });
  if (cursor.count === 0) {
    if (target === CompareCompareTarget.VALUE) return false;
    if (target === CompareCompareTarget.LEASE) {
      return isOrderWanted(compare, order(0n, givenLease(compare)));
    }
    return isOrderWanted(compare, orderOfVersion(compare, undefined));
  }
  while (!cursor.isDone) {
    for (const stored of cursor.next(chunkKeys)) {
      if (!isPairTrue(compare, decodeStored(stored))) return false;
    }
  }
  return true;
}

function isPairTrue(compare: Compare, pair: StoredKeyValue): boolean {
  switch (compare.target) {
    case CompareCompareTarget.VALUE: {
      const given = compare.targetUnion?.case === "value" ? compare.targetUnion.value : noBytes;
      return isOrderWanted(compare, Buffer.compare(asBuffer(pair.value), asBuffer(given)));
    }
    case CompareCompareTarget.LEASE:
      return isOrderWanted(compare, order(pair.lease, givenLease(compare)));
    default:
      return isOrderWanted(compare, orderOfVersion(compare, pair));
  }
}

/** Order of a revision or version against the given one; an unknown target is always equal. */
function orderOfVersion({ target, targetUnion }: Compare, found: KeyVersion | undefined): number {
  switch (target) {
    case CompareCompareTarget.VERSION:
      return order(found?.version ?? 0, targetUnion?.case === "version" ? targetUnion.value : 0);
    case CompareCompareTarget.CREATE: {
      const given = targetUnion?.case === "createRevision" ? targetUnion.value : 0;
      return order(found?.createRevision ?? 0, given);
    }
    case CompareCompareTarget.MOD: {
      const given = targetUnion?.case === "modRevision" ? targetUnion.value : 0;
      return order(found?.modRevision ?? 0, given);
    }
    default:
      return 0;
  }
}

function givenLease({ targetUnion }: Compare): bigint {
  return targetUnion?.case === "lease" ? targetUnion.value : 0n;
}

function order<T extends number | bigint>(found: T, given: T): number {
  return found === given ? 0 : found < given ? -1 : 1;
}

/** Whether the order is the one asked for; an unknown wish is always met. */
function isOrderWanted({ result }: Compare, found: number): boolean {
  switch (result) {
    case CompareCompareResult.EQUAL:
      return found === 0;
    case CompareCompareResult.NOT_EQUAL:
      return found !== 0;
    case CompareCompareResult.GREATER:
      return found > 0;
    case CompareCompareResult.LESS:
      return found < 0;
    default:
      return true;
  }
}
