import type { RangeRequest } from "@quorate/api";
import { RangeRequestSortOrder, RangeRequestSortTarget } from "@quorate/api";
import type { UnaryCall } from "@quorate/grpc";
import { CompactedError, type RangeCursor, type RangeJob } from "@quorate/mvcc";
import { composeRangeAnswer } from "./range-answer.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/** Pairs read in one turn: with rows that lie on the disk, below 10 ms on a slow machine. */
const keysPerSlice = 1_000;
/** Pages of at most so many pairs are read in one go. */
const pageKeysMax = 2_000;
const bytesPerSlice = 4 * 1024 * 1024;
/** Keys looked at in one turn, without their values and with them. */
const looksPerSlice = 20_000;
const valueLooksPerSlice = 3_000;

/**
 * Reads a range of many pairs in slices between turns of the event loop, so that heartbeats and
 * other callers do not wait (V3, B18). All slices see one revision.
 *
 * @returns false for one key, a short page or a count that is known: read it in one go.
 */
export function readInSlices(
  context: ServiceContext,
  request: RangeRequest,
  call: UnaryCall,
): boolean {
  if (request.rangeEnd.length === 0) return false;
  const { state } = context.member;
  const { countOnly, limit, revision } = request;
  const isCurrent = revision <= 0 || revision === state.store.currentRevision;
  if (isCurrent && countOnly) return false;
  const isPlain = isCurrent && isInKeyOrder(request);
  if (isPlain && limit > 0 && limit <= pageKeysMax) return false;
  const open = isPlain ? () => state.openRange(request) : () => state.startRange(request);
  new SlicedAnswer(context, request, call, open).run();
  return true;
}

/** Reads and encodes a slice a turn. */
class SlicedAnswer {
  readonly #context: ServiceContext;
  readonly #request: RangeRequest;
  readonly #call: UnaryCall;
  readonly #open: () => RangeCursor | RangeJob;
  readonly #looks: number;
  #cursor: RangeCursor | RangeJob;
  #chunks: Uint8Array[] = [];

  constructor(
    context: ServiceContext,
    request: RangeRequest,
    call: UnaryCall,
    open: () => RangeCursor | RangeJob,
  ) {
    const isByValue = request.sortTarget === RangeRequestSortTarget.VALUE;
    this.#context = context;
    this.#request = request;
    this.#call = call;
    this.#open = open;
    this.#looks = isByValue ? valueLooksPerSlice : looksPerSlice;
    this.#cursor = open();
  }

  run(): void {
    // Nobody waits for the rest.
    if (this.#call.isCancelled) return;
    try {
      checkInstalled(this.#context);
      const cursor = this.#cursor;
      if ("step" in cursor && !cursor.step(this.#looks)) {
        this.#continue();
        return;
      }
      const kvs = cursor.next(keysPerSlice, bytesPerSlice);
      if (cursor.isDone) this.#respond(kvs);
      else {
        this.#append(kvs);
        this.#continue();
      }
    } catch (error) {
      this.#handleError(error);
    }
  }

  #append(kvs: readonly Uint8Array[]): void {
    if (kvs.length === 0) return;
    const pairs = { header: undefined, kvs, more: false, count: 0 };
    for (const chunk of composeRangeAnswer(this.#context.headers, pairs)) this.#chunks.push(chunk);
  }

  #respond(kvs: readonly Uint8Array[]): void {
    const { headers, member } = this.#context;
    const { revision, more, count } = this.#cursor;
    const header = { revision, raftTerm: member.term };
    if (this.#chunks.length === 0) {
      this.#call.respond(composeRangeAnswer(headers, { header, kvs, more, count }));
      return;
    }
    this.#append(kvs);
    // Fields may come in any order, so what is known only now can stand before the pairs.
    const head = composeRangeAnswer(headers, { header, kvs: [], more, count });
    this.#call.respond(head.concat(this.#chunks));
  }

  #continue(): void {
    this.#context.timers.setImmediate(() => this.run());
  }

  /** A request for the newest state knows no compaction: it is read again at a newer revision. */
  #handleError(error: unknown): void {
    try {
      if (!(error instanceof CompactedError) || this.#request.revision > 0) throw error;
      this.#cursor = this.#open();
      this.#chunks = [];
      this.#continue();
    } catch (failure) {
      this.#call.fail(toStatus(failure));
    }
  }
}

/**
 * A snapshot may begin to replace the store between two slices: what is read then is of neither.
 *
 * @throws ServiceError, as for calls that begin meanwhile.
 */
export function checkInstalled({ member }: ServiceContext): void {
  if (member.isRestoring) throw new ServiceError("timeout-applied-index");
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
