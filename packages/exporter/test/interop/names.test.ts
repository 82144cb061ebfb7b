import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import {
  createMemberMetrics,
  memberCatalogue,
  type MetricDefinition,
  renderMetrics,
} from "@quorate/exporter";
import { bucketBounds } from "../../src/catalogue/definition.ts";
import { goNumber } from "../../src/number-text.ts";
import { isInstalled, startEtcd, textOf } from "./programs.ts";

const definitions: ReadonlyMap<string, MetricDefinition> = new Map(Object.entries(memberCatalogue));

describe("the catalogue and promtool", { skip: !isInstalled("promtool") }, () => {
  it("finds the text form valid, and no name odd but etcd's and prom-client's", async () => {
    const { registry, instruments, rpcObserver, close } = createMemberMetrics({
      rpcMethods: [{ path: "/etcdserverpb.KV/Range", kind: "unary" }],
      isExtensive: true,
    });
    rpcObserver.callEnded({ path: "/etcdserverpb.KV/Range", kind: "unary" }, 0, 1);
    instruments.etcd_network_known_peers.with({ Local: 'a"\\', Remote: "b\n" }).set(1);
    const input = await renderMetrics(registry, "text-0.0.4");
    close();
    const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input });
    const lines = `${String(stdout)}${String(stderr)}`.split("\n").filter((line) => line !== "");
    for (const line of lines) {
      assert.match(line, /^(etcd_\w+|nodejs_\w+) (use base unit|(non-)?counter metrics should)/);
    }
    assert.ok(lines.length > 5, "promtool did look at the names");
  });
});

describe("the catalogue and etcd", { skip: !isInstalled("etcd") }, () => {
  it("agrees in type, labels and bounds on every metric that both have", async () => {
    const etcd = await startEtcd();
    try {
      const text = (await textOf(`http://${etcd.endpoint}/metrics`)) ?? "";
      const theirs = readFamilies(text);
      let common = 0;
      for (const [name, family] of theirs) {
        const ours = definitions.get(name);
        if (ours === undefined) continue;
        common += 1;
        assert.equal(ours.type, family.type, name);
        if (family.labels !== undefined) {
          assert.deepEqual(Object.keys(ours.labels ?? {}).sort(), family.labels, name);
        }
        if (ours.type === "histogram") {
          const bounds = [...bucketBounds(ours.buckets ?? []).map(goNumber), "+Inf"];
          assert.deepEqual(bounds, family.bounds, name);
        }
      }
      assert.ok(common > 60, `${common} metrics in common`);
    } finally {
      await etcd.stop();
    }
  });
});

interface EtcdFamily {
  readonly type: string;
  /** Undefined when there was no sample to look at. */
  labels: string[] | undefined;
  readonly bounds: string[];
}

function readFamilies(text: string): ReadonlyMap<string, EtcdFamily> {
  const families = new Map<string, EtcdFamily>();
  for (const line of text.split("\n")) {
    const [, named, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (named !== undefined && type !== undefined) {
      families.set(named, { type, labels: undefined, bounds: [] });
      continue;
    }
    const [, series = "", labelText = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    const family = families.get(series) ?? families.get(series.replace(/_(bucket|sum|count)$/, ""));
    if (family === undefined) continue;
    const labels = [...labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    family.labels ??= labels
      .map((match) => match[1] ?? "")
      .filter((name) => name !== "le")
      .sort();
    for (const match of labels) {
      const bound = match[2] ?? "";
      if (match[1] === "le" && !family.bounds.includes(bound)) family.bounds.push(bound);
    }
  }
  return families;
}
