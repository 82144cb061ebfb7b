import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type Tracer,
} from "@opentelemetry/api";

import { parseEndpoint } from "./endpoint-address.ts";
import { EtcdError } from "./errors.ts";

/**
 * Starts the span of one call, named and attributed by the RPC conventions.
 *
 * @param path - gRPC path such as `/etcdserverpb.KV/Range`.
 */
export function startCallSpan(tracer: Tracer, path: string): Span {
  const method = path.slice(1);
  return tracer.startSpan(method, {
    kind: SpanKind.CLIENT,
    attributes: { "rpc.system.name": "grpc", "rpc.method": method, "db.system.name": "etcd" },
  });
}

/** Writes the span's identity into outgoing headers, as the application's propagator wants it. */
export function injectSpan(span: Span, headers: Map<string, string>): void {
  propagation.inject(trace.setSpan(context.active(), span), headers, {
    set: (carrier, key, value) => carrier.set(key.toLowerCase(), value),
  });
}

/** Ends a span with the outcome of its call. */
export function endCallSpan(span: Span, error: unknown, endpoint: string): void {
  span.setAttribute("server.address", parseEndpoint(endpoint)?.host ?? endpoint);
  if (error !== undefined) {
    span.setAttribute("error.type", error instanceof EtcdError ? error.code : "unexpected");
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
