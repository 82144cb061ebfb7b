import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Catalogue,
  createMemberMetrics,
  memberCatalogue,
  type MetricDefinition,
  renderMetrics,
} from "@quorate/exporter";
import { bucketBounds } from "../src/catalogue/definition.ts";
import { until } from "./until.ts";

const rows: readonly (readonly [string, MetricDefinition])[] = Object.entries(
  memberCatalogue satisfies Catalogue,
);

describe("memberCatalogue", () => {
  it("has valid names and one sentence of help for each metric", () => {
    for (const [name, { help, labels }] of rows) {
      assert.match(name, /^[a-z][a-z0-9_]*$/, name);
      assert.match(help, /^[A-Z0-9].*\.$/, name);
      for (const label of Object.keys(labels ?? {}))
        assert.match(label, /^[A-Za-z][A-Za-z_]*$/, name);
    }
  });

  it("gives bounds to histograms alone, ascending", () => {
    for (const [name, { type, buckets }] of rows) {
      assert.equal(buckets !== undefined, type === "histogram", name);
      const bounds = bucketBounds(buckets ?? []);
      for (const [index, bound] of bounds.entries()) {
        assert.ok(index === 0 || bound > Number(bounds[index - 1]), name);
      }
    }
  });

  it("has no two families of one name in OpenMetrics", () => {
    const families = rows.map(([name, { type }]) =>
      type === "counter" ? name.replace(/_total$/, "") : name,
    );
    assert.equal(new Set(families).size, families.length);
  });

  it("follows Prometheus's habits where the names are ours", () => {
    for (const [name, { type }] of rows.filter(([each]) => each.startsWith("quorate_"))) {
      assert.equal(name.endsWith("_total"), type === "counter", name);
    }
  });
});

describe("createMemberMetrics", () => {
  const rpcMethods = [
    { path: "/etcdserverpb.KV/Range", kind: "unary" },
    { path: "/etcdserverpb.Watch/Watch", kind: "bidi-stream" },
  ] as const;

  it("exposes every metric without labels from the start, at 0", async () => {
    const { registry, close } = createMemberMetrics({ rpcMethods: [], hasProcessMetrics: false });
    const text = await renderMetrics(registry, "text-0.0.4");
    for (const [name, { type, labels }] of rows) {
      if (labels !== undefined) continue;
      const series = type === "histogram" ? `${name}_count` : name;
      const start = name === "etcd_debugging_mvcc_compact_revision" ? "-1" : "0";
      assert.ok(text.includes(`\n${series} ${start}\n`), name);
    }
    close();
  });

  it("exposes each RPC method from the start, with every code", async () => {
    const { registry, rpcObserver } = createMemberMetrics({ rpcMethods, hasProcessMetrics: false });
    const [range] = rpcMethods;
    rpcObserver.callStarted(range);
    rpcObserver.messageReceived(range, 10);
    rpcObserver.messageSent(range, 20);
    rpcObserver.callEnded(range, 5, 1);
    rpcObserver.callEnded(range, 99, 1);
    const text = await renderMetrics(registry, "text-0.0.4");
    const labels = 'grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Range"';
    for (const line of [
      `grpc_server_started_total{${labels}} 1`,
      `grpc_server_msg_received_total{${labels}} 1`,
      `grpc_server_msg_sent_total{${labels}} 1`,
      `grpc_server_handled_total{${labels},grpc_code="OK"} 0`,
      `grpc_server_handled_total{${labels},grpc_code="NotFound"} 1`,
      `grpc_server_handled_total{${labels},grpc_code="Unknown"} 1`,
      "etcd_network_client_grpc_received_bytes_total 10",
      "etcd_network_client_grpc_sent_bytes_total 20",
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    assert.equal(text.match(/^grpc_server_handled_total.*grpc_method="Watch"/gm)?.length, 17);
    assert.ok(!text.includes("grpc_server_handling_seconds"));
  });

  it("exposes call latency only when asked to", async () => {
    const { registry, rpcObserver } = createMemberMetrics({
      rpcMethods,
      isExtensive: true,
      hasProcessMetrics: false,
    });
    rpcObserver.callEnded(rpcMethods[0], 0, 30);
    const text = await renderMetrics(registry, "text-0.0.4");
    assert.match(text, /grpc_server_handling_seconds_bucket\{.*"Range",le="0.025"\} 0\n/);
    assert.match(text, /grpc_server_handling_seconds_bucket\{.*"Range",le="0.05"\} 1\n/);
  });

  it("adds the process's own metrics", async () => {
    const { registry, close } = createMemberMetrics({ rpcMethods: [] });
    for (const name of [
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "process_open_fds",
      "process_max_fds",
      "process_start_time_seconds",
      "process_virtual_memory_bytes",
      "os_fd_used",
      "os_fd_limit",
      "quorate_event_loop_delay_seconds_count",
    ]) {
      // Some are read from the system after they were asked for.
      await until(name, async () => {
        const text = await renderMetrics(registry, "text-0.0.4");
        return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]) > 0;
      });
    }
    close();
  });
});
