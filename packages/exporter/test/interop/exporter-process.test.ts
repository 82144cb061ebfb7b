import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Client, connect } from "@quorate/client";
import { createMetricsHandler, MetricRegistry } from "@quorate/exporter";
import { NodeClock, noopLogger } from "@quorate/platform";
import { type ExporterOptions, parseCommand } from "../../src/standalone/exporter-options.ts";
import { ExporterProcess } from "../../src/standalone/exporter-process.ts";
import { until } from "../until.ts";
import {
  freePort,
  isInstalled,
  type Program,
  startEtcd,
  startProgram,
  textOf,
} from "./programs.ts";

function optionsFor(endpoint: string): ExporterOptions {
  const command = parseCommand(
    ["--endpoints", endpoint, "--listen-address", "127.0.0.1:0", "--poll-interval", "100ms"].concat(
      ["--registry-staleness-limit", "1s", "--election-prefix", "elections/job/"],
    ),
    {},
  );
  assert.ok(command.kind === "run");
  return command.options;
}

describe("the exporter beside a real etcd", { skip: !isInstalled("etcd") }, () => {
  let etcd: Program & { readonly endpoint: string };
  let client: Client;
  let exporter: ExporterProcess;
  let base: string;

  before(async () => {
    etcd = await startEtcd();
    client = connect({ endpoints: [etcd.endpoint] });
    const dependencies = { client, clock: new NodeClock(), logger: noopLogger };
    exporter = new ExporterProcess(optionsFor(etcd.endpoint), dependencies);
    base = `http://127.0.0.1:${(await exporter.start()).port}`;
    await until("the registry is known", async () => (await textOf(`${base}/readyz`)) === "ok\n");
  });

  after(async () => {
    await exporter.close();
    client.close();
    await etcd.stop();
  });

  const register = async (service: string, port: number, more: object = {}): Promise<void> => {
    const row = { address: `127.0.0.1:${port}`, ...more };
    await client.put(`/quorate/registry/${service}/${port}`, JSON.stringify(row));
  };

  it("answers an empty list while nothing is registered", async () => {
    assert.equal(await textOf(`${base}/sd`), "[]");
  });

  it("tells the member, the leases and the elections", async () => {
    const lease = await client.lease.grant(60);
    await client.put("elections/job/1", "node-a", { lease: lease.id });
    await client.put("elections/job/2", "node-b");
    let text = "";
    await until("it saw the election", async () => {
      text = (await textOf(`${base}/metrics`)) ?? "";
      return text.includes('quorate_exporter_election_candidates{election="elections/job"} 2');
    });
    const { createRevision = 0 } = (await client.get("elections/job/1")) ?? {};
    for (const line of [
      `quorate_exporter_member_up{endpoint="${etcd.endpoint}"} 1`,
      `quorate_exporter_member_is_leader{endpoint="${etcd.endpoint}"} 1`,
      "quorate_exporter_cluster_up 1",
      "quorate_exporter_cluster_members 1",
      `quorate_exporter_election_term{election="elections/job"} ${createRevision}`,
      'quorate_exporter_election_holder_info{election="elections/job",holder="node-a"} 1',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    assert.match(text, /^quorate_exporter_member_info\{.*name="one",version="3\.\S+"\} 1$/m);
    assert.match(text, /^quorate_exporter_member_db_size_bytes\{.*\} [1-9]/m);
    assert.match(text, /^quorate_exporter_member_raft_term\{.*\} [1-9]/m);
    await client.lease.revoke(lease.id);
    await until("the next candidate holds it", async () => {
      return (await textOf(`${base}/metrics`))?.includes('holder="node-b"} 1') ?? false;
    });
  });

  it("serves registered instances, filtered, until they are gone", async () => {
    await register("api", 8001, { tags: ["v2"] });
    await register("web", 8002);
    await client.put("/quorate/registry/broken", "no instance");
    await until("both are served", async () => {
      return (await textOf(`${base}/sd`))?.includes("8002") ?? false;
    });
    const response = await fetch(`${base}/sd?service=api&tag=v2`);
    assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
    const etag = response.headers.get("etag") ?? "";
    assert.deepEqual(await response.json(), [
      {
        targets: ["127.0.0.1:8001"],
        labels: {
          __meta_quorate_service: "api",
          __meta_quorate_instance: "8001",
          __meta_quorate_tags: ",v2,",
        },
      },
    ]);
    const again = await fetch(`${base}/sd?service=api&tag=v2`, {
      headers: { "If-None-Match": etag },
    });
    assert.equal(again.status, 304);
    assert.equal((await fetch(`${base}/sd?srevice=api`)).status, 400);
    const text = (await textOf(`${base}/metrics`)) ?? "";
    assert.match(text, /^quorate_exporter_registry_instances\{service="api"\} 1$/m);
    assert.match(text, /^quorate_exporter_registry_invalid_rows 1$/m);
    await client.delete({ prefix: "/quorate/registry/" });
    await until("they are gone", async () => (await textOf(`${base}/sd`)) === "[]");
  });

  it(
    "is discovered from and scraped by Prometheus",
    { skip: !isInstalled("prometheus") },
    async () => {
      const registry = new MetricRegistry();
      registry
        .add({
          jobs_done_total: { type: "counter", help: "Jobs done." },
          jobs_successes: { type: "counter", help: "A counter without the suffix." },
        })
        .jobs_done_total.add(7);
      const accepted = new Set<string>();
      const handler = createMetricsHandler(registry);
      const service = createServer((request, response) => {
        accepted.add(String(request.headers.accept).split(";")[0] ?? "");
        handler(request, response);
      }).listen(0, "127.0.0.1");
      await once(service, "listening");
      const bound = service.address();
      await register("jobs", typeof bound === "object" ? (bound?.port ?? 0) : 0);
      const port = await freePort();
      const prometheus = startProgram("prometheus", (folder) => {
        writeFileSync(join(folder, "prometheus.yml"), prometheusConfig(base));
        return [
          `--config.file=${join(folder, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(folder, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ];
      });
      try {
        const query = (text: string): Promise<string | undefined> =>
          textOf(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`);
        await until("Prometheus has scraped the service", async () => {
          return (await query("jobs_done_total"))?.includes('"7"') ?? false;
        });
        const found = (await query("jobs_successes")) ?? "";
        assert.ok(found.includes('"service":"jobs"'), found);
        await until("Prometheus has scraped the exporter", async () => {
          return (await query("quorate_exporter_registry_up"))?.includes('"1"') ?? false;
        });
        assert.ok(accepted.has("application/openmetrics-text"), [...accepted].join());
      } finally {
        await prometheus.stop();
        service.close();
        service.closeAllConnections();
      }
    },
  );

  it("answers 503 and never an empty list when the cluster is silent", async () => {
    await register("api", 8001);
    await until(
      "it is served",
      async () => (await textOf(`${base}/sd`))?.includes("8001") ?? false,
    );
    etcd.child.kill("SIGSTOP");
    await until("it stops serving", async () => {
      const response = await fetch(`${base}/sd`);
      const text = await response.text();
      if (response.status === 200)
        assert.ok(text.includes("8001"), "fresh enough: still the instance");
      return response.status === 503;
    });
    assert.equal((await fetch(`${base}/readyz`)).status, 503);
    const text = (await textOf(`${base}/metrics`)) ?? "";
    assert.match(text, /^quorate_exporter_registry_up 0$/m);
    etcd.child.kill("SIGCONT");
    await until(
      "it serves again",
      async () => (await textOf(`${base}/sd`))?.includes("8001") ?? false,
    );
  });
});

function prometheusConfig(exporter: string): string {
  return `
global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: services
    http_sd_configs: [{ url: "${exporter}/sd", refresh_interval: 1s }]
    relabel_configs:
      - { source_labels: [__meta_quorate_service], target_label: service }
  - job_name: exporter
    static_configs: [{ targets: ["${exporter.slice("http://".length)}"] }]
`;
}
