import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Instance } from "@quorate/client";
import { parseTargetQuery, targetGroups, type TargetQuery } from "../src/standalone/http-sd.ts";

const api2: Instance = {
  service: "api",
  id: "2",
  address: "10.0.0.2:80",
  tags: ["canary", "v2"],
  metadata: { "team.name": "a-team" },
};
const api1: Instance = {
  ...api2,
  id: "1",
  address: "[fd00::1]:80",
  tags: [],
  metadata: {},
};
const web: Instance = { ...api2, service: "web", id: "9" };
const all: TargetQuery = { services: [], tags: [] };

describe("targetGroups", () => {
  it("makes one group of each instance, in order, with what relabelling needs", () => {
    assert.deepEqual(targetGroups([web, api2, api1], { ...all, services: ["api"] }), [
      {
        targets: ["[fd00::1]:80"],
        labels: {
          __meta_quorate_service: "api",
          __meta_quorate_instance: "1",
          __meta_quorate_tags: "",
        },
      },
      {
        targets: ["10.0.0.2:80"],
        labels: {
          __meta_quorate_service: "api",
          __meta_quorate_instance: "2",
          __meta_quorate_tags: ",canary,v2,",
          __meta_quorate_metadata_team_name: "a-team",
        },
      },
    ]);
  });

  it("filters by service and by all tags", () => {
    const instances = (query: Partial<TargetQuery>): (string | undefined)[] =>
      targetGroups([web, api2, api1], { ...all, ...query }).map(
        ({ labels }) => labels["__meta_quorate_instance"],
      );
    assert.deepEqual(instances({}), ["1", "2", "9"]);
    assert.deepEqual(instances({ services: ["api", "web"] }), ["1", "2", "9"]);
    assert.deepEqual(instances({ services: ["none"] }), []);
    assert.deepEqual(instances({ tags: ["v2", "canary"] }), ["2", "9"]);
    assert.deepEqual(instances({ tags: ["v2", "missing"] }), []);
  });

  it("leaves out addresses that Prometheus refuses", () => {
    for (const address of ["unix:/run/a", "a b:1", "http://a:1/"]) {
      assert.deepEqual(targetGroups([{ ...api2, address }], all), [], address);
    }
  });
});

describe("parseTargetQuery", () => {
  it("reads repeated parameters", () => {
    const query = new URLSearchParams("service=a&service=b&tag=x");
    assert.deepEqual(parseTargetQuery(query), {
      kind: "query",
      query: { services: ["a", "b"], tags: ["x"] },
    });
  });

  it("refuses what it does not know, for a misspelt filter filters nothing", () => {
    assert.deepEqual(parseTargetQuery(new URLSearchParams("services=a")), {
      kind: "invalid",
      problem: 'parameter "services" is not known, expected service or tag',
    });
  });
});
