import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { services } from "../src/index.ts";

test("services have the paths, kinds and messages of the protocol", () => {
  const path = join(import.meta.dirname, "testdata/services.json");
  const actual = Object.values(services)
    .flatMap((methods) => Object.values(methods))
    .map((method) => [method.path, [method.kind, method.requestType, method.responseType]]);
  assert.deepEqual(Object.fromEntries(actual), JSON.parse(readFileSync(path, "utf8")));
});

test("services are named in lower camel case", () => {
  assert.equal(services.maintenance.hashKv.path, "/etcdserverpb.Maintenance/HashKV");
  assert.equal(services.kv.rangeStream.kind, "server-stream");
  assert.equal(services.health.check.path, "/grpc.health.v1.Health/Check");
});

test("a method carries typed codecs of its messages", () => {
  const { encodeRequest, decodeRequest, encodeResponse, decodeResponse } =
    services.lease.leaseGrant;
  assert.deepEqual(decodeRequest(encodeRequest({ ttl: 5, id: -1n })), { ttl: 5, id: -1n });
  const response = decodeResponse(encodeResponse({ header: { revision: 3 }, ttl: 5, id: 7n }));
  assert.equal(response.header?.revision, 3);
});
