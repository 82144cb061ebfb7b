import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as grpc from "@grpc/grpc-js";
import { services } from "@quorate/api";
import { connect, type TlsOptions } from "@quorate/client";

import { ScriptedServer } from "./scripted-server.ts";

function pem(name: string): Buffer {
  return readFileSync(new URL(`../../grpc/test/testdata/${name}.pem`, import.meta.url));
}

const ca = pem("ca");
const keyPair = { private_key: pem("server-key"), cert_chain: pem("server") };

async function secureServer(asksForCertificate: boolean): Promise<ScriptedServer> {
  const credentials = grpc.ServerCredentials.createSsl(ca, [keyPair], asksForCertificate);
  return new ScriptedServer()
    .on(services.kv.range, () => ({ header: { revision: 5 } }))
    .start(credentials);
}

async function read(endpoint: string, tls?: TlsOptions): Promise<number> {
  await using client = connect({ endpoints: [endpoint], ...(tls === undefined ? {} : { tls }) });
  return (await client.range("a", { deadlineMillis: 1_000 })).revision;
}

test("An https endpoint is trusted by the given authority, and only by it", async () => {
  await using server = await secureServer(false);
  assert.equal(await read(`https://${server.endpoint}`, { ca }), 5);
  assert.equal(await read(server.endpoint, { ca }), 5, "tls makes host:port mean TLS");
  await assert.rejects(read(`https://${server.endpoint}`), { code: "unavailable" });
  await assert.rejects(read(`http://${server.endpoint}`, { ca }), { code: "unavailable" });
});

test("A server that asks for a certificate gets ours", async () => {
  await using server = await secureServer(true);
  const tls = { ca, cert: pem("client"), key: pem("client-key") };
  assert.equal(await read(server.endpoint, tls), 5);
  await assert.rejects(read(server.endpoint, { ca }), { code: "unavailable" });
});

test("The name in the certificate must be the expected one", async () => {
  await using server = await secureServer(false);
  await assert.rejects(read(server.endpoint, { ca, serverName: "other.example" }), {
    code: "unavailable",
  });
});
