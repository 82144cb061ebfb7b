import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { describe, it } from "node:test";
import { createMemberMetrics, createMetricsHandler } from "@quorate/exporter";
import {
  type AlarmName,
  createGateway,
  type GatewayDependencies,
  type GatewayOptions,
  type MemberHealth,
  type MemberVersions,
} from "@quorate/gateway";

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Fetch = (
  path: string,
  options?: { readonly method?: string; readonly headers?: Record<string, string> },
) => Promise<Answer>;

interface Member {
  alarms: AlarmName[];
  hasLeader: boolean;
  isLearner: boolean;
  serializableRead: () => Promise<void>;
  linearizableRead: () => Promise<void>;
  versions: MemberVersions;
}

function healthyMember(): Member {
  return {
    alarms: [],
    hasLeader: true,
    isLearner: false,
    serializableRead: () => Promise.resolve(),
    linearizableRead: () => Promise.resolve(),
    versions: { server: "3.7.1", cluster: "3.7.0", storage: "3.7.0" },
  };
}

/** Runs a gateway for the member over real HTTP. */
async function withGateway(
  member: Member,
  body: (fetch: Fetch, metrics: () => Promise<string>) => Promise<void>,
  options: Partial<GatewayOptions> = {},
  more: Partial<GatewayDependencies> = {},
): Promise<void> {
  const health: MemberHealth = {
    alarms: () => member.alarms,
    hasLeader: () => member.hasLeader,
    isLearner: () => member.isLearner,
    serializableRead: () => member.serializableRead(),
    linearizableRead: () => member.linearizableRead(),
  };
  const { registry, instruments } = createMemberMetrics({
    rpcMethods: [],
    hasProcessMetrics: false,
  });
  const listener = createGateway(options, {
    health,
    versions: () => member.versions,
    metrics: createMetricsHandler(registry),
    instruments,
    ...more,
  });
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const fetch: Fetch = async (path, { method = "GET", headers = {} } = {}) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers });
    request.end();
    const [response] = await once(request, "response");
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode, headers: response.headers, body: text };
  };
  try {
    await body(fetch, async () => (await fetch("/metrics")).body);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const rangeError = new Error("etcdserver: request timed out");

describe("/health", () => {
  const cases: readonly {
    readonly name: string;
    readonly change: Partial<Member>;
    readonly query?: string;
    readonly expected: readonly [number, string];
  }[] = [
    { name: "is true", change: {}, expected: [200, '{"health":"true","reason":""}'] },
    {
      name: "tells an alarm",
      change: { alarms: ["NOSPACE"] },
      expected: [503, '{"health":"false","reason":"ALARM NOSPACE"}\n'],
    },
    {
      name: "leaves excluded alarms out",
      change: { alarms: ["NOSPACE"] },
      query: "?exclude=NOSPACE",
      expected: [200, '{"health":"true","reason":""}'],
    },
    {
      name: "leaves out only excluded alarms",
      change: { alarms: ["NOSPACE", "CORRUPT"] },
      query: "?exclude=NOSPACE&exclude=OTHER",
      expected: [503, '{"health":"false","reason":"ALARM CORRUPT"}\n'],
    },
    {
      name: "tells that there is no leader",
      change: { hasLeader: false },
      expected: [503, '{"health":"false","reason":"RAFT NO LEADER"}\n'],
    },
    {
      name: "asks no leader about this member alone",
      change: { hasLeader: false, linearizableRead: () => Promise.reject(rangeError) },
      query: "?serializable=true",
      expected: [200, '{"health":"true","reason":""}'],
    },
    {
      name: "takes only the word true for that",
      change: { hasLeader: false },
      query: "?serializable=1",
      expected: [503, '{"health":"false","reason":"RAFT NO LEADER"}\n'],
    },
    {
      name: "tells that reads fail",
      change: { linearizableRead: () => Promise.reject(rangeError) },
      expected: [503, '{"health":"false","reason":"RANGE ERROR:etcdserver: request timed out"}\n'],
    },
  ];
  for (const { name, change, query = "", expected } of cases) {
    it(name, async () => {
      await withGateway({ ...healthyMember(), ...change }, async (fetch) => {
        const { status, body, headers } = await fetch(`/health${query}`);
        assert.deepEqual([status, body], expected);
        assert.equal(headers["content-type"], "text/plain; charset=utf-8");
        assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
      });
    });
  }

  it("does not wait longer than its time-out for a read that hangs", async () => {
    const member = {
      ...healthyMember(),
      linearizableRead: () => new Promise<void>(() => undefined),
    };
    await withGateway(
      member,
      async (fetch) => {
        const { status, body } = await fetch("/health");
        assert.equal(status, 503);
        assert.match(body, /RANGE ERROR:etcdserver: request timed out/);
      },
      { healthTimeoutMillis: 20 },
    );
  });

  it("counts what it answered", async () => {
    const member = healthyMember();
    await withGateway(member, async (fetch, metrics) => {
      await fetch("/health");
      await fetch("/health");
      member.hasLeader = false;
      await fetch("/health");
      const text = await metrics();
      assert.match(text, /^etcd_server_health_success 2$/m);
      assert.match(text, /^etcd_server_health_failures 1$/m);
    });
  });
});

describe("/livez and /readyz", () => {
  it("answer ok, and what was checked with ?verbose", async () => {
    await withGateway(healthyMember(), async (fetch) => {
      for (const path of ["/livez", "/readyz", "/livez/serializable_read", "/readyz/non_learner"]) {
        const { status, body, headers } = await fetch(path);
        assert.deepEqual([status, body], [200, "ok\n"], path);
        assert.equal(headers["content-type"], "text/plain; charset=utf-8");
        assert.equal(headers["x-content-type-options"], "nosniff");
      }
      assert.equal((await fetch("/livez?verbose")).body, "[+]serializable_read ok\nok\n");
      assert.equal(
        (await fetch("/readyz?verbose")).body,
        "[+]data_corruption ok\n[+]serializable_read ok\n" +
          "[+]linearizable_read ok\n[+]non_learner ok\nok\n",
      );
      assert.equal(
        (await fetch("/readyz/linearizable_read?verbose=1")).body,
        "[+]linearizable_read ok\nok\n",
      );
    });
  });

  it("tell all checks when one fails", async () => {
    const member = { ...healthyMember(), linearizableRead: () => Promise.reject(rangeError) };
    await withGateway(member, async (fetch) => {
      const { status, body } = await fetch("/readyz");
      assert.equal(status, 503);
      assert.deepEqual(body.trimEnd().split("\n"), [
        "[+]data_corruption ok",
        "[+]serializable_read ok",
        "[-]linearizable_read failed: range error: etcdserver: request timed out",
        "[+]non_learner ok",
      ]);
      assert.equal((await fetch("/livez")).status, 200, "liveness needs no quorum");
      assert.equal((await fetch("/readyz/data_corruption")).status, 200);
      assert.equal((await fetch("/readyz/linearizable_read")).status, 503);
    });
  });

  it("leave excluded checks out; unknown names are ignored", async () => {
    const member: Member = { ...healthyMember(), alarms: ["CORRUPT"], isLearner: true };
    await withGateway(member, async (fetch) => {
      const one = await fetch("/readyz?exclude=data_corruption");
      assert.match(one.body, /^\[-\]non_learner failed: not supported for learner$/m);
      assert.ok(!one.body.includes("data_corruption"));
      const both = await fetch(
        "/readyz?exclude=data_corruption&exclude=non_learner&exclude=nothing",
      );
      assert.equal(both.status, 200);
      const none = await fetch("/readyz?exclude=nothing");
      assert.match(none.body, /^\[-\]data_corruption failed: alarm activated: CORRUPT$/m);
    });
  });

  it("care about CORRUPT alone of the alarms", async () => {
    await withGateway({ ...healthyMember(), alarms: ["NOSPACE"] }, async (fetch) => {
      assert.equal((await fetch("/readyz")).status, 200);
    });
  });

  it("do not know other checks", async () => {
    await withGateway(healthyMember(), async (fetch) => {
      for (const path of ["/livez/linearizable_read", "/readyz/nothing", "/livez/", "/LIVEZ"]) {
        assert.equal((await fetch(path)).status, 404, path);
      }
    });
  });

  it("expose the last result of each check and count its runs", async () => {
    const member = healthyMember();
    await withGateway(member, async (fetch, metrics) => {
      await fetch("/readyz");
      member.isLearner = true;
      await fetch("/readyz");
      const text = await metrics();
      assert.match(text, /^etcd_server_healthcheck\{type="readyz",name="non_learner"\} 0$/m);
      assert.match(text, /^etcd_server_healthcheck\{type="readyz",name="data_corruption"\} 1$/m);
      for (const status of ["success", "error"]) {
        const labels = `type="readyz",name="non_learner",status="${status}"`;
        const series = `etcd_server_healthchecks_total{${labels}}`;
        assert.ok(text.includes(`${series} 1\n`), series);
      }
    });
  });
});

describe("methods", () => {
  it("other than GET are refused on health and version", async () => {
    await withGateway(healthyMember(), async (fetch) => {
      for (const path of ["/health", "/livez", "/readyz", "/readyz/non_learner", "/version"]) {
        for (const method of ["POST", "PUT", "DELETE"]) {
          const { status, headers, body } = await fetch(path, { method });
          assert.deepEqual(
            [status, headers["allow"], body],
            [405, "GET", "Method Not Allowed\n"],
            path,
          );
        }
        assert.equal((await fetch(path, { method: "HEAD" })).status, 405);
      }
    });
  });
});

describe("/version", () => {
  it("tells the versions, or that they are not decided", async () => {
    const member = healthyMember();
    await withGateway(member, async (fetch) => {
      const { body, headers } = await fetch("/version");
      assert.equal(body, '{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}');
      assert.equal(headers["content-type"], "application/json");
      member.versions = { server: "3.7.1", cluster: undefined, storage: undefined };
      assert.equal(
        (await fetch("/version")).body,
        '{"etcdserver":"3.7.1","etcdcluster":"not_decided","storage":"unknown"}',
      );
    });
  });
});

describe("the rest of the door", () => {
  it("serves metrics in the text form", async () => {
    await withGateway(healthyMember(), async (fetch) => {
      const { status, headers, body } = await fetch("/metrics");
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      assert.match(body, /^etcd_server_has_leader 0$/m);
    });
  });

  it("answers 404 in plain text elsewhere, whatever the method or path", async () => {
    await withGateway(healthyMember(), async (fetch) => {
      for (const path of ["/", "/v2/keys", "/health/", "/..%2f..%2fetc", "/a?b=c"]) {
        const { status, headers, body } = await fetch(path, { method: "POST" });
        assert.deepEqual([status, body], [404, "404 page not found\n"], path);
        assert.equal(headers["content-type"], "text/plain; charset=utf-8");
        assert.equal(headers["x-powered-by"], undefined);
      }
    });
  });

  it("sets headers that keep browsers from making a page of any answer", async () => {
    await withGateway(healthyMember(), async (fetch) => {
      for (const path of ["/health", "/version", "/metrics", "/nothing"]) {
        const { headers } = await fetch(path);
        assert.equal(headers["x-content-type-options"], "nosniff", path);
        assert.equal(
          headers["content-security-policy"],
          "default-src 'none'; frame-ancestors 'none'",
        );
        assert.equal(headers["access-control-allow-origin"], undefined);
      }
    });
  });

  it("hands mounted paths on, and unexpected errors end as 500 without their text", async () => {
    const mounts = [
      { prefix: "/v3/", handle: (_request, response) => response.end("json") },
      {
        prefix: "/broken",
        handle: () => {
          throw new Error("secret");
        },
      },
    ] satisfies GatewayDependencies["mounts"];
    await withGateway(
      healthyMember(),
      async (fetch) => {
        assert.equal((await fetch("/v3/kv/range", { method: "POST" })).body, "json");
        assert.equal((await fetch("/v3")).status, 404);
        const { status, body } = await fetch("/broken");
        assert.deepEqual([status, body], [500, "Internal Server Error\n"]);
      },
      {},
      { mounts },
    );
  });
});

describe("access", () => {
  it("refuses hosts that are not listed", async () => {
    await withGateway(
      healthyMember(),
      async (fetch) => {
        for (const host of ["good.example", "GOOD.example:2379", "[::1]:2379", "::1"]) {
          const expected = host === "::1" ? 421 : 200;
          assert.equal((await fetch("/health", { headers: { host } })).status, expected, host);
        }
        for (const host of [
          "evil.example",
          "good.example.evil.example",
          "good.example@evil.example",
        ]) {
          const { status, body } = await fetch("/health", { headers: { host } });
          assert.equal(status, 421, host);
          assert.ok(body.includes(JSON.stringify(host)));
        }
      },
      { allowedHosts: ["good.example", "::1"] },
    );
  });

  it("lets browsers of listed origins read, and answers preflights", async () => {
    await withGateway(
      healthyMember(),
      async (fetch) => {
        const headers = { origin: "https://a.example" };
        const {
          status,
          headers: answered,
          body,
        } = await fetch("/v3/kv/put", { method: "OPTIONS", headers });
        assert.deepEqual([status, body], [200, ""]);
        assert.equal(answered["access-control-allow-origin"], "https://a.example");
        assert.equal(answered["access-control-allow-methods"], "POST, GET, OPTIONS, PUT, DELETE");
        assert.equal(
          answered["access-control-allow-headers"],
          "accept, content-type, authorization",
        );
        const other = await fetch("/health", { headers: { origin: "https://b.example" } });
        assert.equal(other.headers["access-control-allow-origin"], undefined);
      },
      { corsOrigins: ["https://a.example"] },
    );
    await withGateway(
      healthyMember(),
      async (fetch) => {
        assert.equal((await fetch("/health")).headers["access-control-allow-origin"], "*");
      },
      { corsOrigins: ["*"] },
    );
  });
});
