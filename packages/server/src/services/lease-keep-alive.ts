/** `Lease.LeaseKeepAlive`: streams of renewals. */
import { services } from "@quorate/api";
import type { BidiStream, RpcMethod } from "@quorate/grpc";
import { LeaseRenewal, type RenewalOwner } from "../member/lease-renewal.ts";
import { composeRenewals, RenewalReader } from "./lease-renewal-codec.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/** Renewals of one stream that wait for their answer before the stream is read no further. */
const renewalsMax = 10_000;
/** Answers composed in one array: about 32 KiB. */
const answersPerWrite = 1_000;

/** The method. */
export function keepAliveMethod(context: ServiceContext, streams: OpenStreams): RpcMethod {
  const reader = new RenewalReader();
  const due = new DueAnswers();
  return {
    kind: "bidi-stream",
    path: services.lease.leaseKeepAlive.path,
    handle: (stream) => {
      try {
        streams.admit(stream);
      } catch (error) {
        stream.fail(toStatus(error));
        return;
      }
      const renewals = new RenewalStream(context, stream, {
        ...{ reader, due, onEnd: () => streams.delete(stream) },
      });
      streams.add(stream, () => renewals.close());
      stream.onMessage((bytes) => {
        try {
          renewals.add(bytes);
        } catch (error) {
          renewals.fail(error);
        }
      });
      stream.onHalfClose(() => renewals.finish());
      stream.onDrain(() => renewals.handleDrain());
    },
  };
}

/** Streams with renewals that ended in this turn: at its end each writes all of its answers. */
class DueAnswers {
  #streams: RenewalStream[] = [];

  add(stream: RenewalStream): void {
    this.#streams.push(stream);
    if (this.#streams.length > 1) return;
    queueMicrotask(() => {
      const streams = this.#streams;
      this.#streams = [];
      for (const each of streams) each.answer();
    });
  }
}

/** What the streams share, and what lets go of one. */
interface RenewalStreamParts {
  readonly reader: RenewalReader;
  readonly due: DueAnswers;
  readonly onEnd: () => void;
}

/** One keep-alive stream: renewals run at the same time, answers leave in the order of requests. */
// Hot: test/bench, row leases-100000.
class RenewalStream implements RenewalOwner {
  readonly #context: ServiceContext;
  readonly #stream: BidiStream;
  readonly #parts: RenewalStreamParts;
  /** In order of requests; those before `#first` are answered. */
  readonly #renewals: LeaseRenewal[] = [];
  #first = 0;
  /** Its answers are written at the end of this turn. */
  #isDue = false;
  /** The client does not read its answers. */
  #isFull = false;
  #isPaused = false;
  #isFinishing = false;
  #isClosed = false;

  constructor(context: ServiceContext, stream: BidiStream, parts: RenewalStreamParts) {
    this.#context = context;
    this.#stream = stream;
    this.#parts = parts;
  }

  /** The client has sent a request. */
  add(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const { member } = this.#context;
    const { reader } = this.#parts;
    reader.read(bytes);
    // The header is older than the renewal, as etcd's.
    const { currentRevision } = member.state.store;
    const renewal = new LeaseRenewal(reader.idHigh, reader.idLow, currentRevision, this);
    this.#renewals.push(renewal);
    this.#adaptReading();
    member.leases.renew(renewal);
  }

  handleRenewed({ ttlSeconds }: LeaseRenewal): void {
    if (this.#isClosed) return;
    if (ttlSeconds !== undefined) {
      if (this.#isDue) return;
      this.#isDue = true;
      this.#parts.due.add(this);
      return;
    }
    this.answer();
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
    this.answer();
  }

  fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.onEnd();
    this.#stream.fail(toStatus(error));
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Writes the answers whose turn it is, and ends the stream after the last one. */
  answer(): void {
    this.#isDue = false;
    if (this.#isClosed) return;
    const renewals = this.#renewals;
    for (;;) {
      const begin = this.#first;
      let end = begin;
      while (end - begin < answersPerWrite && renewals[end]?.ttlSeconds !== undefined) end += 1;
      if (end === begin) break;
      this.#first = end;
      const { headers, member } = this.#context;
      const framed = composeRenewals(headers, member.term, renewals, { begin, end });
      if (!this.#stream.writeFramed(framed, end - begin)) this.#isFull = true;
    }
    this.#dropAnswered();
    this.#adaptReading();
    if (!this.#isFinishing || renewals.length > 0) return;
    this.#isClosed = true;
    this.#parts.onEnd();
    this.#stream.end();
  }

  /** Seldom more than now and then: taking them off one by one would move all others each time. */
  #dropAnswered(): void {
    if (this.#first < this.#renewals.length && this.#first < renewalsMax) return;
    if (this.#first === this.#renewals.length) this.#renewals.length = 0;
    else this.#renewals.splice(0, this.#first);
    this.#first = 0;
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
