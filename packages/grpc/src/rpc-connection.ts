import type { Duplex } from "node:stream";
import { refusalFields } from "./answer-fields.ts";
import type { HeaderList } from "./hpack/header-field.ts";
import { type CallConnection, Http2Call, type Http2CallContext } from "./http2-call.ts";
import {
  Http2Connection,
  type Http2ConnectionOptions,
  type Http2ConnectionOwner,
  type SharedByConnections,
} from "./http2/http2-connection.ts";
import type { Http2Stream } from "./http2/http2-stream.ts";
import { RequestMemory } from "./request-memory.ts";
import { type MethodTable, parseRequestHead, type RequestHead } from "./request-head.ts";
import { commonNameOf, peerOf } from "./socket-peer.ts";

/** What the connections of a server share. */
export interface RpcConnectionContext {
  readonly calls: Http2CallContext;
  readonly methods: MethodTable;
  readonly shared: SharedByConnections;
  readonly options: Http2ConnectionOptions;
  onClosed(connection: RpcConnection): void;
}

interface KnownHead {
  readonly list: HeaderList;
  readonly head: RequestHead;
}

/** Heads that are kept: a client repeats a few. */
const knownHeadsMax = 8;

/** The calls of one HTTP/2 connection. */
export class RpcConnection implements Http2ConnectionOwner {
  readonly http2: Http2Connection;
  readonly #context: RpcConnectionContext;
  readonly #connection: CallConnection;
  /** What was found out about lists that came again as the same object. */
  readonly #knownHeads: KnownHead[] = [];
  #nextVictim = 0;

  constructor(socket: Duplex, context: RpcConnectionContext) {
    this.#context = context;
    this.#connection = {
      address: peerOf(socket),
      commonName: commonNameOf(socket),
      memory: new RequestMemory(),
    };
    this.http2 = new Http2Connection(context.options, socket, context.shared, this);
  }

  onRequest(stream: Http2Stream, list: HeaderList): void {
    const head = this.#headOf(list);
    if (head.kind === "call") {
      const call = new Http2Call(this.#context.calls, this.#connection, stream, head.call);
      stream.handler = call;
      stream.expectedBytes = head.call.contentLength;
      call.start();
    } else if (head.kind === "refusal") {
      stream.answerByHead(refusalFields(head.refusal));
    } else {
      this.http2.refuseMalformed(stream);
    }
  }

  onClosed(): void {
    this.#context.onClosed(this);
  }

  onInternalError(error: unknown): void {
    this.#context.calls.onHandlerError("", error);
  }

  #headOf(list: HeaderList): RequestHead {
    for (const known of this.#knownHeads) if (known.list === list) return known.head;
    const head = parseRequestHead(list, this.#context.methods);
    this.#knownHeads[this.#nextVictim] = { list, head };
    this.#nextVictim = (this.#nextVictim + 1) % knownHeadsMax;
    return head;
  }
}
