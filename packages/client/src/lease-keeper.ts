/**
 * Renews all held leases of a client over one LeaseKeepAlive stream.
 *
 * Every lease asks again a third of its TTL after it last asked. A question that stays unanswered
 * for a sixth of the TTL condemns the stream: another endpoint is taken and everything open is
 * asked again there, so that a silent member costs a lease less than half its life.
 */
import type { Timer } from "@quorate/platform";
import { services, type LeaseKeepAliveResponse } from "@quorate/api";

import { RoundBackoff } from "./backoff.ts";
import { CallError, type BidiCall } from "./channel.ts";
import { deferred, sleep } from "./runtime.ts";
import { statusCode } from "./status-code.ts";
import type { OpenStream, Transport } from "./transport.ts";
import { judge } from "./verdict.ts";

/** A lease that is to be renewed. @internal */
export interface KeptLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /** The server granted `ttlSeconds` more, counted from no earlier than `sentMillis`. */
  renewed(sentMillis: number, ttlSeconds: number): void;
  /** The server does not know the lease any more. */
  expired(): void;
}

interface Entry {
  readonly lease: KeptLease;
  /** When the next question is due, monotonic milliseconds. */
  dueMillis: number;
  /** When the question that is open on the present stream was sent. */
  askedMillis: number | undefined;
  timer: Timer | undefined;
}

const method = services.lease.leaseKeepAlive;
const reconnectBounds = { firstMillis: 20, lastMillis: 1_000 } as const;

/** See the file comment. @internal */
export class LeaseKeeper {
  readonly #transport: Transport;
  readonly #entries = new Map<bigint, Entry>();
  readonly #backoff: RoundBackoff;
  #stream: BidiCall | undefined;
  /** The present stream was ended by this side because no lease was left. */
  #isClosing = false;
  #isRunning = false;
  #idle = new AbortController();

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#backoff = new RoundBackoff(reconnectBounds, transport.runtime.random);
  }

  /** @param grantedMillis - When the request was sent that the present TTL counts from. */
  add(lease: KeptLease, grantedMillis: number): void {
    this.remove(lease.id);
    const entry: Entry = {
      lease,
      dueMillis: grantedMillis + (lease.ttlSeconds * 1_000) / 3,
      askedMillis: undefined,
      timer: undefined,
    };
    this.#entries.set(lease.id, entry);
    if (this.#idle.signal.aborted) this.#idle = new AbortController();
    this.#schedule(entry);
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
  }

  remove(id: bigint): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.timer?.cancel();
    this.#entries.delete(id);
    if (this.#entries.size > 0) return;
    this.#idle.abort();
    this.#isClosing = this.#stream !== undefined;
    this.#stream?.cancel();
  }

  async #run(): Promise<void> {
    const { timers } = this.#transport.runtime;
    while (this.#entries.size > 0 && !this.#transport.isClosed) {
      const hadAnswer = await this.#runStream();
      this.#stream = undefined;
      if (hadAnswer) this.#backoff.reset();
      const wasClosing = this.#isClosing;
      this.#isClosing = false;
      if (wasClosing) continue;
      const pauseMillis = this.#backoff.next(this.#transport.endpoints.size);
      if (pauseMillis > 0) await sleep(timers, pauseMillis, this.#idle.signal);
    }
    this.#isRunning = false;
  }

  /** Serves one stream to its end; tells whether it answered anything. */
  async #runStream(): Promise<boolean> {
    let open: OpenStream;
    try {
      open = await this.#transport.prepareStream(method.path, { signal: this.#idle.signal });
    } catch (error) {
      this.#transport.runtime.logger?.debug("Cannot open the lease stream", {
        error: error instanceof Error ? error.message : "unknown",
      });
      return false;
    }
    if (this.#entries.size === 0) return false;
    open.headers.set("hasleader", "true");
    let hadAnswer = false;
    const { promise: ended, resolve } = deferred<CallError | undefined>();
    const call = open.endpoint.channel.bidiStream(method.path, open, {
      onMessage: (bytes) => {
        hadAnswer = true;
        if (!this.#answered(bytes)) call.cancel();
      },
      onEnd: resolve,
    });
    this.#stream = call;
    this.#transport.track(call);
    const nowMillis = this.#transport.runtime.clock.monotonicMillis();
    for (const entry of this.#entries.values()) {
      const wasAsked = entry.askedMillis !== undefined;
      entry.askedMillis = undefined;
      if (wasAsked || entry.dueMillis <= nowMillis) this.#ask(entry);
    }
    const error = await ended;
    this.#transport.untrack(call);
    await this.#judgeEnd(error, open);
    return hadAnswer;
  }

  async #judgeEnd(error: unknown, open: OpenStream): Promise<void> {
    if (this.#isClosing || this.#transport.isClosed) return;
    const verdict = judge({
      grpcCode: error instanceof CallError ? error.grpcCode : statusCode.unavailable,
      details: error instanceof CallError ? error.details : "Stream ended by the server",
      method: method.path,
      safety: "read",
      endpoint: open.endpoint.name,
    });
    if (verdict.retry === "refresh-token") await this.#transport.refuseToken(open.token);
    else this.#transport.endpoints.fail(open.endpoint);
    this.#transport.runtime.logger?.info("Lease stream interrupted", {
      endpoint: open.endpoint.name,
      error: verdict.error.message,
    });
  }

  /** Takes one answer; false when it is malformed. */
  #answered(bytes: Uint8Array): boolean {
    let answer: LeaseKeepAliveResponse;
    try {
      answer = method.decodeResponse(bytes);
    } catch {
      return false;
    }
    const entry = this.#entries.get(answer.id);
    if (entry?.askedMillis === undefined) return true;
    const sentMillis = entry.askedMillis;
    entry.askedMillis = undefined;
    if (answer.ttl <= 0) {
      this.remove(answer.id);
      entry.lease.expired();
      return true;
    }
    entry.dueMillis = sentMillis + (answer.ttl * 1_000) / 3;
    this.#schedule(entry);
    entry.lease.renewed(sentMillis, answer.ttl);
    return true;
  }

  #schedule(entry: Entry): void {
    const { clock, timers } = this.#transport.runtime;
    entry.timer?.cancel();
    const waitMillis = Math.max(0, entry.dueMillis - clock.monotonicMillis());
    entry.timer = timers.setTimer(waitMillis, () => this.#ask(entry));
  }

  #ask(entry: Entry): void {
    const stream = this.#stream;
    // Without a stream the question is due and goes out as soon as there is one.
    if (stream === undefined || this.#isClosing) return;
    if (this.#entries.get(entry.lease.id) !== entry) return;
    const { clock, timers } = this.#transport.runtime;
    // Before the write: the server can only count from later than this.
    entry.askedMillis = clock.monotonicMillis();
    stream.write(method.encodeRequest({ id: entry.lease.id }));
    entry.timer?.cancel();
    entry.timer = timers.setTimer((entry.lease.ttlSeconds * 1_000) / 6, () => {
      if (this.#stream === stream && entry.askedMillis !== undefined) stream.cancel();
    });
  }
}
