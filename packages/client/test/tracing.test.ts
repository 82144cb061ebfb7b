import assert from "node:assert/strict";
import { test } from "node:test";

import { propagation, SpanStatusCode, trace, type Span, type Tracer } from "@opentelemetry/api";
import { services, wireErrors } from "@quorate/api";
import { connect } from "@quorate/client";

import { Refusal, ScriptedServer } from "./scripted-server.ts";

interface Recorded {
  readonly name: string;
  readonly attributes: Map<string, unknown>;
  status: SpanStatusCode;
  isEnded: boolean;
}

const traceId = "0af7651916cd43dd8448eb211c80319c";

/** Keeps what is done to each span. */
function recorder(): { readonly tracer: Tracer; readonly spans: Recorded[] } {
  const spans: Recorded[] = [];
  const startSpan: Tracer["startSpan"] = (name, options) => {
    const recorded: Recorded = {
      name,
      attributes: new Map(Object.entries(options?.attributes ?? {})),
      status: SpanStatusCode.UNSET,
      isEnded: false,
    };
    spans.push(recorded);
    const inert = trace.wrapSpanContext({ traceId, spanId: "b7ad6b7169203331", traceFlags: 1 });
    const span: Span = {
      spanContext: () => inert.spanContext(),
      setAttribute: (key, value) => {
        recorded.attributes.set(key, value);
        return span;
      },
      setAttributes: () => span,
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: ({ code }) => {
        recorded.status = code;
        return span;
      },
      updateName: () => span,
      end: () => {
        recorded.isEnded = true;
      },
      isRecording: () => true,
      recordException: () => undefined,
    };
    return span;
  };
  const startActiveSpan = (): never => {
    throw new Error("The client starts plain spans");
  };
  return { tracer: { startSpan, startActiveSpan }, spans };
}

test("Each call is one span, named and attributed by the RPC conventions", async () => {
  const headers: unknown[] = [];
  await using server = await new ScriptedServer()
    .on(services.kv.range, (_request, metadata) => {
      headers.push(metadata.get("x-trace")[0]);
      return { header: { revision: 1 } };
    })
    .on(services.kv.put, () => {
      throw new Refusal(wireErrors["lease-not-found"]);
    })
    .start();
  propagation.setGlobalPropagator({
    inject: (context, carrier, setter) =>
      setter.set(carrier, "x-trace", trace.getSpan(context)?.spanContext().traceId ?? "none"),
    extract: (context) => context,
    fields: () => ["x-trace"],
  });
  try {
    const { tracer, spans } = recorder();
    await using client = connect({ endpoints: [server.endpoint], tracer });
    await client.get("a");
    await assert.rejects(client.put("a", "1"));
    const [read, write] = spans;
    assert.ok(read !== undefined && write !== undefined && spans.length === 2);
    assert.equal(read.name, "etcdserverpb.KV/Range");
    assert.equal(read.attributes.get("rpc.system.name"), "grpc");
    assert.equal(read.attributes.get("rpc.method"), "etcdserverpb.KV/Range");
    assert.equal(read.attributes.get("server.address"), "127.0.0.1");
    assert.equal(read.status, SpanStatusCode.UNSET);
    assert.equal(write.attributes.get("error.type"), "lease-not-found");
    assert.equal(write.status, SpanStatusCode.ERROR);
    assert.ok(read.isEnded && write.isEnded);
    assert.deepEqual(headers, [traceId], "the server can continue the trace");
  } finally {
    propagation.disable();
  }
});
