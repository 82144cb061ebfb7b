import {
  holdsKey,
  putsOf,
  type KvKeys,
  type KvOperation,
  type KvRecord,
} from "../history/kv-records.ts";

/** Keys that operations join, and these operations. */
export interface KeyGroup {
  /** In byte order. */
  readonly keys: readonly string[];
  /** In the order given. */
  readonly records: readonly KvRecord[];
}

/**
 * Cuts a history into groups of keys that no operation joins with others.
 *
 * @remarks Operations of ranges that hold no key that was ever written are left out. O(records
 *   keys).
 */
export function groupByKeys(records: readonly KvRecord[]): readonly KeyGroup[] {
  const written = new Set(
    records.flatMap(({ operation }) => putsOf(operation)).map(({ key }) => key),
  );
  const named = records.flatMap(({ operation }) => rangesOf(operation));
  for (const { key, rangeEnd } of named) if (rangeEnd === "") written.add(key);
  const keys = [...written].sort();
  const parents = new Map(keys.map((key) => [key, key]));
  const touched = records.map(({ operation }) => {
    const ranges = rangesOf(operation);
    return keys.filter((key) => ranges.some((range) => holdsKey(range, key)));
  });
  for (const [first, ...others] of touched) {
    if (first === undefined) continue;
    for (const other of others) parents.set(rootOf(parents, other), rootOf(parents, first));
  }
  const groups = new Map<string, { readonly keys: string[]; readonly records: KvRecord[] }>();
  for (const key of keys) {
    const root = rootOf(parents, key);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, { keys: [key], records: [] });
    else group.keys.push(key);
  }
  for (const [index, record] of records.entries()) {
    const first = touched[index]?.[0];
    if (first !== undefined) groups.get(rootOf(parents, first))?.records.push(record);
  }
  return [...groups.values()];
}

function rootOf(parents: Map<string, string>, key: string): string {
  const parent = parents.get(key) ?? key;
  if (parent === key) return key;
  const root = rootOf(parents, parent);
  parents.set(key, root);
  return root;
}

/** Everything that an operation may touch. */
function rangesOf(operation: KvOperation): readonly KvKeys[] {
  switch (operation.kind) {
    case "put":
      return [{ key: operation.key, rangeEnd: "" }];
    case "delete":
    case "range":
      return [operation];
    case "txn": {
      const steps = [...operation.success, ...operation.failure];
      return [...operation.compares, ...steps.flatMap(rangesOf)];
    }
  }
}
