import { services } from "@quorate/api";

import { Backoff } from "./backoff.ts";
import { CallError, type ChannelCall } from "./channel.ts";
import { InvalidArgumentError, LeaseLostError, ServerError, TransportError } from "./errors.ts";
import { toHeader, type Header } from "./key-value.ts";
import { LeaseHolder, type Lease } from "./lease-holder.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { CallOptions } from "./options.ts";
import { deferred, sleep } from "./runtime.ts";
import { statusCode } from "./status-code.ts";
import type { OpenStream, Transport } from "./transport.ts";
import { judge } from "./verdict.ts";

/** A lease as granted, not renewed by anybody. */
export interface LeaseGrant {
  readonly header: Header;
  readonly id: bigint;
  /** What the server grants, which may be more than was asked. */
  readonly ttlSeconds: number;
}

/** What is left of a lease. */
export interface LeaseTimeToLive {
  readonly header: Header;
  readonly id: bigint;
  /** Whole seconds left, rounded down; -1 for a lease that does not exist. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
  /** Attached keys if asked for, without the namespace, in no order. */
  readonly keys: readonly Uint8Array[];
}

/** Options of {@link LeaseClient.hold} and {@link LeaseClient.adopt}. */
export interface HoldOptions extends CallOptions {
  /**
   * How long before the earliest possible expiry `lost` fires: room for clocks that drift and for
   * what the holder still has to stop. @default 5 % of the TTL, at least 250, at most half the TTL
   */
  readonly marginMillis?: number;
}

const keepAlive = services.lease.leaseKeepAlive;

/** Leases: grants, renewals and the keys that end with them. */
export class LeaseClient {
  readonly #transport: Transport;
  readonly #keeper: LeaseKeeper;
  readonly #namespaceLength: number;

  /** @internal */
  constructor(transport: Transport, keeper: LeaseKeeper, namespaceLength: number) {
    this.#transport = transport;
    this.#keeper = keeper;
    this.#namespaceLength = namespaceLength;
  }

  /**
   * Grants a lease that nobody renews; see {@link LeaseClient.hold} for one that is.
   *
   * @param ttlSeconds - Whole seconds; servers raise short ones to their minimum.
   * @throws {@link ServerError} `lease-exists`, `lease-ttl-too-large`.
   */
  async grant(
    ttlSeconds: number,
    options: CallOptions & { readonly id?: bigint } = {},
  ): Promise<LeaseGrant> {
    if (!Number.isSafeInteger(ttlSeconds)) {
      throw new InvalidArgumentError(`Cannot grant a lease: ttl ${ttlSeconds} is not an integer`);
    }
    const request = { ttl: ttlSeconds, id: options.id ?? 0n };
    const response = await this.#transport.unary(services.lease.leaseGrant, request, {
      ...options,
      requireLeader: true,
    });
    return { header: toHeader(response.header), id: response.id, ttlSeconds: response.ttl };
  }

  /**
   * Grants a lease and renews it until it is revoked, lost or the client closed.
   *
   * @throws What {@link LeaseClient.grant} throws.
   */
  async hold(ttlSeconds: number, options: HoldOptions = {}): Promise<Lease> {
    const sentMillis = this.#transport.runtime.clock.monotonicMillis();
    const grant = await this.grant(ttlSeconds, options);
    return this.#holder(grant.id, sentMillis, grant.ttlSeconds, options);
  }

  /**
   * Takes over the renewal of a lease that exists, such as one of an earlier process.
   *
   * @throws {@link LeaseLostError} when the server does not know it.
   */
  async adopt(id: bigint, options: HoldOptions = {}): Promise<Lease> {
    const sentMillis = this.#transport.runtime.clock.monotonicMillis();
    const ttlSeconds = await this.keepAliveOnce(id, options);
    return this.#holder(id, sentMillis, ttlSeconds, options);
  }

  /** Ends a lease and removes its keys; fine when there is none. */
  async revoke(id: bigint, options: CallOptions = {}): Promise<void> {
    try {
      await this.#transport.unary(
        services.lease.leaseRevoke,
        { id },
        { ...options, requireLeader: true },
      );
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== "lease-not-found") throw error;
    }
  }

  /** Tells what is left of a lease. */
  async timeToLive(
    id: bigint,
    options: CallOptions & { readonly keys?: boolean } = {},
  ): Promise<LeaseTimeToLive> {
    const request = { id, keys: options.keys ?? false };
    const method = services.lease.leaseTimeToLive;
    const response = await this.#transport.unary(method, request, options);
    return {
      header: toHeader(response.header),
      id: response.id,
      ttlSeconds: response.ttl,
      grantedTtlSeconds: response.grantedTtl,
      keys: response.keys.map((key) => key.subarray(this.#namespaceLength)),
    };
  }

  /** Ids of all leases of the cluster. */
  async list(options: CallOptions = {}): Promise<readonly bigint[]> {
    const response = await this.#transport.unary(services.lease.leaseLeases, {}, options);
    return response.leases.map((lease) => lease.id);
  }

  /**
   * Renews a lease once; asks other endpoints while the deadline allows.
   *
   * @returns Seconds granted, counted from no earlier than the call.
   * @throws {@link LeaseLostError} when the server does not know it.
   */
  async keepAliveOnce(id: bigint, options: CallOptions = {}): Promise<number> {
    const { clock, timers, random } = this.#transport.runtime;
    const budgetMillis = options.deadlineMillis ?? this.#transport.options.defaultDeadlineMillis;
    const untilMillis = clock.monotonicMillis() + budgetMillis;
    const backoff = new Backoff({ firstMillis: 25, lastMillis: 1_000 }, random);
    for (;;) {
      try {
        const leftMillis = Math.max(1, untilMillis - clock.monotonicMillis());
        const ttlSeconds = await this.#renew(id, leftMillis, options.signal);
        if (ttlSeconds <= 0) throw new LeaseLostError(id, "expired");
        return ttlSeconds;
      } catch (error) {
        const waitMillis = backoff.next();
        const isHopeless =
          !isRepeatable(error) ||
          options.signal?.aborted === true ||
          clock.monotonicMillis() + waitMillis >= untilMillis;
        if (isHopeless) throw error;
        await sleep(timers, waitMillis, options.signal);
      }
    }
  }

  async #renew(id: bigint, leftMillis: number, signal: AbortSignal | undefined): Promise<number> {
    const transport = this.#transport;
    const open = await transport.prepareStream(keepAlive.path, signal ? { signal } : {});
    const attemptMillis = Math.min(leftMillis, transport.options.readAttemptMillis);
    const { call, answer } = askOnce(open, attemptMillis, id);
    const onAbort = (): void => call.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) call.cancel();
    transport.track(call);
    try {
      const bytes = await answer;
      open.endpoint.noteSuccess();
      return keepAlive.decodeResponse(bytes).ttl;
    } catch (error) {
      if (error instanceof CallError && signal?.aborted !== true) {
        if (isTokenRefusal(error)) await transport.refuseToken(open.token);
        else transport.endpoints.fail(open.endpoint);
      }
      throw transport.streamError(error, keepAlive.path, open.endpoint.name, signal);
    } finally {
      transport.untrack(call);
      signal?.removeEventListener("abort", onAbort);
      call.cancel();
    }
  }

  #holder(id: bigint, sentMillis: number, ttlSeconds: number, options: HoldOptions): Lease {
    return new LeaseHolder(
      { id, sentMillis, ttlSeconds, marginMillis: options.marginMillis },
      {
        runtime: this.#transport.runtime,
        keeper: this.#keeper,
        closedSignal: this.#transport.closedSignal,
        revoke: (leaseId, call) => this.revoke(leaseId, call),
        keepAliveOnce: (leaseId, call) => this.keepAliveOnce(leaseId, call),
      },
    );
  }
}

/** Asks on a stream of its own; the answer is the first message. */
function askOnce(
  open: OpenStream,
  deadlineMillis: number,
  id: bigint,
): { readonly call: ChannelCall; readonly answer: Promise<Uint8Array> } {
  const { channel, name } = open.endpoint;
  const settings = { headers: open.headers, deadlineMillis };
  const { promise, resolve, reject } = deferred<Uint8Array>();
  const call = channel.bidiStream(keepAlive.path, settings, {
    onMessage: resolve,
    onEnd: (error) => reject(error ?? streamEnded(name)),
  });
  call.write(keepAlive.encodeRequest({ id }));
  return { call, answer: promise };
}

function streamEnded(endpoint: string): TransportError {
  return new TransportError("unavailable", `${keepAlive.path} failed: the stream ended`, {
    grpcCode: statusCode.unavailable,
    method: keepAlive.path,
    endpoint,
    isOutcomeUnknown: false,
  });
}

function isTokenRefusal(error: CallError): boolean {
  const { grpcCode, details } = error;
  const call = { method: keepAlive.path, safety: "read", endpoint: "" } as const;
  return judge({ ...call, grpcCode, details }).retry === "refresh-token";
}

function isRepeatable(error: unknown): boolean {
  if (error instanceof TransportError) return error.code !== "unimplemented";
  if (!(error instanceof ServerError)) return false;
  const { grpcCode, message, method, endpoint } = error;
  return judge({ grpcCode, details: message, method, safety: "read", endpoint }).retry !== "no";
}
