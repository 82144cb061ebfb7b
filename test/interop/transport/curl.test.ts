/** curl on the client port: gRPC by HTTP/2 without TLS, and HTTP/1.1 beside it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { services } from "@quorate/api";
import { frame } from "@quorate/grpc/testing";
import { ChildProgram } from "../../support/child-program.ts";
import { put, range } from "../differential/requests.ts";
import { onEachTransport } from "./servers.ts";

const program = "/usr/bin/curl";
const missing = existsSync(program) ? false : `no ${program}`;
const { kv } = services;

interface Answer {
  readonly version: string;
  readonly status: number;
  /** Lower-case names, trailers too. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const grpcHeaders = ["-H", "content-type: application/grpc", "-H", "te: trailers"];

/**
 * Without a body: curl 7.88 loses an answer that comes before it has sent all it has (RFC 9113,
 * section 8.1), and nobody waits for the message of a call that is refused.
 */
const postOfNothing = ["--http2-prior-knowledge", "-X", "POST"];

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "quorate-curl-"));
});
after(async () => {
  await rm(folder, { recursive: true });
});

async function curl(url: string, ...args: readonly string[]): Promise<Answer> {
  const [head, body] = [join(folder, "head"), join(folder, "body")];
  const written = ["-D", head, "-o", body, "-w", "%{http_version} %{http_code}"];
  const all = ["--silent", "--show-error", "--max-time", "20", ...written, ...args, url];
  const { code, stdout, stderr } = await ChildProgram.run(program, all);
  assert.equal(code, 0, stderr);
  const [version = "", status] = stdout.split(" ");
  const headers = new Map<string, string>();
  for (const line of (await readFile(head, "latin1")).split("\r\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
  }
  return { version, status: Number(status), headers, body: await readFile(body) };
}

onEachTransport("curl", missing, (member) => {
  const call = async (path: string, message: Uint8Array, ...args: string[]): Promise<Answer> => {
    const file = join(folder, "request");
    await writeFile(file, frame(Buffer.from(message)));
    const sent = ["--http2-prior-knowledge", "--data-binary", `@${file}`, ...grpcHeaders, ...args];
    return await curl(`http://${member().endpoint}${path}`, ...sent);
  };

  test("calls a method, whose status comes as a trailer", async () => {
    const stored = await call(kv.put.path, kv.put.encodeRequest(put("a", "1")));
    assert.equal(stored.headers.get("grpc-status"), "0");
    const answer = await call(kv.range.path, kv.range.encodeRequest(range("a")));
    assert.deepEqual([answer.version, answer.status], ["2", 200]);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/grpc(\+proto)?$/);
    assert.equal(answer.headers.get("grpc-status"), "0");
    assert.equal(answer.body.readUInt32BE(1), answer.body.length - 5);
    const { kvs } = kv.range.decodeResponse(answer.body.subarray(5));
    assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), "1");
  });

  test("is told the error of a call, percent-encoded", async () => {
    const empty = await call(kv.range.path, new Uint8Array());
    assert.deepEqual([empty.status, empty.headers.get("grpc-status")], [200, "3"]);
    const message = decodeURIComponent(empty.headers.get("grpc-message") ?? "");
    assert.equal(message, "etcdserver: key is not provided");
    const url = `http://${member().endpoint}/etcdserverpb.KV/Nothing`;
    const unknown = await curl(url, ...postOfNothing, ...grpcHeaders);
    assert.equal(unknown.headers.get("grpc-status"), "12");
  });

  test("is refused with another content type or another verb", async () => {
    const url = `http://${member().endpoint}${kv.range.path}`;
    const typed = ["-H", "content-type: text/plain"];
    assert.equal((await curl(url, ...postOfNothing, ...typed)).status, 415);
    assert.equal((await curl(url, "--http2-prior-knowledge")).status, 405);
  });

  test("speaks HTTP/1.1 on the same port", async () => {
    for (const path of ["/health", "/version", "/metrics"]) {
      const answer = await curl(`http://${member().endpoint}${path}`, "--http1.1");
      assert.deepEqual([answer.version, answer.status], ["1.1", 200], path);
      assert.notEqual(answer.body.length, 0);
    }
    // Offers to go on in HTTP/2, which nobody has to accept.
    const offered = await curl(`http://${member().endpoint}/version`, "--http2");
    assert.deepEqual([offered.version, offered.status], ["1.1", 200]);
  });
});
