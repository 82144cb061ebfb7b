import {
  RangeRequestSortOrder,
  RangeRequestSortTarget,
  type RangeRequestInit,
  type RangeResponse,
} from "@quorate/api";

import { toHeader, KeyValue, type Header } from "./key-value.ts";
import { toWireRange, type KeyRange } from "./key-range.ts";

/** What a range read may ask for beside the keys. */
export interface RangeOptions {
  /** Reads as of this revision; 0 is the newest. @default 0 */
  readonly revision?: number;
  /** Most pairs returned; 0 is all. @default 0 */
  readonly limit?: number;
  /** @default by key, ascending */
  readonly sort?: {
    readonly by: "key" | "version" | "create-revision" | "mod-revision" | "value";
    readonly order?: "ascending" | "descending";
  };
  /** Leaves values out. @default false */
  readonly keysOnly?: boolean;
  /** Returns the count alone. @default false */
  readonly countOnly?: boolean;
  /** Reads the member's own, possibly old, state without asking a quorum. @default false */
  readonly serializable?: boolean;
  /** Keeps pairs changed at or after this revision. @default no bound */
  readonly minModRevision?: number;
  /** Keeps pairs changed at or before this revision. @default no bound */
  readonly maxModRevision?: number;
  /** Keeps pairs created at or after this revision. @default no bound */
  readonly minCreateRevision?: number;
  /** Keeps pairs created at or before this revision. @default no bound */
  readonly maxCreateRevision?: number;
}

/** Answer of a range read. */
export interface RangeResult {
  readonly header: Header;
  /** Store revision at the read; watch from the next one to miss nothing. */
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  /** Keys in the range, whatever the limit and the revision bounds. */
  readonly count: number;
  /** Whether the limit cut pairs off. */
  readonly more: boolean;
}

const sortTargets = {
  key: RangeRequestSortTarget.KEY,
  version: RangeRequestSortTarget.VERSION,
  "create-revision": RangeRequestSortTarget.CREATE,
  "mod-revision": RangeRequestSortTarget.MOD,
  value: RangeRequestSortTarget.VALUE,
} as const;

/** Builds the wire request of a read. @internal */
export function toRangeRequest(
  range: KeyRange,
  options: RangeOptions,
  namespace: Uint8Array,
): RangeRequestInit {
  const { sort } = options;
  return {
    ...toWireRange(range, namespace),
    revision: options.revision ?? 0,
    limit: options.limit ?? 0,
    keysOnly: options.keysOnly ?? false,
    countOnly: options.countOnly ?? false,
    serializable: options.serializable ?? false,
    minModRevision: options.minModRevision ?? 0,
    maxModRevision: options.maxModRevision ?? 0,
    minCreateRevision: options.minCreateRevision ?? 0,
    maxCreateRevision: options.maxCreateRevision ?? 0,
    ...(sort === undefined
      ? {}
      : {
          sortTarget: sortTargets[sort.by],
          sortOrder:
            sort.order === "descending"
              ? RangeRequestSortOrder.DESCEND
              : RangeRequestSortOrder.ASCEND,
        }),
  };
}

/** Reads the wire answer of a read. @internal */
export function toRangeResult(response: RangeResponse, namespaceLength: number): RangeResult {
  const header = toHeader(response.header);
  return {
    header,
    revision: header.revision,
    kvs: response.kvs.map((kv) => new KeyValue(kv, namespaceLength)),
    count: response.count,
    more: response.more,
  };
}
