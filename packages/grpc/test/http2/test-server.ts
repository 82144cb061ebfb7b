import assert from "node:assert/strict";
import {
  type BidiStream,
  Http2RpcServer,
  type RpcMethod,
  StatusCode,
  type UnaryCall,
} from "@quorate/grpc";
import { type Harness, startHarness } from "@quorate/grpc/testing";
import { RawClient, type RawClientOptions } from "./raw-client.ts";

/** The methods of {@link TestServer}. */
export const paths = {
  /** Unary: answers the request. */
  echo: "/test.Http2/Echo",
  /** Unary: the request names headers, one a line; answers their values as JSON. */
  headers: "/test.Http2/Headers",
  /** Unary: answers the common name of the client's certificate, or `nobody`. */
  who: "/test.Http2/Who",
  /** Unary: never answers by itself. */
  hold: "/test.Http2/Hold",
  /** Unary: fails with ABORTED and the request as its text. */
  fail: "/test.Http2/Fail",
  /** Server stream: the request `COUNT SIZE` asks for so many messages of so many bytes. */
  flood: "/test.Http2/Flood",
  /** Bidirectional: answers each message. */
  chat: "/test.Http2/Chat",
  /** Bidirectional: ends at once with OK, whatever the client still sends. */
  early: "/test.Http2/Early",
  /** Bidirectional: paused, and never resumes by itself. */
  sink: "/test.Http2/Sink",
} as const;

/** Options of the server and of its port. */
export type TestServerOptions = NonNullable<Parameters<typeof startHarness>[2]>;

/** A server under test on a free port, whose handlers do what tests of the wire need. */
export class TestServer {
  readonly harness: Harness;
  /** Calls of `hold` that are open. */
  readonly held: Set<UnaryCall>;
  /** Streams of `sink` that were opened. */
  readonly sinks: BidiStream[];
  /** Bytes that handlers of `flood` gave away, in all. */
  readonly flooded: { bytes: number };

  private constructor(harness: Harness, state: Pick<TestServer, "held" | "sinks" | "flooded">) {
    this.harness = harness;
    this.held = state.held;
    this.sinks = state.sinks;
    this.flooded = state.flooded;
  }

  /** Starts a server; pings are not counted and the first bytes may take a minute by default. */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const state = { held: new Set<UnaryCall>(), sinks: [], flooded: { bytes: 0 } };
    const harness = await startHarness(
      (serverOptions, dependencies) => new Http2RpcServer(serverOptions, dependencies),
      methodsOf(state),
      { pingIntervalMinMillis: 0, ...options },
    );
    return new TestServer(harness, state);
  }

  /** Starts a server, runs the body, and checks that nothing is left of it. */
  static async run(
    body: (server: TestServer) => Promise<void>,
    options: TestServerOptions = {},
  ): Promise<void> {
    const server = await TestServer.start(options);
    try {
      await body(server);
      await server.untilIdle();
    } finally {
      await server.close();
    }
  }

  get port(): number {
    return this.harness.port;
  }

  /** A client that has exchanged SETTINGS. */
  open(options: RawClientOptions = {}): Promise<RawClient> {
    return RawClient.open(this.port, options);
  }

  /** A whole call on a connection of its own. */
  async canary(): Promise<void> {
    const client = await this.open();
    const { grpcStatus, body } = await client.call(paths.echo, "canary");
    assert.equal(grpcStatus, "0", "another connection is served");
    assert.equal(body.toString("latin1", 5), "canary");
    await client.destroy();
  }

  /** Waits until no call is open, and checks that no handler threw; `after` is for the report. */
  async untilIdle(after = ""): Promise<void> {
    await until(`every call has ended ${after}`, () => this.harness.openCalls === 0);
    assert.equal(this.held.size, 0, "every held call heard of its end");
    assert.deepEqual(this.harness.handlerErrors.splice(0), []);
  }

  /** Waits until no connection is open. */
  async untilDeserted(after = ""): Promise<void> {
    const { portServer } = this.harness;
    await until(`every connection is closed ${after}`, () => portServer.connectionCount === 0);
  }

  /** Answers every held call. */
  releaseHeld(): void {
    for (const call of this.held) call.respond([Buffer.from("released")]);
    this.held.clear();
  }

  close(): Promise<void> {
    return this.harness.close();
  }
}

/** Lets the event loop turn until a condition holds; fails after five seconds. */
export async function until(
  what: string,
  isDone: () => boolean,
  deadlineMillis = 5_000,
): Promise<void> {
  const end = performance.now() + deadlineMillis;
  while (!isDone()) {
    assert.ok(performance.now() < end, `within ${deadlineMillis} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function methodsOf(state: {
  readonly held: Set<UnaryCall>;
  readonly sinks: BidiStream[];
  readonly flooded: { bytes: number };
}): readonly RpcMethod[] {
  return [
    { kind: "unary", path: paths.echo, handle: (request, call) => call.respond([request]) },
    {
      kind: "unary",
      path: paths.headers,
      handle: (request, call) => {
        const names = Buffer.from(request).toString().split("\n");
        const values = names.map((name) => call.header(name) ?? null);
        call.respond([Buffer.from(JSON.stringify(values))]);
      },
    },
    {
      kind: "unary",
      path: paths.who,
      handle: (_request, call) => call.respond([Buffer.from(call.peerCommonName ?? "nobody")]),
    },
    {
      kind: "unary",
      path: paths.fail,
      handle: (request, call) => {
        call.fail({ code: StatusCode.ABORTED, message: Buffer.from(request).toString() });
      },
    },
    {
      kind: "unary",
      path: paths.hold,
      handle: (_request, call) => {
        state.held.add(call);
        call.onCancel(() => state.held.delete(call));
      },
    },
    {
      kind: "server-stream",
      path: paths.flood,
      handle: (request, stream) => {
        const asked = Buffer.from(request).toString().split(" ").map(Number);
        const [count = 0, size = 0] = asked.map((each) => Math.min(Math.max(each || 0, 0), 1e6));
        let sent = 0;
        const fill = (): void => {
          while (sent < count && !stream.isCancelled) {
            sent += 1;
            state.flooded.bytes += size;
            if (!stream.write([Buffer.alloc(size, sent)])) return;
          }
          stream.end();
        };
        stream.onDrain(fill);
        fill();
      },
    },
    {
      kind: "bidi-stream",
      path: paths.chat,
      handle: (stream) => {
        stream.onMessage((message) => stream.write([message]));
        stream.onHalfClose(() => stream.end());
      },
    },
    { kind: "bidi-stream", path: paths.early, handle: (stream) => stream.end() },
    {
      kind: "bidi-stream",
      path: paths.sink,
      handle: (stream) => {
        stream.pause();
        state.sinks.push(stream);
        stream.onHalfClose(() => stream.end());
      },
    },
  ];
}
