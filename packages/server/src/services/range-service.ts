/** `KV.Range`: reads, fresh ones by way of the read queue (P2). */
import { services, type RangeRequest } from "@quorate/api";
import type { RpcMethod, UnaryCall } from "@quorate/grpc";
import { keyFromPart, type Key } from "@quorate/mvcc";
import { checkRangeRequest } from "@quorate/state-machine";
import type { QueuedRead, ReadFailure } from "../member/read-queue.ts";
import { checkCall } from "./calls.ts";
import { composePointAnswer, composeRangeAnswer } from "./range-answer.ts";
import { readPointRequest, type PointRequest } from "./range-request.ts";
import { readInSlices } from "./range-slices.ts";
import type { ServiceContext } from "./service-context.ts";
import { failureError, ServiceError, toStatus } from "./status.ts";

/** The method. */
export function rangeMethod(context: ServiceContext): RpcMethod {
  const point: PointRequest = { keyBegin: 0, keyEnd: 0, isSerializable: false };
  return {
    kind: "unary",
    path: services.kv.range.path,
    handle: (bytes, call) => {
      try {
        // A learner answers serializable ones.
        checkCall(context, call, true);
        if (readPointRequest(bytes, point)) {
          const key = keyFromPart(bytes, point.keyBegin, point.keyEnd);
          begin(context, new PointRead(context, call, key), point.isSerializable);
        } else {
          const request = services.kv.range.decodeRequest(bytes);
          begin(context, new RangeRead(context, call, request), request.serializable);
        }
      } catch (error) {
        call.fail(toStatus(error));
      }
    },
  };
}

/** A checked read, now or when the state is fresh. */
function begin({ member }: ServiceContext, read: QueuedRead, isSerializable: boolean): void {
  if (isSerializable) member.readOwn(read);
  else if (member.isLearner) throw new ServiceError("not-supported-for-learner");
  else member.read(read);
}

/** A read of one key as it is now: no query, no list of pairs. */
// Hot: test/bench/questions/range.ts.
class PointRead implements QueuedRead {
  readonly #context: ServiceContext;
  readonly #call: UnaryCall;
  readonly #key: Key;
  deadlineMillis = 0;

  constructor(context: ServiceContext, call: UnaryCall, key: Key) {
    this.#context = context;
    this.#call = call;
    this.#key = key;
  }

  settle(failure: ReadFailure | undefined): void {
    const call = this.#call;
    if (call.isCancelled) return;
    try {
      if (failure !== undefined) throw failureError(failure);
      const { headers, member } = this.#context;
      const { state } = member;
      const row = state.get(this.#key);
      const header = headers.field(state.store.currentRevision, member.term);
      call.respond(composePointAnswer(header, row));
    } catch (error) {
      call.fail(toStatus(error));
    }
  }
}

/** Any other read. */
class RangeRead implements QueuedRead {
  readonly #context: ServiceContext;
  readonly #call: UnaryCall;
  readonly #request: RangeRequest;
  readonly isLong = true;
  deadlineMillis = 0;

  /** @throws RequestError for arguments that are none. */
  constructor(context: ServiceContext, call: UnaryCall, request: RangeRequest) {
    checkRangeRequest(request);
    this.#context = context;
    this.#call = call;
    this.#request = request;
  }

  settle(failure: ReadFailure | undefined): void {
    const context = this.#context;
    const call = this.#call;
    if (call.isCancelled) return;
    try {
      if (failure !== undefined) throw failureError(failure);
      if (readInSlices(context, this.#request, call)) return;
      const result = context.member.state.range(this.#request);
      const header = { revision: result.revision, raftTerm: context.member.term };
      call.respond(composeRangeAnswer(context.headers, { ...result, header }));
    } catch (error) {
      call.fail(toStatus(error));
    }
  }
}
