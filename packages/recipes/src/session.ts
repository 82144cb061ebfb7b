import type { CallOptions, Client, HoldOptions, Lease } from "@quorate/client";

/** Options of {@link openSession}. */
export interface SessionOptions extends HoldOptions {
  /** How long the session outlives its process; the server may raise it. @default 60 */
  readonly ttlSeconds?: number;
  /** Takes over this lease instead of granting one, such as that of an earlier process. */
  readonly leaseId?: bigint;
}

/**
 * Opens a session: a lease kept alive, to which locks, leaderships and registrations are bound.
 *
 * @throws LeaseLostError when `leaseId` names a lease that is gone.
 * @example
 * ```ts
 * import { connect } from "@quorate/client";
 * import { openSession } from "@quorate/recipes";
 *
 * await using client = connect({ endpoints: ["127.0.0.1:2379"] });
 * await using session = await openSession(client, { ttlSeconds: 10 });
 * session.lost.addEventListener("abort", () => console.error("stop all owned work"));
 * ```
 */
export async function openSession(client: Client, options: SessionOptions = {}): Promise<Session> {
  const { leaseId, ttlSeconds, ...hold } = options;
  const lease =
    leaseId === undefined
      ? await client.lease.hold(ttlSeconds ?? 60, hold)
      : await client.lease.adopt(leaseId, hold);
  return new Session(client, lease);
}

/** See {@link openSession}. */
export class Session implements AsyncDisposable {
  readonly client: Client;
  readonly lease: Lease;

  /** @internal */
  constructor(client: Client, lease: Lease) {
    this.client = client;
    this.lease = lease;
  }

  /** Id of the lease; keep it to resume the session after a restart. */
  get leaseId(): bigint {
    return this.lease.id;
  }

  /** Aborts before the server can have ended the session, and when it did. */
  get lost(): AbortSignal {
    return this.lease.lost;
  }

  /** Whether the session exists for certain; looks at the clock, so right after a pause too. */
  isAlive(): boolean {
    return this.lease.isAlive();
  }

  /** Stops keeping the session alive without ending it: another process may resume it. */
  detach(): bigint {
    this.lease.release();
    return this.lease.id;
  }

  /** Ends the session and with it every key bound to it. Idempotent. */
  async close(options: CallOptions = {}): Promise<void> {
    await this.lease.revoke(options);
  }

  /** As {@link Session.close}; a failure is left to the TTL. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.lease[Symbol.asyncDispose]();
  }
}
