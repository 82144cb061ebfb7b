import type { RangeRequest } from "@quorate/api";
import { RangeRequestSortOrder, RangeRequestSortTarget } from "@quorate/api";
import type { UnaryCall } from "@quorate/grpc";
import { CompactedError, type RangeCursor } from "@quorate/mvcc";
import { composeRangeAnswer } from "./range-answer.ts";
import type { ServiceContext } from "./service-context.ts";
import { toStatus } from "./status.ts";

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
  call: UnaryCall,
): boolean {
  if (!isInKeyOrder(request) || request.countOnly || request.rangeEnd.length === 0) return false;
  if (request.limit > 0 && request.limit <= keysPerSlice) return false;
  const cursor = context.member.state.openRange(request);
  if (cursor.count <= keysPerSlice) return false;
  new SlicedAnswer(context, request, call, cursor).run();
  return true;
}

/** Reads and encodes a slice a turn. */
class SlicedAnswer {
  readonly #context: ServiceContext;
  readonly #request: RangeRequest;
  readonly #call: UnaryCall;
  #cursor: RangeCursor;
  #chunks: Uint8Array[] = [];

  constructor(
    context: ServiceContext,
    request: RangeRequest,
    call: UnaryCall,
    cursor: RangeCursor,
  ) {
    this.#context = context;
    this.#request = request;
    this.#call = call;
    this.#cursor = cursor;
  }

  run(): void {
    // Nobody waits for the rest.
    if (this.#call.isCancelled) return;
    try {
      const { headers, member } = this.#context;
      const cursor = this.#cursor;
      const kvs = cursor.next(keysPerSlice, bytesPerSlice);
      const pairs = { header: undefined, kvs, more: false, count: 0 };
      if (kvs.length > 0) this.#chunks.push(...composeRangeAnswer(headers, pairs));
      if (!cursor.isDone) {
        this.#continue();
        return;
      }
      // Fields may come in any order, so what is known only now can stand before the pairs.
      const { revision, more, count } = cursor;
      const header = { revision, raftTerm: member.term };
      const head = composeRangeAnswer(headers, { header, kvs: [], more, count });
      this.#call.respond([...head, ...this.#chunks]);
    } catch (error) {
      this.#handleError(error);
    }
  }

  #continue(): void {
    this.#context.timers.setImmediate(() => this.run());
  }

  /** A request for the newest state knows no compaction: it is read again at a newer revision. */
  #handleError(error: unknown): void {
    try {
      if (!(error instanceof CompactedError) || this.#request.revision > 0) throw error;
      this.#cursor = this.#context.member.state.openRange(this.#request);
      this.#chunks = [];
      this.#continue();
    } catch (failure) {
      this.#call.fail(toStatus(failure));
    }
  }
}

/** Whether pairs are wanted in key order without filters: they can be read piece by piece. */
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
