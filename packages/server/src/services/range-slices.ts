import type { RangeRequest, RangeResponseInit } from "@quorate/api";
import { RangeRequestSortOrder, RangeRequestSortTarget } from "@quorate/api";
import type { RangeCursor } from "@quorate/mvcc";
import type { Reply } from "./calls.ts";
import { composeRangeAnswer } from "./range-answer.ts";
import type { ServiceContext } from "./service-context.ts";

/** Pairs read in one turn: what a slow machine reads in about 10 ms. */
const keysPerSlice = 2_000;
const bytesPerSlice = 4 * 1024 * 1024;

/**
 * Reads a range of many pairs in slices between turns of the event loop, so that heartbeats and
 * other callers do not wait (V3, B18). All slices see one revision.
 *
 * @returns false when the range is small or its order needs all of it at once: read it in one go.
 */
export function readLargeRange(
  context: ServiceContext,
  request: RangeRequest,
  reply: Reply<RangeResponseInit>,
): boolean {
  if (!isInKeyOrder(request) || request.countOnly || request.rangeEnd.length === 0) return false;
  if (request.limit > 0 && request.limit <= keysPerSlice) return false;
  const cursor = context.member.state.openRange(request);
  if (cursor.count <= keysPerSlice) return false;
  const kvs: Uint8Array[] = [];
  continueSlices(context, cursor, kvs, reply);
  return true;
}

function continueSlices(
  context: ServiceContext,
  cursor: RangeCursor,
  kvs: Uint8Array[],
  reply: Reply<RangeResponseInit>,
): void {
  try {
    for (const kv of cursor.next(keysPerSlice, bytesPerSlice)) kvs.push(kv);
    if (!cursor.isDone) {
      context.timers.setImmediate(() => continueSlices(context, cursor, kvs, reply));
      return;
    }
    const { revision, more, count } = cursor;
    const header = { revision, raftTerm: context.member.term };
    reply.bytes(composeRangeAnswer(context.headers, { header, kvs, more, count }));
  } catch (error) {
    reply.fail(error);
  }
}

/** Whether pairs are wanted in key order without filters, so that they can be read piece by piece. */
export function isInKeyOrder(request: RangeRequest): boolean {
  const { sortOrder, sortTarget } = request;
  const isSorted =
    sortOrder === RangeRequestSortOrder.NONE || sortOrder === RangeRequestSortOrder.ASCEND;
  return isSorted && sortTarget === RangeRequestSortTarget.KEY && !hasFilter(request);
}

/** Whether pairs are dropped by their revisions. */
export function hasFilter(request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return (
    minModRevision !== 0 ||
    maxModRevision !== 0 ||
    minCreateRevision !== 0 ||
    maxCreateRevision !== 0
  );
}
