/**
 * Carries all watchers of a client over one Watch stream and keeps them going.
 *
 * Created answers come in the order of create requests, so the two are paired first in, first
 * out; from then on the server's id names the watcher. When the stream breaks, another endpoint is
 * taken and every watcher is created again from the revision it still needs:
 *
 *   create(from 0) --> created(rev 7)      needs 8
 *   events(8, 9)                           needs 10
 *   progress(12)                           needs 13
 *   -- stream breaks --
 *   create(from 13) --> created(rev 20), events(13 ...)
 */
import {
  services,
  watchCancelReasons,
  type WatchCreateRequestInit,
  type WatchRequestInit,
  type WatchResponse,
} from "@quorate/api";

import { RoundBackoff } from "./backoff.ts";
import { CallError, type BidiCall } from "./channel.ts";
import {
  ClientClosedError,
  ServerError,
  TransportError,
  WatchCanceledError,
  WatchCompactedError,
} from "./errors.ts";
import { deferred, sleep } from "./runtime.ts";
import { statusCode } from "./status-code.ts";
import type { OpenStream, Transport } from "./transport.ts";
import { judge } from "./verdict.ts";

/** What the hub asks of a watcher and tells it. Calls come one at a time. @internal */
export interface WatchSubscriber {
  /** Oldest revision still needed; 0 means from now on. */
  readonly nextRevision: number;
  /** The request that creates the watcher at {@link WatchSubscriber.nextRevision}. */
  createRequest(): WatchCreateRequestInit;
  created(revision: number): void;
  /** Events of one answer; `response.fragment` says that more of the same answer follows. */
  events(response: WatchResponse): void;
  /** Everything up to the revision was sent. */
  progress(revision: number, isForWholeStream: boolean): void;
  /** The stream broke: pieces of an unfinished answer are void. */
  interrupted(): void;
  /** Nothing will come any more. */
  ended(error: Error): void;
}

interface Registration {
  readonly subscriber: WatchSubscriber;
  id: bigint | undefined;
  isRemoved: boolean;
}

const reconnectBounds = { firstMillis: 25, lastMillis: 2_000 } as const;
/** A watch that is refused for its token this often in a row has no right to it. */
const tokenRefusalsMax = 3;

const tokenReasons: ReadonlySet<string> = new Set([
  watchCancelReasons["invalid-auth-token"],
  watchCancelReasons["auth-revision-old"],
  watchCancelReasons["user-empty"],
]);

/** See the file comment. @internal */
export class WatchHub {
  readonly #transport: Transport;
  readonly #registrations = new Map<WatchSubscriber, Registration>();
  readonly #parked = new Set<WatchSubscriber>();
  readonly #byId = new Map<bigint, Registration>();
  readonly #backoff: RoundBackoff;
  #awaitingCreated: Registration[] = [];
  #stream: WatchStream | undefined;
  #isRunning = false;
  #tokenRefusals = 0;
  #idle = new AbortController();

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#backoff = new RoundBackoff(reconnectBounds, transport.runtime.random);
  }

  /** Starts, or after {@link WatchHub.park} continues, to serve a watcher. */
  add(subscriber: WatchSubscriber): void {
    this.#parked.delete(subscriber);
    const registration = { subscriber, id: undefined, isRemoved: false };
    this.#registrations.set(subscriber, registration);
    if (this.#idle.signal.aborted) this.#idle = new AbortController();
    if (this.#stream?.isClosing === false) this.#create(registration, this.#stream);
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
  }

  /** Stops serving a watcher; nothing is told to it from here on (W10). */
  remove(subscriber: WatchSubscriber): void {
    this.#parked.delete(subscriber);
    this.#unregister(subscriber);
    this.#closeIfIdle();
  }

  /** As {@link WatchHub.remove}, for a watcher that will be added again: the stream stays. */
  park(subscriber: WatchSubscriber): void {
    this.#parked.add(subscriber);
    this.#unregister(subscriber);
  }

  /** Asks the server how far the whole stream is; the answer goes to every watcher. */
  requestProgress(): void {
    this.#stream?.write({ requestUnion: { case: "progressRequest", value: {} } });
  }

  async #run(): Promise<void> {
    const { clock, timers } = this.#transport.runtime;
    let isFirstTry = true;
    while (this.#registrations.size > 0 && !this.#transport.isClosed) {
      const pauseMillis = isFirstTry ? 0 : this.#backoff.next(this.#transport.endpoints.size);
      if (pauseMillis > 0) await sleep(timers, pauseMillis, this.#idle.signal);
      const startMillis = clock.monotonicMillis();
      const error = await this.#runStream();
      const hasLasted = clock.monotonicMillis() - startMillis >= reconnectBounds.lastMillis;
      if (hasLasted && this.#stream?.hasAnswered === true) this.#backoff.reset();
      // What this side ended was no failure: whoever came meanwhile need not wait.
      isFirstTry = this.#stream?.isClosing === true;
      this.#dropStream();
      if (error !== undefined) this.#endAll(error);
    }
    this.#isRunning = false;
    if (this.#transport.isClosed) this.#endAll(new ClientClosedError());
  }

  /** Opens a stream and serves it until it ends; returns an error that ends all watchers. */
  async #runStream(): Promise<Error | undefined> {
    let open: OpenStream;
    try {
      open = await this.#transport.prepareStream(services.watch.watch.path, {
        signal: this.#idle.signal,
      });
    } catch (error) {
      return isFatal(error) ? error : undefined;
    }
    if (this.#registrations.size === 0) return undefined;
    // A member that lost its cluster ends the stream, so that another one is asked.
    open.headers.set("hasleader", "true");
    const stream = new WatchStream(open, (response) => this.#onResponse(response, stream));
    this.#stream = stream;
    this.#transport.track(stream.call);
    for (const registration of this.#registrations.values()) this.#create(registration, stream);
    const error = await stream.ended;
    this.#transport.untrack(stream.call);
    return this.#judgeEnd(error, stream);
  }

  async #judgeEnd(error: unknown, stream: WatchStream): Promise<Error | undefined> {
    if (stream.isClosing || this.#transport.isClosed) return undefined;
    const { endpoint, token } = stream.open;
    if (stream.isTokenRefused) {
      await this.#transport.refuseToken(token);
      return undefined;
    }
    const verdict = judge({
      grpcCode: error instanceof CallError ? error.grpcCode : statusCode.unavailable,
      details: error instanceof CallError ? error.details : "Stream ended by the server",
      method: services.watch.watch.path,
      safety: "read",
      endpoint: endpoint.name,
    });
    if (verdict.retry === "refresh-token") {
      this.#tokenRefusals += 1;
      const isRefreshed = await this.#transport.refuseToken(token);
      return isRefreshed && this.#tokenRefusals <= tokenRefusalsMax ? undefined : verdict.error;
    }
    this.#transport.endpoints.fail(endpoint);
    this.#transport.runtime.logger?.info("Watch stream interrupted", {
      endpoint: endpoint.name,
      error: verdict.error.message,
    });
    return verdict.retry === "no" && isFatal(verdict.error) ? verdict.error : undefined;
  }

  #create(registration: Registration, stream: WatchStream): void {
    this.#awaitingCreated.push(registration);
    const value = registration.subscriber.createRequest();
    stream.write({ requestUnion: { case: "createRequest", value } });
  }

  #cancelOnServer(id: bigint): void {
    this.#stream?.write({ requestUnion: { case: "cancelRequest", value: { watchId: id } } });
  }

  #onResponse(response: WatchResponse, stream: WatchStream): void {
    if (stream.isTokenRefused) return;
    if (response.created) {
      this.#onCreated(response, stream);
      return;
    }
    if (response.watchId === -1n && response.events.length === 0 && !response.canceled) {
      const revision = response.header?.revision ?? 0;
      for (const each of this.#byId.values()) each.subscriber.progress(revision, true);
      return;
    }
    const registration = this.#byId.get(response.watchId);
    if (registration === undefined) return;
    if (response.compactRevision !== 0 || response.canceled) {
      this.#end(registration, endOf(response, registration.subscriber.nextRevision));
      // A watcher ended by compaction stays known to the server until it is cancelled.
      if (response.compactRevision !== 0) this.#cancelOnServer(response.watchId);
    } else if (response.events.length > 0) {
      registration.subscriber.events(response);
    } else if (response.header !== undefined && response.header.revision !== 0) {
      registration.subscriber.progress(response.header.revision, false);
    }
  }

  #onCreated(response: WatchResponse, stream: WatchStream): void {
    const registration = this.#awaitingCreated.shift();
    if (registration === undefined) return;
    if (response.canceled || response.compactRevision !== 0) {
      if (registration.isRemoved) return;
      if (tokenReasons.has(response.cancelReason) && this.#tokenRefusals < tokenRefusalsMax) {
        this.#tokenRefusals += 1;
        stream.isTokenRefused = true;
        stream.call.cancel();
        return;
      }
      this.#end(registration, endOf(response, registration.subscriber.nextRevision));
      return;
    }
    this.#tokenRefusals = 0;
    if (registration.isRemoved) {
      this.#cancelOnServer(response.watchId);
      return;
    }
    registration.id = response.watchId;
    this.#byId.set(response.watchId, registration);
    registration.subscriber.created(response.header?.revision ?? 0);
  }

  #end(registration: Registration, error: Error): void {
    if (registration.id !== undefined) this.#byId.delete(registration.id);
    registration.isRemoved = true;
    this.#registrations.delete(registration.subscriber);
    registration.subscriber.ended(error);
    this.#closeIfIdle();
  }

  #unregister(subscriber: WatchSubscriber): void {
    const registration = this.#registrations.get(subscriber);
    if (registration === undefined) return;
    this.#registrations.delete(subscriber);
    registration.isRemoved = true;
    if (registration.id === undefined) return;
    this.#byId.delete(registration.id);
    this.#cancelOnServer(registration.id);
  }

  #closeIfIdle(): void {
    if (this.#registrations.size > 0 || this.#parked.size > 0) return;
    if (this.#stream !== undefined) {
      this.#stream.isClosing = true;
      this.#stream.call.cancel();
    }
    this.#idle.abort();
  }

  #endAll(error: Error): void {
    for (const registration of [...this.#registrations.values()]) this.#end(registration, error);
  }

  #dropStream(): void {
    this.#stream = undefined;
    this.#byId.clear();
    this.#awaitingCreated = [];
    for (const registration of this.#registrations.values()) {
      registration.id = undefined;
      registration.subscriber.interrupted();
    }
  }
}

/** One open Watch stream. */
class WatchStream {
  readonly call: BidiCall;
  readonly open: OpenStream;
  /** Resolves with what ended the stream; undefined for a clean end. */
  readonly ended: Promise<unknown>;
  hasAnswered = false;
  isTokenRefused = false;
  /** Nobody watches any more: this side ends the stream. */
  isClosing = false;

  constructor(open: OpenStream, onResponse: (response: WatchResponse) => void) {
    this.open = open;
    const { promise, resolve } = deferred<unknown>();
    this.ended = promise;
    const { channel } = open.endpoint;
    this.call = channel.bidiStream(services.watch.watch.path, open, {
      onMessage: (bytes) => {
        try {
          const response = services.watch.watch.decodeResponse(bytes);
          this.hasAnswered = true;
          onResponse(response);
        } catch (error) {
          resolve(error);
          this.call.cancel();
        }
      },
      onEnd: resolve,
    });
  }

  write(request: WatchRequestInit): void {
    this.call.write(services.watch.watch.encodeRequest(request));
  }
}

function endOf(response: WatchResponse, nextRevision: number): Error {
  if (response.compactRevision !== 0) {
    return new WatchCompactedError(response.compactRevision, nextRevision);
  }
  return new WatchCanceledError(response.cancelReason);
}

/** Whether no other endpoint and no patience can help. */
function isFatal(error: unknown): error is Error {
  if (error instanceof ClientClosedError) return false;
  if (error instanceof ServerError) return judgeText(error) === "no";
  if (error instanceof TransportError) {
    return error.code === "unimplemented" || error.code === "permission-denied-by-transport";
  }
  return error instanceof Error;
}

function judgeText(error: ServerError): string {
  return judge({
    grpcCode: error.grpcCode,
    details: error.message,
    method: error.method,
    safety: "read",
    endpoint: error.endpoint,
  }).retry;
}
