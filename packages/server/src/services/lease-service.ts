/** `etcdserverpb.Lease`: time-limited ownership of keys. */
import {
  encodeLeaseGrantRequest,
  services,
  type LeaseGrantResponseInit,
  type LeaseKeepAliveRequest,
  type LeaseLeasesResponseInit,
  type LeaseRevokeResponseInit,
  type LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponseInit,
} from "@quorate/api";
import type { BidiStream, RpcMethod } from "@quorate/grpc";
import { keyToBytes } from "@quorate/mvcc";
import {
  checkLeaseGrantRequest,
  leaseGrantCostBytes,
  minLeaseTtlSeconds,
  normalizeLeaseGrant,
} from "@quorate/state-machine";
import { checkCall, propose, unary, whenFresh, type Reply } from "./calls.ts";
import { checkQuota } from "./quota.ts";
import { answerLeases } from "./lease-listing.ts";
import type { OpenStreams } from "./open-streams.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/** Renewals of one stream that wait for their answer before the stream is read no further. */
const renewalsMax = 10_000;

/** The methods of the service. */
export function leaseMethods(context: ServiceContext, streams: OpenStreams): readonly RpcMethod[] {
  const lease = services.lease;
  const { options } = context;
  const ttlMinSeconds = minLeaseTtlSeconds({
    electionTicks: Math.floor(options.electionTimeoutMillis / options.heartbeatMillis),
    heartbeatMillis: options.heartbeatMillis,
  });
  return [
    unary(context, lease.leaseGrant, (request, reply: Reply<LeaseGrantResponseInit>) => {
      checkQuota(context, leaseGrantCostBytes);
      checkLeaseGrantRequest(request);
      const random = context.random.nextBigUint64();
      const message = normalizeLeaseGrant(request, { random, ttlMinSeconds });
      propose(context, {
        decoded: { kind: "lease-grant", message },
        bytes: encodeLeaseGrantRequest(message),
        onError: (error) => reply.fail(error),
        onResponse: (response) => reply.ok({ ...response, header: headerOf(context) }),
      });
    }),
    unary(context, lease.leaseRevoke, (request, reply: Reply<LeaseRevokeResponseInit>, bytes) => {
      propose(context, {
        decoded: { kind: "lease-revoke", message: request },
        bytes,
        onError: (error) => reply.fail(error),
        onResponse: (response) => {
          reply.ok({ header: headerOf(context, response.header?.revision) });
        },
      });
    }),
    keepAliveMethod(context, streams),
    unary(context, lease.leaseTimeToLive, (request, reply: Reply<LeaseTimeToLiveResponseInit>) => {
      whenFresh(
        context,
        (error) => reply.fail(error),
        () => {
          timeToLive(context, request, reply).catch((error: unknown) => reply.fail(error));
        },
      );
    }),
    unary(context, lease.leaseLeases, (_request, reply: Reply<LeaseLeasesResponseInit>) =>
      answerLeases(context, reply),
    ),
  ];
}

async function timeToLive(
  context: ServiceContext,
  { id, keys }: LeaseTimeToLiveRequest,
  reply: Reply<LeaseTimeToLiveResponseInit>,
): Promise<void> {
  const { leases } = context.member.state;
  const lease = leases.get(id);
  const remaining = lease === undefined ? -1 : await context.member.leases.remainingSeconds(id);
  if (remaining === undefined) {
    reply.fail(new ServiceError(context.member.leader === undefined ? "no-leader" : "timeout"));
    return;
  }
  const header = headerOf(context);
  if (lease === undefined || remaining < 0) {
    reply.ok({ header, id, ttl: -1 });
    return;
  }
  const attached = keys ? leases.keysOf(id).map(keyToBytes) : [];
  reply.ok({ header, id, ttl: remaining, grantedTtl: lease.ttlSeconds, keys: attached });
}

function keepAliveMethod(context: ServiceContext, streams: OpenStreams): RpcMethod {
  const method = services.lease.leaseKeepAlive;
  return {
    kind: "bidi-stream",
    path: method.path,
    handle: (stream) => {
      try {
        checkCall(context, stream, false);
      } catch (error) {
        stream.fail(toStatus(error));
        return;
      }
      const renewals = new RenewalStream(context, stream, () => streams.delete(stream));
      streams.add(stream, () => renewals.close());
      stream.onMessage((bytes) => {
        try {
          renewals.add(method.decodeRequest(bytes));
        } catch (error) {
          renewals.fail(error);
        }
      });
      stream.onHalfClose(() => renewals.finish());
      stream.onDrain(() => renewals.handleDrain());
    },
  };
}

interface Renewal {
  readonly id: bigint;
  /** As of the request's arrival: the header is older than the renewal, as etcd's. */
  readonly revision: number;
  ttlSeconds: number | undefined;
}

/** One keep-alive stream: renewals run at the same time, answers leave in the order of requests. */
class RenewalStream {
  readonly #context: ServiceContext;
  readonly #stream: BidiStream;
  readonly #renewals: Renewal[] = [];
  readonly #onEnd: () => void;
  /** The client does not read its answers. */
  #isFull = false;
  #isPaused = false;
  #isFinishing = false;
  #isClosed = false;

  constructor(context: ServiceContext, stream: BidiStream, onEnd: () => void) {
    this.#context = context;
    this.#stream = stream;
    this.#onEnd = onEnd;
  }

  add({ id }: LeaseKeepAliveRequest): void {
    if (this.#isClosed) return;
    const { member } = this.#context;
    const revision = member.state.store.currentRevision;
    const renewal: Renewal = { id, revision, ttlSeconds: undefined };
    this.#renewals.push(renewal);
    this.#adaptReading();
    void member.leases.renew(id).then((ttlSeconds) => {
      if (ttlSeconds === undefined) {
        this.fail(new ServiceError(member.leader === undefined ? "no-leader" : "timeout"));
      } else {
        renewal.ttlSeconds = ttlSeconds;
        this.#answer();
      }
    });
  }

  /** The client has read what waited for it. */
  handleDrain(): void {
    this.#isFull = false;
    this.#adaptReading();
  }

  finish(): void {
    this.#isFinishing = true;
    this.#answer();
  }

  fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onEnd();
    this.#stream.fail(toStatus(error));
  }

  close(): void {
    this.#isClosed = true;
  }

  #answer(): void {
    if (this.#isClosed) return;
    let answered = 0;
    for (const { id, revision, ttlSeconds } of this.#renewals) {
      if (ttlSeconds === undefined) break;
      answered += 1;
      const header = headerOf(this.#context, revision);
      const message = { header, id, ttl: ttlSeconds };
      const chunks = [services.lease.leaseKeepAlive.encodeResponse(message)];
      if (!this.#stream.write(chunks)) this.#isFull = true;
    }
    this.#renewals.splice(0, answered);
    this.#adaptReading();
    if (this.#isFinishing && this.#renewals.length === 0) {
      this.#isClosed = true;
      this.#onEnd();
      this.#stream.end();
    }
  }

  /** Reads no further while too much waits, here or in the client. */
  #adaptReading(): void {
    const mustPause = this.#isFull || this.#renewals.length >= renewalsMax;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#stream.pause();
    else this.#stream.resume();
  }
}
