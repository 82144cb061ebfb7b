import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MetricRegistry, negotiateFormat, renderMetrics } from "@quorate/exporter";
import { goNumber } from "../src/number-text.ts";

function sampleRegistry(): MetricRegistry {
  const registry = new MetricRegistry();
  const metrics = registry.add({
    jobs_total: { type: "counter", help: 'Jobs "done".' },
    promote_successes: { type: "counter", help: "No suffix\\here." },
    peers: { type: "gauge", help: "Peers.", labels: { To: "text", state: ["up", "down"] } },
    wait_seconds: {
      type: "histogram",
      help: "Waits.",
      buckets: { start: 0.5, factor: 2, count: 3 },
    },
    never_used: { type: "counter", help: "Has labels.", labels: { code: ["1", "2"] } },
  });
  metrics.jobs_total.add(3);
  metrics.peers.with({ To: 'a"b\\c\nd', state: "up" }).set(1.5);
  for (const value of [0.5, 0.6, 100]) metrics.wait_seconds.observe(value);
  return registry;
}

describe("renderMetrics", () => {
  it("writes the 0.0.4 text form", async () => {
    assert.equal(
      await renderMetrics(sampleRegistry(), "text-0.0.4"),
      `# HELP jobs_total Jobs "done".
# TYPE jobs_total counter
jobs_total 3
# HELP peers Peers.
# TYPE peers gauge
peers{To="a\\"b\\\\c\\nd",state="up"} 1.5
# HELP promote_successes No suffix\\\\here.
# TYPE promote_successes counter
promote_successes 0
# HELP wait_seconds Waits.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="1"} 2
wait_seconds_bucket{le="2"} 2
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum 101.1
wait_seconds_count 3
`,
    );
  });

  it("writes OpenMetrics with the same series names", async () => {
    const text = await renderMetrics(sampleRegistry(), "openmetrics-1.0");
    assert.deepEqual(text.split("\n").slice(0, 3), [
      '# HELP jobs Jobs \\"done\\".',
      "# TYPE jobs counter",
      "jobs_total 3",
    ]);
    assert.match(text, /\n# TYPE promote_successes unknown\npromote_successes 0\n/);
    assert.ok(text.endsWith("wait_seconds_count 3\n# EOF\n"));
    const seriesOf = (all: string): string[] =>
      all.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(seriesOf(text), seriesOf(await renderMetrics(sampleRegistry(), "text-0.0.4")));
  });

  it("takes numbers that are asked for at the scrape", async () => {
    const registry = new MetricRegistry();
    const metrics = registry.add({ size_bytes: { type: "gauge", help: "Size." } });
    let size = 1;
    registry.onCollect(() => metrics.size_bytes.set(size));
    assert.match(await renderMetrics(registry, "text-0.0.4"), /\nsize_bytes 1\n/);
    size = 2;
    assert.match(await renderMetrics(registry, "text-0.0.4"), /\nsize_bytes 2\n/);
  });

  it("keeps registries apart", async () => {
    const one = new MetricRegistry();
    const other = new MetricRegistry();
    const definition = { a_total: { type: "counter", help: "A." } } as const;
    one.add(definition).a_total.add();
    other.add(definition);
    assert.match(await renderMetrics(one, "text-0.0.4"), /\na_total 1\n/);
    assert.match(await renderMetrics(other, "text-0.0.4"), /\na_total 0\n/);
  });
});

describe("MetricRegistry", () => {
  it("refuses new label combinations beyond the bound and counts them", async () => {
    const registry = new MetricRegistry();
    const metrics = registry.add({
      refused_total: { type: "counter", help: "Refused." },
      clients_total: { type: "counter", help: "C.", labels: { version: "text" }, seriesMax: 2 },
    });
    registry.countRefusedSeries(metrics.refused_total);
    for (const version of ["1", "2", "3", "4", "1"]) metrics.clients_total.with({ version }).add();
    const text = await renderMetrics(registry, "text-0.0.4");
    assert.deepEqual(text.match(/^clients_total.*$/gm), [
      'clients_total{version="1"} 2',
      'clients_total{version="2"} 1',
    ]);
    assert.match(text, /^refused_total 2$/m);
  });

  it("gives the same instrument for the same labels and forgets removed ones", async () => {
    const registry = new MetricRegistry();
    const { peer_up } = registry.add({
      peer_up: { type: "gauge", help: "Up.", labels: { To: "text" } },
    });
    assert.equal(peer_up.with({ To: "a" }), peer_up.with({ To: "a" }));
    peer_up.with({ To: "b" }).set(1);
    peer_up.remove({ To: "a" });
    const text = await renderMetrics(registry, "text-0.0.4");
    assert.deepEqual(text.match(/^peer_up.*$/gm), ['peer_up{To="b"} 1']);
  });

  it("never lets a counter go back or a histogram become NaN", async () => {
    const registry = new MetricRegistry();
    const metrics = registry.add({
      a_total: { type: "counter", help: "A." },
      b_seconds: { type: "histogram", help: "B.", buckets: [1] },
    });
    metrics.a_total.add(2);
    metrics.a_total.add(-1);
    metrics.a_total.add(Number.NaN);
    metrics.b_seconds.observe(Number.NaN);
    const text = await renderMetrics(registry, "text-0.0.4");
    assert.match(text, /^a_total 2$/m);
    assert.match(text, /^b_seconds_sum 0$/m);
  });
});

describe("negotiateFormat", () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, "text-0.0.4"],
    ["*/*", "text-0.0.4"],
    ["text/html", "text-0.0.4"],
    ["text/plain; version=0.0.4", "text-0.0.4"],
    ["application/openmetrics-text", "openmetrics-1.0"],
    ["application/openmetrics-text; version=1.0.0; charset=utf-8", "openmetrics-1.0"],
    [
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      "openmetrics-1.0",
    ],
    [
      "application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.5",
      "text-0.0.4",
    ],
    ["application/openmetrics-text;q=0", "text-0.0.4"],
    ["application/openmetrics-text;version=2.0.0", "text-0.0.4"],
  ];
  for (const [accept, expected] of cases) {
    it(`answers ${expected} to ${String(accept)}`, () => {
      assert.equal(negotiateFormat(accept), expected);
    });
  }
});

describe("goNumber", () => {
  it("writes bounds as etcd's own exposition does", () => {
    const bounds: readonly (readonly [number, string])[] = [
      [0.0001, "0.0001"],
      [0.00001, "1e-05"],
      [0.001, "0.001"],
      [8.192, "8.192"],
      [52.4288, "52.4288"],
      [819200, "819200"],
      [1048576, "1.048576e+06"],
      [Infinity, "+Inf"],
    ];
    for (const [bound, text] of bounds) assert.equal(goNumber(bound), text);
  });
});
