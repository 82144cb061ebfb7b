import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text as readText } from "node:stream/consumers";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  createMemberMetrics,
  createMetricsHandler,
  type MemberMetrics,
  renderMetrics,
} from "@quorate/exporter";

const services = ["KV", "Watch", "Lease", "Cluster", "Auth", "Maintenance"];
const rpcMethods = services.flatMap((service) =>
  Array.from({ length: 8 }, (_, index) => ({
    path: `/etcdserverpb.${service}/Method${index}`,
    kind: "unary" as const,
  })),
);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

async function withHandler(
  metrics: MemberMetrics,
  body: (
    get: (headers?: Record<string, string>, method?: string) => Promise<Answer>,
    port: number,
  ) => Promise<void>,
): Promise<void> {
  const { instruments } = metrics;
  const handler = createMetricsHandler(metrics.registry, {
    scrapes: instruments.promhttp_metric_handler_requests_total,
    inFlight: instruments.promhttp_metric_handler_requests_in_flight,
    sliceSeconds: instruments.quorate_scrape_duration_seconds,
  });
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  try {
    await body(async (headers = {}, method = "GET") => {
      const request = httpRequest({ host: "127.0.0.1", port, method, headers });
      request.end();
      const [response] = await once(request, "response");
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(Buffer.from(chunk));
      return {
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks),
      };
    }, port);
  } finally {
    server.close();
    server.closeAllConnections();
    metrics.close();
  }
}

describe("createMetricsHandler", () => {
  it("answers the form that is asked for", async () => {
    await withHandler(createMemberMetrics({ rpcMethods: [] }), async (get) => {
      const text = await get();
      assert.equal(text.status, 200);
      assert.equal(text.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      assert.ok(text.body.includes("\netcd_server_has_leader 0\n"));
      const open = await get({ Accept: "application/openmetrics-text; version=1.0.0" });
      assert.equal(
        open.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
      );
      assert.ok(open.body.toString().endsWith("\n# EOF\n"));
    });
  });

  it("compresses where it is accepted", async () => {
    await withHandler(createMemberMetrics({ rpcMethods: [] }), async (get) => {
      const zipped = await get({ "Accept-Encoding": "gzip" });
      assert.equal(zipped.headers["content-encoding"], "gzip");
      assert.ok(gunzipSync(zipped.body).includes("\netcd_server_has_leader 0\n"));
      for (const encoding of ["identity", "gzip;q=0", "br"]) {
        const plain = await get({ "Accept-Encoding": encoding });
        assert.equal(plain.headers["content-encoding"], undefined, encoding);
      }
    });
  });

  it("answers HEAD without a body and refuses other methods", async () => {
    await withHandler(createMemberMetrics({ rpcMethods: [] }), async (get) => {
      const head = await get({}, "HEAD");
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      const post = await get({}, "POST");
      assert.equal(post.status, 405);
      assert.equal(post.headers["allow"], "GET, HEAD");
    });
  });

  it("counts scrapes and shares one text between those that come together", async () => {
    const metrics = createMemberMetrics({ rpcMethods: [] });
    let collected = 0;
    metrics.registry.onCollect(() => (collected += 1));
    await withHandler(metrics, async (get, port) => {
      // Pipelined in one write, so that the server sees all of them in one turn.
      const socket = connect(port, "127.0.0.1");
      const request = "GET /metrics HTTP/1.1\r\nHost: member\r\n";
      // Without an end of its own: a server may give up on who has nothing more to say.
      socket.write(`${`${request}\r\n`.repeat(19)}${request}Connection: close\r\n\r\n`);
      const answers = (await readText(socket)).match(/^HTTP\/1\.1 200 OK$/gm);
      assert.equal(answers?.length, 20);
      assert.equal(collected, 1, "one rendering for 20 scrapes");
      const { body } = await get();
      assert.match(body.toString(), /^promhttp_metric_handler_requests_total\{code="200"\} 20$/m);
      assert.match(body.toString(), /^promhttp_metric_handler_requests_in_flight 1$/m);
    });
  });

  it("does not hold the event loop while a full member is scraped", async () => {
    const { registry, instruments, close } = createMemberMetrics({ rpcMethods, isExtensive: true });
    for (let peer = 0; peer < 7; peer += 1) {
      const To = peer.toString(16).padStart(16, "0");
      instruments.etcd_network_peer_round_trip_time_seconds.with({ To }).observe(0.001);
      instruments.etcd_network_peer_sent_bytes_total.with({ To }).add(1);
    }
    // The best of some: other processes of a busy machine may stretch any single one.
    let bestMillis = Infinity;
    for (let round = 0; round < 8; round += 1) {
      let longestMillis = 0;
      const text = await renderMetrics(registry, "text-0.0.4", (millis) => {
        longestMillis = Math.max(longestMillis, millis);
      });
      assert.ok(text.split("\n").length > 2_500, "thousands of lines");
      bestMillis = Math.min(bestMillis, longestMillis);
    }
    // 100 ms is what the whole member allows itself (V3); slices are meant to take 5.
    assert.ok(bestMillis < 25, `a slice took ${bestMillis} ms`);
    close();
  });
});
