/** Calls of the store's masses on their way through the log: one object each, no closures. */
import { decodeTxnRequest, type DeleteRangeRequest, type TxnRequest } from "@quorate/api";
import type { UnaryCall } from "@quorate/grpc";
import type { PutCommand, RequestOutcome } from "@quorate/state-machine";
import { notQueued, type Proposal, type ProposalFailure } from "../member/proposal-queue.ts";
import type { ServiceContext } from "./service-context.ts";
import { failureError, toStatus } from "./status.ts";
import { composeDeleteRangeAnswer, composePutAnswer, composeTxnAnswer } from "./write-answer.ts";

/** A `Put` under way. */
export class PutCall implements Proposal<RequestOutcome> {
  readonly kind = "put";
  readonly authRevision = 0;
  readonly message: PutCommand;
  sequence: number = notQueued;
  readonly #context: ServiceContext;
  readonly #call: UnaryCall;

  constructor(context: ServiceContext, call: UnaryCall, message: PutCommand) {
    this.#context = context;
    this.#call = call;
    this.message = message;
  }

  get bytes(): Uint8Array {
    return this.message.bytes;
  }

  settle(outcome: RequestOutcome): void {
    answer(this.#context, this.#call, outcome);
  }

  fail({ reason }: ProposalFailure): void {
    this.#call.fail(toStatus(failureError(reason)));
  }
}

/** A `DeleteRange` under way. */
export class DeleteRangeCall implements Proposal<RequestOutcome> {
  readonly kind = "delete-range";
  readonly authRevision = 0;
  readonly message: DeleteRangeRequest;
  readonly bytes: Uint8Array;
  sequence: number = notQueued;
  readonly #context: ServiceContext;
  readonly #call: UnaryCall;

  constructor(
    context: ServiceContext,
    call: UnaryCall,
    message: DeleteRangeRequest,
    bytes: Uint8Array,
  ) {
    this.#context = context;
    this.#call = call;
    this.message = message;
    this.bytes = bytes;
  }

  settle(outcome: RequestOutcome): void {
    answer(this.#context, this.#call, outcome);
  }

  fail({ reason }: ProposalFailure): void {
    this.#call.fail(toStatus(failureError(reason)));
  }
}

/**
 * A `Txn` that writes, under way.
 *
 * It keeps the bytes and not the message, which is a tree of a dozen objects: while it waits the
 * garbage collector would carry each of them along, which costs more than reading the bytes again.
 */
export class TxnCall implements Proposal<RequestOutcome> {
  readonly kind = "txn";
  readonly authRevision = 0;
  readonly bytes: Uint8Array;
  sequence: number = notQueued;
  readonly #context: ServiceContext;
  readonly #call: UnaryCall;

  /** @param bytes - Were decoded and checked before. */
  constructor(context: ServiceContext, call: UnaryCall, bytes: Uint8Array) {
    this.#context = context;
    this.#call = call;
    this.bytes = bytes;
  }

  get message(): TxnRequest {
    return decodeTxnRequest(this.bytes);
  }

  settle(outcome: RequestOutcome): void {
    answer(this.#context, this.#call, outcome);
  }

  fail({ reason }: ProposalFailure): void {
    this.#call.fail(toStatus(failureError(reason)));
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
