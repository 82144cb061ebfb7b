import assert from "node:assert/strict";
import { services } from "@quorate/api";
import { connectRaw, frame, openRaw, type RawOutcome, rawOutcome } from "@quorate/grpc/testing";
import { put, range } from "./requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";

const scenario = compareStores();
const { kv, lease, watch } = services;

/** Sends one message, or bytes that are none, without a gRPC library. */
async function raw(
  s: Scenario,
  path: string,
  message: Uint8Array,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<RawOutcome> {
  const session = await connectRaw(s.store.cluster.member(0).clientPort);
  try {
    const stream = openRaw(session, path, headers);
    const outcome = rawOutcome(stream);
    stream.end(frame(Buffer.from(message)));
    return await outcome;
  } finally {
    session.destroy();
  }
}

scenario("A method and a service that nobody knows", async (s) => {
  for (const path of [
    "/etcdserverpb.KV/Nothing",
    "/etcdserverpb.Nothing/Range",
    "/etcdserverpb.KV/",
    "/etcdserverpb.KV/range",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  ]) {
    const { httpStatus, grpcStatus, grpcMessage } = await raw(s, path, Buffer.alloc(0));
    s.note(path, [httpStatus, grpcStatus, grpcMessage]);
    assert.equal(grpcStatus, "12");
  }
  await s.only37("etcd 3.4 calls a path without a method RESOURCE_EXHAUSTED", async () => {
    for (const path of ["/nothing", "/"]) {
      assert.equal((await raw(s, path, Buffer.alloc(0))).grpcStatus, "12");
    }
  });
});

scenario("A message that is none is an internal error, and the connection goes on", async (s) => {
  const broken = [
    [0x0a],
    [0x0a, 0x05, 0x61],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x18],
    [0x00, 0x01],
    [0x0f],
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ];
  for (const bytes of broken) {
    const { code, message } = await s.quietly(
      async () => await s.callBytes(kv.range, Buffer.from(bytes)),
    );
    assert.equal(code, 13, Buffer.from(bytes).toString("hex"));
    // What follows is the protocol library's own wording.
    assert.match(message, /^grpc: error unmarshalling request: /);
    s.note("code", code);
  }
  await s.range("a");
});

scenario("A broken message ends a stream", async (s) => {
  for (const method of [watch.watch, lease.leaseKeepAlive]) {
    const stream = s.stream(method);
    stream.send(Buffer.from([0x0a, 0x05, 0x61]));
    assert.equal(await stream.next(), undefined);
    const { code, message } = await stream.end();
    s.note(method.path, code);
    assert.equal(code, 13);
    assert.match(message, /^grpc: (failed to unmarshal|error unmarshalling)/);
  }
});

scenario("Fields of another wire type are skipped or refused, as by etcd", async (s) => {
  await s.put("a", "1");
  const known = Buffer.from(kv.range.encodeRequest(range(s.key("a"))));
  const cases = [
    // limit (3) as bytes, key (1) as a number, an unknown field of each wire type.
    [0x1a, 0x01, 0x05],
    [0x08, 0x05],
    [0x78, 0x05],
    [0x79, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x7a, 0x01, 0x05],
    [0x7d, 1, 2, 3, 4],
  ];
  for (const bytes of cases) {
    const sent = Buffer.concat([known, Buffer.from(bytes)]);
    const { code, response } = await s.quietly(async () => await s.callBytes(kv.range, sent));
    s.note(Buffer.from(bytes).toString("hex"), [code, response?.count]);
  }
});

scenario("A request in which numbers are negative or larger than 2^53", async (s) => {
  await s.put("a", "1");
  const key = Buffer.from(kv.range.encodeRequest(range(s.key("a"))));
  const int64Max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  for (const field of [0x18, 0x20, 0x50, 0x58]) {
    for (const number of [int64Max, minusOne]) {
      await s.callBytes(kv.range, Buffer.concat([key, Buffer.from([field, ...number])]));
    }
  }
});

scenario("Requests larger than the transport takes", async (s) => {
  const value = "v".repeat(2_097_152);
  s.note("2 MiB", [(await s.quietly(async () => await s.put("a", value))).code]);
  const request = Buffer.from(kv.put.encodeRequest(put(s.key("a"), value)));
  const { grpcStatus, grpcMessage } = await raw(s, kv.put.path, request);
  s.note("message", [grpcStatus, grpcMessage]);
  assert.equal(grpcStatus, "8");
  await s.range("a");
});

scenario("An empty message is a message of zero values", async (s) => {
  s.fails(await s.callBytes(kv.range, Buffer.alloc(0)), "key-empty");
  s.fails(await s.callBytes(kv.put, Buffer.alloc(0)), "key-empty");
  s.fails(await s.callBytes(kv.deleteRange, Buffer.alloc(0)), "key-empty");
  s.succeeds(await s.callBytes(kv.txn, Buffer.alloc(0)));
  s.fails(await s.callBytes(lease.leaseRevoke, Buffer.alloc(0)), "lease-not-found");
});

scenario("Metadata: hasleader passes with a leader, a token while auth is off", async (s) => {
  await s.put("a", "1");
  const key = range(s.key("a"));
  for (const headers of [
    { hasleader: "true" },
    { hasleader: "false" },
    { "client-api-version": "3.4" },
    { "unknown-header": "x" },
  ]) {
    s.succeeds(await s.call(kv.range, key, { headers }));
  }
  await s.only37("etcd 3.4 checks a token also while auth is off", async () => {
    for (const headers of [{ token: "anything" }, { authorization: "Bearer anything" }]) {
      s.succeeds(await s.call(kv.range, key, { headers }));
    }
  });
  const session = s.watch({ headers: { hasleader: "true" } });
  await session.created("a", { startRevision: s.at(1) });
  await session.events(0n, 1);
});

scenario("Answers carry gRPC's content type, and errors come as trailers", async (s) => {
  const good = await raw(s, kv.range.path, kv.range.encodeRequest(range(s.key("a"))));
  s.note("success", [good.httpStatus, good.grpcStatus, good.body.length > 5]);
  const bad = await raw(s, kv.range.path, Buffer.alloc(0));
  s.note("failure", [bad.httpStatus, bad.grpcStatus, bad.grpcMessage, bad.body.length]);
});

scenario("The end of a cancelled watch does no harm to others on the connection", async (s) => {
  const [one, other] = [s.watch(), s.watch()];
  await one.created("a");
  await other.created("a");
  one.abort();
  await s.put("a", "1");
  await other.events(0n, 1);
});
