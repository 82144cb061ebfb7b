import { setMaxListeners } from "node:events";

import { Backoff } from "./backoff.ts";
import { CallError } from "./channel.ts";
import type { Endpoint } from "./endpoint.ts";
import { EndpointSet } from "./endpoint-set.ts";
import {
  ClientClosedError,
  InvalidArgumentError,
  TransportError,
  type EtcdError,
} from "./errors.ts";
import type { CallOptions, ResolvedOptions } from "./options.ts";
import { safetyOf, type CallableMethod, type MethodSafety } from "./method-safety.ts";
import { sleep, type Runtime } from "./runtime.ts";
import { statusCode } from "./status-code.ts";
import { TokenSource } from "./token-source.ts";
import { endCallSpan, injectSpan, startCallSpan } from "./tracing.ts";
import { judge, toError, type FailedCall, type Verdict } from "./verdict.ts";

/** Bounds of the wait between two rounds over all endpoints. */
const retryBounds = { firstMillis: 25, lastMillis: 1_000 } as const;
/** A token that is refused this often in one call is not the problem. */
const tokenRefreshesMax = 2;

/** Settings of one call, inside the client. @internal */
export interface TransportCallOptions extends CallOptions {
  /** Asks exactly this endpoint, for calls about one member. */
  readonly endpoint?: string | undefined;
  /** Leaves the token out; for Authenticate itself. */
  readonly withoutToken?: boolean;
  /** Has a member without a leader refuse at once, with a known outcome, instead of waiting. */
  readonly requireLeader?: boolean;
  /** Overrides the method's safety: a transaction that only reads is a read. */
  readonly safety?: MethodSafety;
}

/** An open stream whose connection is established. @internal */
export interface OpenStream {
  readonly endpoint: Endpoint;
  readonly token: string | undefined;
  /** Goes with the stream; to be added to before it is opened. */
  readonly headers: Map<string, string>;
}

/** A request on its way out. */
interface Outgoing {
  readonly path: string;
  readonly safety: MethodSafety;
  readonly bytes: Uint8Array;
}

interface Attempt {
  readonly endpoint: Endpoint;
  readonly token: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly untilMillis: number;
  readonly signal: AbortSignal | undefined;
}

type AttemptResult =
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  | { readonly kind: "failed"; readonly verdict: Verdict }
  | { readonly kind: "ended-here"; readonly error: EtcdError };

/**
 * Sends calls to the cluster: chooses the endpoint, adds the token, retries what may be retried.
 *
 * A call is handed to gRPC only on an established connection. What fails before is known not to
 * be sent and goes elsewhere, writes too; what fails after is judged by {@link judge}.
 * @internal
 */
export class Transport {
  readonly endpoints: EndpointSet;
  readonly runtime: Runtime;
  readonly options: ResolvedOptions;
  readonly #tokens: TokenSource | undefined;
  readonly #calls = new Set<{ cancel(): void }>();
  readonly #closed = new AbortController();

  /** @param authenticate - Gets a token; undefined for a client without a user. */
  constructor(
    options: ResolvedOptions,
    runtime: Runtime,
    authenticate: ((transport: Transport) => Promise<string | undefined>) | undefined,
  ) {
    this.options = options;
    this.runtime = runtime;
    this.endpoints = new EndpointSet(options, runtime);
    // Every lease and every loop of the client listens; that is no leak.
    setMaxListeners(0, this.#closed.signal);
    this.#tokens =
      authenticate === undefined ? undefined : new TokenSource(() => authenticate(this));
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Aborts when the client is closed. */
  get closedSignal(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Runs a method with one answer.
   *
   * @throws {@link EtcdError}; see {@link EtcdError.isOutcomeUnknown} for writes.
   */
  async unary<Request, Response>(
    method: CallableMethod<Request, Response>,
    request: Request,
    options: TransportCallOptions = {},
  ): Promise<Response> {
    const { path } = method;
    const safety = options.safety ?? safetyOf(path);
    const outgoing = { path, safety, bytes: method.encodeRequest(request) };
    const { tracer } = this.runtime;
    const used = { endpoint: "" };
    const headers = new Map<string, string>();
    if (options.requireLeader === true) headers.set("hasleader", "true");
    const span = tracer === undefined ? undefined : startCallSpan(tracer, path);
    if (span !== undefined) injectSpan(span, headers);
    try {
      const answer = await this.#unaryBytes(outgoing, headers, options, used);
      const response = this.#decode(method, answer, used.endpoint, safety);
      if (span !== undefined) endCallSpan(span, undefined, used.endpoint);
      return response;
    } catch (error) {
      if (span !== undefined) endCallSpan(span, error, used.endpoint);
      throw error;
    }
  }

  /**
   * Finds an endpoint to open a stream on and connects to it; one try.
   *
   * @throws {@link TransportError} when the endpoint cannot be reached: back off, then try again.
   */
  async prepareStream(
    path: string,
    options: { readonly signal?: AbortSignal; readonly endpoint?: string } = {},
  ): Promise<OpenStream> {
    this.#assertOpen();
    const endpoint = this.#endpointFor(options.endpoint);
    const isUp = await endpoint.connect(this.options.connectMillis, options.signal);
    this.#assertOpen();
    if (!isUp) {
      if (options.signal?.aborted !== true) this.endpoints.fail(endpoint);
      throw notConnected(path, "read", endpoint.name);
    }
    const headers = new Map<string, string>();
    const token = await this.#addToken(headers);
    this.#assertOpen();
    return { endpoint, token, headers };
  }

  /** Forgets the token a stream was refused with. */
  async refuseToken(token: string | undefined): Promise<boolean> {
    if (this.#tokens === undefined) return false;
    await this.#tokens.invalidate(token);
    return true;
  }

  /**
   * Reads a stream of answers to one request from one endpoint; never resumes by itself.
   *
   * @returns Iterator with back-pressure; leaving it early cancels the call.
   */
  async *serverStream<Request, Response>(
    method: CallableMethod<Request, Response>,
    request: Request,
    options: TransportCallOptions = {},
  ): AsyncGenerator<Response, void, undefined> {
    const bytes = method.encodeRequest(request);
    const { signal, endpoint: wanted } = options;
    const open = await this.prepareStream(method.path, {
      ...(signal === undefined ? {} : { signal }),
      ...(wanted === undefined ? {} : { endpoint: wanted }),
    });
    const call = open.endpoint.channel.serverStream(method.path, bytes, {
      headers: open.headers,
      deadlineMillis: options.deadlineMillis,
    });
    const onAbort = (): void => call.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) call.cancel();
    this.track(call);
    try {
      for await (const message of call) {
        yield this.#decode(method, message, open.endpoint.name, "read");
      }
    } catch (error) {
      if (error instanceof CallError && error.grpcCode === statusCode.unavailable) {
        this.endpoints.fail(open.endpoint);
      }
      throw this.streamError(error, method.path, open.endpoint.name, signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.untrack(call);
      call.cancel();
    }
  }

  /** The typed form of what ended a stream. */
  streamError(
    error: unknown,
    method: string,
    endpoint: string,
    signal: AbortSignal | undefined,
  ): unknown {
    if (!(error instanceof CallError)) return error;
    if (this.isClosed) return new ClientClosedError();
    const call: FailedCall = {
      grpcCode: error.grpcCode,
      details: error.details,
      method,
      safety: "read",
      endpoint,
    };
    return toError(call, signal?.aborted === true ? signal.reason : undefined);
  }

  /** Has `close` cancel the call. */
  track(call: { cancel(): void }): void {
    this.#calls.add(call);
  }

  untrack(call: { cancel(): void }): void {
    this.#calls.delete(call);
  }

  /** Cancels what is under way and closes all connections. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.#closed.abort(new ClientClosedError());
    for (const call of this.#calls) call.cancel();
    this.#calls.clear();
    this.endpoints.close();
  }

  async #unaryBytes(
    outgoing: Outgoing,
    base: ReadonlyMap<string, string>,
    options: TransportCallOptions,
    used: { endpoint: string },
  ): Promise<Uint8Array> {
    const { clock, timers, random } = this.runtime;
    const budgetMillis = options.deadlineMillis ?? this.options.defaultDeadlineMillis;
    const untilMillis = clock.monotonicMillis() + budgetMillis;
    const backoff = new Backoff(retryBounds, random);
    let refreshes = 0;
    for (let attempt = 1; ; attempt += 1) {
      this.#assertOpen();
      if (options.signal?.aborted === true) throw cancelled(outgoing, "", options.signal, false);
      const endpoint = this.#endpointFor(options.endpoint);
      used.endpoint = endpoint.name;
      const headers = new Map(base);
      const token = options.withoutToken === true ? undefined : await this.#addToken(headers);
      const result = await this.#attempt(outgoing, {
        endpoint,
        token,
        headers,
        untilMillis,
        signal: options.signal,
      });
      if (result.kind === "answer") return result.bytes;
      if (result.kind === "ended-here") throw result.error;
      const { verdict } = result;
      if (verdict.isEndpointAtFault) this.endpoints.fail(endpoint);
      else endpoint.noteSuccess();
      if (verdict.retry === "no") throw verdict.error;
      if (verdict.retry === "refresh-token") {
        refreshes += 1;
        if (this.#tokens === undefined || refreshes > tokenRefreshesMax) throw verdict.error;
        await this.#tokens.invalidate(token);
        continue;
      }
      const isRoundOver = attempt % this.endpoints.size === 0 || options.endpoint !== undefined;
      const waitMillis = isRoundOver ? backoff.next() : 0;
      if (clock.monotonicMillis() + waitMillis >= untilMillis) throw verdict.error;
      if (waitMillis > 0) await sleep(timers, waitMillis, options.signal);
    }
  }

  async #attempt(outgoing: Outgoing, attempt: Attempt): Promise<AttemptResult> {
    const { endpoint, signal, untilMillis } = attempt;
    const { clock } = this.runtime;
    const connectMillis = Math.min(
      this.options.connectMillis,
      untilMillis - clock.monotonicMillis(),
    );
    const isUp = await endpoint.connect(connectMillis, signal);
    if (this.isClosed) return { kind: "ended-here", error: new ClientClosedError() };
    if (signal?.aborted === true) {
      return { kind: "ended-here", error: cancelled(outgoing, endpoint.name, signal, false) };
    }
    if (!isUp) {
      const error = notConnected(outgoing.path, outgoing.safety, endpoint.name);
      return { kind: "failed", verdict: { error, retry: "elsewhere", isEndpointAtFault: true } };
    }
    const leftMillis = untilMillis - clock.monotonicMillis();
    // Only a read may be given up early: it can be asked again.
    const isCutShort = outgoing.safety === "read" && this.options.readAttemptMillis < leftMillis;
    const attemptMillis = isCutShort ? this.options.readAttemptMillis : Math.max(leftMillis, 1);
    return this.#send(outgoing, attempt, attemptMillis);
  }

  #send(outgoing: Outgoing, attempt: Attempt, attemptMillis: number): Promise<AttemptResult> {
    const { endpoint, signal } = attempt;
    const { path, bytes } = outgoing;
    const settings = { headers: attempt.headers, deadlineMillis: attemptMillis };
    return new Promise((resolve) => {
      const call = endpoint.channel.unary(path, bytes, settings, (outcome) => {
        this.#calls.delete(call);
        signal?.removeEventListener("abort", onAbort);
        if (outcome instanceof CallError) {
          resolve(this.#failed(outgoing, endpoint, signal, outcome));
          return;
        }
        endpoint.noteSuccess();
        resolve({ kind: "answer", bytes: outcome });
      });
      const onAbort = (): void => call.cancel();
      this.#calls.add(call);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #failed(
    outgoing: Outgoing,
    endpoint: Endpoint,
    signal: AbortSignal | undefined,
    error: CallError,
  ): AttemptResult {
    if (this.isClosed) {
      return {
        kind: "ended-here",
        error: new ClientClosedError(outgoing.safety === "write"),
      };
    }
    if (signal?.aborted === true && error.grpcCode === statusCode.cancelled) {
      return { kind: "ended-here", error: cancelled(outgoing, endpoint.name, signal, true) };
    }
    const verdict = judge({
      grpcCode: error.grpcCode,
      details: error.details,
      method: outgoing.path,
      safety: outgoing.safety,
      endpoint: endpoint.name,
    });
    return { kind: "failed", verdict };
  }

  #decode<Response>(
    method: CallableMethod<never, Response>,
    bytes: Uint8Array,
    endpoint: string,
    safety: MethodSafety,
  ): Response {
    try {
      return method.decodeResponse(bytes);
    } catch (cause) {
      const failure = {
        grpcCode: statusCode.internal,
        method: method.path,
        endpoint,
        isOutcomeUnknown: safety === "write",
      };
      const message = `${method.path} failed: the answer is malformed`;
      throw new TransportError("malformed-answer", message, failure, cause);
    }
  }

  #endpointFor(name: string | undefined): Endpoint {
    if (name === undefined) return this.endpoints.pick();
    const endpoint = this.endpoints.find(name);
    if (endpoint === undefined) {
      throw new InvalidArgumentError(`Cannot call "${name}": not an endpoint of this client`);
    }
    return endpoint;
  }

  async #addToken(headers: Map<string, string>): Promise<string | undefined> {
    if (this.#tokens === undefined) return undefined;
    const token = await this.#tokens.current();
    if (token !== undefined) headers.set("token", token);
    return token;
  }

  #assertOpen(): void {
    if (this.isClosed) throw new ClientClosedError();
  }
}

function notConnected(path: string, safety: "read" | "write", endpoint: string): EtcdError {
  const details = `No connection established to ${endpoint}`;
  return toError({ grpcCode: statusCode.unavailable, details, method: path, safety, endpoint });
}

function cancelled(
  outgoing: Outgoing,
  endpoint: string,
  signal: AbortSignal,
  wasSent: boolean,
): EtcdError {
  const call = {
    grpcCode: statusCode.cancelled,
    details: "cancelled by the caller",
    method: outgoing.path,
    safety: wasSent ? outgoing.safety : "read",
    endpoint,
  } as const;
  return toError(call, signal.reason);
}
