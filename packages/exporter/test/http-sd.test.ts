import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTargetQuery, targetGroups, type TargetQuery } from "../src/standalone/http-sd.ts";
import { parseRegistryRecord, type RegistryRecord } from "../src/standalone/registry-record.ts";

const api2: RegistryRecord = {
  service: "api",
  instance: "2",
  host: "10.0.0.2",
  port: 80,
  tags: ["canary", "v2"],
  metadata: { "team.name": "a-team" },
  isPassing: true,
};
const api1: RegistryRecord = { ...api2, instance: "1", host: "fd00::1", tags: [], metadata: {} };
const web: RegistryRecord = { ...api2, service: "web", instance: "9", isPassing: false };
const all: TargetQuery = { services: [], tags: [], isPassingOnly: false };

describe("targetGroups", () => {
  it("makes one group of each instance, in order, with what relabelling needs", () => {
    assert.deepEqual(targetGroups([web, api2, api1], { ...all, services: ["api"] }), [
      {
        targets: ["[fd00::1]:80"],
        labels: {
          __meta_quorate_service: "api",
          __meta_quorate_instance: "1",
          __meta_quorate_passing: "true",
          __meta_quorate_tags: "",
        },
      },
      {
        targets: ["10.0.0.2:80"],
        labels: {
          __meta_quorate_service: "api",
          __meta_quorate_instance: "2",
          __meta_quorate_passing: "true",
          __meta_quorate_tags: ",canary,v2,",
          __meta_quorate_metadata_team_name: "a-team",
        },
      },
    ]);
  });

  it("filters by service, by all tags and by passing", () => {
    const instances = (query: Partial<TargetQuery>): (string | undefined)[] =>
      targetGroups([web, api2, api1], { ...all, ...query }).map(
        ({ labels }) => labels["__meta_quorate_instance"],
      );
    assert.deepEqual(instances({}), ["1", "2", "9"]);
    assert.deepEqual(instances({ services: ["api", "web"] }), ["1", "2", "9"]);
    assert.deepEqual(instances({ services: ["none"] }), []);
    assert.deepEqual(instances({ tags: ["v2", "canary"] }), ["2", "9"]);
    assert.deepEqual(instances({ tags: ["v2", "missing"] }), []);
    assert.deepEqual(instances({ isPassingOnly: true }), ["1", "2"]);
  });
});

describe("parseTargetQuery", () => {
  it("reads repeated parameters", () => {
    const query = new URLSearchParams("service=a&service=b&tag=x&passing=true");
    assert.deepEqual(parseTargetQuery(query), {
      kind: "query",
      query: { services: ["a", "b"], tags: ["x"], isPassingOnly: true },
    });
  });

  it("refuses what it does not know, for a misspelt filter filters nothing", () => {
    assert.deepEqual(parseTargetQuery(new URLSearchParams("services=a")), {
      kind: "invalid",
      problem: 'parameter "services" is not known, expected service, tag or passing',
    });
    assert.equal(parseTargetQuery(new URLSearchParams("passing=1")).kind, "invalid");
  });
});

describe("parseRegistryRecord", () => {
  const parse = (key: string, row: unknown): RegistryRecord | undefined =>
    parseRegistryRecord("registry/", key, typeof row === "string" ? row : JSON.stringify(row));

  it("fills in what is missing", () => {
    assert.deepEqual(parse("registry/api/1", { host: "h", port: 80, other: [] }), {
      service: "api",
      instance: "1",
      host: "h",
      port: 80,
      tags: [],
      metadata: {},
      isPassing: true,
    });
  });

  it("takes no row that is no instance", () => {
    const good = { host: "h", port: 80 };
    for (const key of [
      "registry/api",
      "registry/a/b/c",
      "registry//b",
      "registry/a b/c",
      "other/a/b",
    ]) {
      assert.equal(parse(key, good), undefined, key);
    }
    for (const row of [
      "",
      "{",
      "null",
      "[]",
      { port: 80 },
      { host: "", port: 80 },
      { host: "a/b", port: 80 },
    ]) {
      assert.equal(parse("registry/api/1", row), undefined, JSON.stringify(row));
    }
    for (const port of [0, -1, 65_536, 1.5, "80", null]) {
      assert.equal(parse("registry/api/1", { ...good, port }), undefined, String(port));
    }
  });

  it("keeps only text of tags and metadata", () => {
    const row = {
      host: "h",
      port: 1,
      tags: ["a", 1, null],
      metadata: { a: "b", c: 1 },
      isPassing: false,
    };
    const record = parse("registry/api/1", row);
    assert.deepEqual(
      [record?.tags, record?.metadata, record?.isPassing],
      [["a"], { a: "b" }, false],
    );
  });
});
