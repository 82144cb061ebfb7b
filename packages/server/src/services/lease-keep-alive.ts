/** `Lease.LeaseKeepAlive`: streams of renewals. */
import { int64ExactSize, int64Size, services, Writer } from "@quorate/api";
import type { BidiStream, RpcMethod } from "@quorate/grpc";
import { LeaseRenewal, type RenewalOwner } from "../member/lease-renewal.ts";
import { checkCall } from "./calls.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/** Renewals of one stream that wait for their answer before the stream is read no further. */
const renewalsMax = 10_000;

/** The method. */
export function keepAliveMethod(context: ServiceContext, streams: OpenStreams): RpcMethod {
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
          renewals.add(method.decodeRequest(bytes).id);
        } catch (error) {
          renewals.fail(error);
        }
      });
      stream.onHalfClose(() => renewals.finish());
      stream.onDrain(() => renewals.handleDrain());
    },
  };
}

/** One keep-alive stream: renewals run at the same time, answers leave in the order of requests. */
class RenewalStream implements RenewalOwner {
  readonly #context: ServiceContext;
  readonly #stream: BidiStream;
  /** In order of requests; those before `#first` are answered. */
  readonly #renewals: LeaseRenewal[] = [];
  #first = 0;
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

  add(id: bigint): void {
    if (this.#isClosed) return;
    const { member } = this.#context;
    // The header is older than the renewal, as etcd's.
    const renewal = new LeaseRenewal(id, member.state.store.currentRevision, this);
    this.#renewals.push(renewal);
    this.#adaptReading();
    member.leases.renew(renewal);
  }

  handleRenewed({ ttlSeconds }: LeaseRenewal): void {
    if (ttlSeconds !== undefined) {
      this.#answer();
      return;
    }
    const { leader } = this.#context.member;
    this.fail(new ServiceError(leader === undefined ? "no-leader" : "timeout"));
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
    const renewals = this.#renewals;
    for (;;) {
      const renewal = renewals[this.#first];
      if (renewal?.ttlSeconds === undefined) break;
      this.#first += 1;
      if (!this.#stream.write([this.#compose(renewal, renewal.ttlSeconds)])) this.#isFull = true;
    }
    this.#dropAnswered();
    this.#adaptReading();
    if (this.#isFinishing && this.#renewals.length === 0) {
      this.#isClosed = true;
      this.#onEnd();
      this.#stream.end();
    }
  }

  /** Seldom more than now and then: taking them off one by one would move all others each time. */
  #dropAnswered(): void {
    if (this.#first < this.#renewals.length && this.#first < renewalsMax) return;
    this.#renewals.splice(0, this.#first);
    this.#first = 0;
  }

  /** A `LeaseKeepAliveResponse`. */
  #compose({ id, revision }: LeaseRenewal, ttlSeconds: number): Uint8Array {
    const { headers, member } = this.#context;
    const header = headers.field(revision, member.term);
    let size = header.length;
    if (id !== 0n) size += 1 + int64ExactSize(id);
    if (ttlSeconds !== 0) size += 1 + int64Size(ttlSeconds);
    const writer = new Writer(size);
    writer.raw(header);
    if (id !== 0n) {
      writer.byte(0x10);
      writer.varintExact(id);
    }
    if (ttlSeconds !== 0) {
      writer.byte(0x18);
      writer.varint(ttlSeconds);
    }
    return writer.finish();
  }

  /** Reads no further while too much waits, here or in the client. */
  #adaptReading(): void {
    const mustPause = this.#isFull || this.#renewals.length - this.#first >= renewalsMax;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#stream.pause();
    else this.#stream.resume();
  }
}
