/** Calls of the store's masses on their way through the log: one object each, no closures. */
import { decodeTxnRequest, type DeleteRangeRequest, type TxnRequest } from "@quorate/api";
import type { UnaryCall } from "@quorate/grpc";
import type { PutCommand, RequestOutcome } from "@quorate/state-machine";
import { notQueued, type Proposal, type ProposalFailure } from "../member/proposal-queue.ts";
import type { ServiceContext } from "./service-context.ts";
import { failureError, toStatus } from "./status.ts";
import { composeDeleteRangeAnswer, composePutAnswer, composeTxnAnswer } from "./write-answer.ts";

/** What writes under way have in common. */
abstract class WriteCall implements Proposal<RequestOutcome> {
  abstract readonly kind: "put" | "delete-range" | "txn";
  abstract readonly bytes: Uint8Array;
  abstract readonly message: PutCommand | DeleteRangeRequest | TxnRequest;
  readonly authRevision = 0;
  sequence: number = notQueued;
  readonly #context: ServiceContext;
  readonly #call: UnaryCall;

  constructor(context: ServiceContext, call: UnaryCall) {
    this.#context = context;
    this.#call = call;
  }

  settle(outcome: RequestOutcome): void {
    answer(this.#context, this.#call, outcome);
  }

  fail({ reason }: ProposalFailure): void {
    this.#call.fail(toStatus(failureError(reason)));
  }
}

/** A `Put` under way. */
export class PutCall extends WriteCall {
  readonly kind = "put";
  readonly message: PutCommand;

  constructor(context: ServiceContext, call: UnaryCall, message: PutCommand) {
    super(context, call);
    this.message = message;
  }

  get bytes(): Uint8Array {
    return this.message.bytes;
  }
}

/** A `DeleteRange` under way. */
export class DeleteRangeCall extends WriteCall {
  readonly kind = "delete-range";
  readonly message: DeleteRangeRequest;
  readonly bytes: Uint8Array;

  constructor(
    context: ServiceContext,
    call: UnaryCall,
    message: DeleteRangeRequest,
    bytes: Uint8Array,
  ) {
    super(context, call);
    this.message = message;
    this.bytes = bytes;
  }
}

/**
 * A `Txn` that writes, under way.
 *
 * It keeps the bytes and not the message, which is a tree of a dozen objects: while it waits the
 * garbage collector would carry each of them along, which costs more than reading the bytes again.
 */
export class TxnCall extends WriteCall {
  readonly kind = "txn";
  readonly bytes: Uint8Array;

  /** @param bytes - Were decoded and checked before. */
  constructor(context: ServiceContext, call: UnaryCall, bytes: Uint8Array) {
    super(context, call);
    this.bytes = bytes;
  }

  get message(): TxnRequest {
    return decodeTxnRequest(this.bytes);
  }
}

/** Applying calls this: an answer that cannot be made must not end the process. */
function answer(
  { headers, member, logger }: ServiceContext,
  call: UnaryCall,
  outcome: RequestOutcome,
): void {
  try {
    switch (outcome.kind) {
      case "put":
        call.respond([composePutAnswer(headers, outcome, member.term)]);
        return;
      case "delete-range":
        call.respond([composeDeleteRangeAnswer(headers, outcome, member.term)]);
        return;
      case "txn":
        call.respond([composeTxnAnswer(headers, outcome, member.term)]);
        return;
      case "refused":
        call.fail(toStatus(outcome.error));
        return;
      default:
        throw new Error(`Cannot answer: got ${outcome.kind}`);
    }
  } catch (error) {
    logger.error("cannot answer", { kind: outcome.kind, error: String(error) });
    call.fail(toStatus(error));
  }
}
