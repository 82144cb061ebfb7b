import type { RangeRequest } from "@quorate/api";
import {
  keyFromBytes,
  type RangeQuery,
  type RangeResult,
  type SortOrder,
  type SortTarget,
} from "@quorate/mvcc";
import { decodeStored } from "@quorate/mvcc";
import type { KeyValueInit, RangeResponseInit } from "@quorate/api";

const sortOrders: readonly SortOrder[] = ["none", "ascend", "descend"];
const sortTargets: readonly SortTarget[] = ["key", "version", "create", "mod", "value"];

/** The store's query for a range request whose arguments were checked. */
export function toRangeQuery(request: RangeRequest): RangeQuery {
  return {
    key: keyFromBytes(request.key),
    rangeEnd: keyFromBytes(request.rangeEnd),
    revision: request.revision,
    limit: request.limit,
    countOnly: request.countOnly,
    keysOnly: request.keysOnly,
    sortOrder: sortOrders[request.sortOrder] ?? "none",
    sortTarget: sortTargets[request.sortTarget] ?? "key",
    minModRevision: request.minModRevision,
    maxModRevision: request.maxModRevision,
    minCreateRevision: request.minCreateRevision,
    maxCreateRevision: request.maxCreateRevision,
  };
}

/** The wire message of a range result; decodes the pairs. */
export function toRangeResponse(result: RangeResult): RangeResponseInit {
  return {
    header: { revision: result.revision },
    kvs: result.kvs.map(toKeyValue),
    more: result.more,
    count: result.count,
  };
}

/** The wire message of a stored pair; byte fields are views. */
export function toKeyValue(stored: Uint8Array): KeyValueInit {
  return decodeStored(stored);
}
