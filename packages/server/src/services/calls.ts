/**
 * What all methods share: decoding, the checks before any request, and turning errors into answers.
 */
import type { Method } from "@quorate/api";
import type { RpcCall, RpcMethod, UnaryCall } from "@quorate/grpc";
import type { DecodedRequest, RequestOutcome, ResponseMessages } from "@quorate/state-machine";
import { toProposal } from "../member/outcome.ts";
import { ListenedRead, type ReadListener } from "../member/read-queue.ts";
import { failureError, ServiceError, toStatus } from "./status.ts";
import type { ServiceContext } from "./service-context.ts";

/** How a unary method answers. Exactly one of the two, once. */
export interface Reply<Response> {
  ok(response: Response): void;
  /** Answers with bytes that are a whole message already. */
  bytes(chunks: readonly Uint8Array[]): void;
  fail(error: unknown): void;
}

/** A unary method's code: gets the message and its bytes; may throw. */
export type UnaryBody<Request, Response> = (
  request: Request,
  reply: Reply<Response>,
  bytes: Uint8Array,
) => void;

/** Checks that a learner or a member in the middle of a snapshot passes, and others need not. */
export interface CallRules {
  /** Whether a learner may answer. @default false */
  readonly isServedByLearner?: boolean;
}

/**
 * Refuses calls that this member cannot serve now.
 *
 * @param hasLeader - What callers that ask for a leader go by. @default whether one is known now
 * @throws ServiceError
 */
export function checkCall(
  context: ServiceContext,
  call: RpcCall,
  isServedByLearner: boolean,
  hasLeader: boolean = context.member.leader !== undefined,
): void {
  const { member } = context;
  if (member.isLearner && !isServedByLearner) throw new ServiceError("not-supported-for-learner");
  if (call.header("hasleader") === "true" && !hasLeader) throw new ServiceError("no-leader");
  if (member.isRestoring) throw new ServiceError("timeout-applied-index");
}

/** Makes a method of the RPC server from its description and code. */
export function unary<Request, RequestInit, Response, ResponseInit>(
  context: ServiceContext,
  method: Method<"unary", Request, RequestInit, Response, ResponseInit>,
  body: UnaryBody<Request, ResponseInit>,
  { isServedByLearner = false }: CallRules = {},
): RpcMethod {
  return {
    kind: "unary",
    path: method.path,
    handle: (bytes, call) => {
      const reply = new UnaryReply(call, method.encodeResponse);
      try {
        checkCall(context, call, isServedByLearner);
        body(method.decodeRequest(bytes), reply, bytes);
      } catch (error) {
        reply.fail(error);
      }
    },
  };
}

/**
 * Makes a unary method that decodes its request and answers by itself. `handle` may throw; it gets
 * bytes that may wait in a proposal.
 */
export function rawUnary(
  context: ServiceContext,
  path: string,
  handle: (bytes: Uint8Array, call: UnaryCall) => void,
): RpcMethod {
  return {
    kind: "unary",
    path,
    handle: (bytes, call) => {
      try {
        checkCall(context, call, false);
        handle(context.member.ownBytes(bytes), call);
      } catch (error) {
        call.fail(toStatus(error));
      }
    },
  };
}

class UnaryReply<Response> implements Reply<Response> {
  readonly #call: UnaryCall;
  readonly #encode: (response: Response) => Uint8Array;

  constructor(call: UnaryCall, encode: (response: Response) => Uint8Array) {
    this.#call = call;
    this.#encode = encode;
  }

  ok(response: Response): void {
    this.#call.respond([this.#encode(response)]);
  }

  bytes(chunks: readonly Uint8Array[]): void {
    this.#call.respond(chunks);
  }

  fail(error: unknown): void {
    this.#call.fail(toStatus(error));
  }
}

/** A request for the log with its answer's handler, of a kind that does not come in masses. */
export interface ProposeRequest<Kind extends keyof ResponseMessages> {
  readonly decoded: DecodedRequest & { readonly kind: Kind };
  readonly bytes: Uint8Array;
  readonly onResponse: (response: ResponseMessages[Kind]) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends a request through the log.
 *
 * @throws ServiceError `request-too-large`.
 */
export function propose<Kind extends keyof ResponseMessages>(
  { member, options, logger }: ServiceContext,
  { decoded, bytes, onResponse, onError }: ProposeRequest<Kind>,
): void {
  if (bytes.length > options.requestBytesMax) throw new ServiceError("request-too-large");
  const proposal = toProposal(decoded, member.ownBytes(bytes), (outcome, failure) => {
    if (outcome === undefined) {
      onError(failureError(failure?.reason ?? "stopped"));
    } else if (outcome.kind === "refused") {
      onError(outcome.error);
    } else {
      // Applying calls this: an answer that cannot be made must not end the process.
      try {
        onResponse(toMessage(decoded.kind, outcome));
      } catch (error) {
        logger.error("cannot answer", { kind: decoded.kind, error: String(error) });
        onError(error);
      }
    }
  });
  member.propose(proposal);
}

/** The answer's message; an answer of another kind is a bug. */
function toMessage<Kind extends keyof ResponseMessages>(
  kind: Kind,
  outcome: RequestOutcome,
): ResponseMessages[Kind] {
  if (outcome.kind !== kind || !("message" in outcome)) {
    throw new Error(`Cannot answer ${kind}: got ${outcome.kind}`);
  }
  return outcome.message as ResponseMessages[Kind];
}

/** Runs `body` when the state is fresh (P2), and turns what it throws into the answer. */
export function whenFresh(
  { member }: ServiceContext,
  onError: (error: unknown) => void,
  body: () => void,
): void {
  member.readIndex(toReadListener(onError, body));
}

/** The same for a read that may be stale: waits only while it could go backwards (P3). */
export function whenOwn(
  { member }: ServiceContext,
  onError: (error: unknown) => void,
  body: () => void,
): void {
  member.readOwn(new ListenedRead(toReadListener(onError, body)));
}

function toReadListener(onError: (error: unknown) => void, body: () => void): ReadListener {
  return (failure) => {
    if (failure !== undefined) {
      onError(failureError(failure));
      return;
    }
    try {
      body();
    } catch (error) {
      onError(error);
    }
  };
}
