import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generate } from "../codegen/generate.ts";
import { toFieldName, toTypeName } from "../codegen/names.ts";

const folder = join(import.meta.dirname, "..");

// When this fails: npm run generate -w @quorate/api
test("generated sources are those of the .proto files", async () => {
  const sources = await generate(folder);
  for (const [path, source] of sources) {
    // Not assert.equal: a difference of thousands of lines helps nobody.
    assert.ok(readFileSync(join(folder, path), "utf8") === source, `${path} is out of date`);
  }
  const generated = [...sources.keys()].filter((path) => path.startsWith("src/gen/"));
  const present = readdirSync(join(folder, "src/gen")).map((name) => `src/gen/${name}`);
  assert.deepEqual(generated.sort(), present.sort());
});

test("toFieldName makes words of snakes, camels and runs of capitals", () => {
  const names = {
    range_end: "rangeEnd",
    min_mod_revision: "minModRevision",
    ID: "id",
    TTL: "ttl",
    grantedTTL: "grantedTtl",
    remaining_TTL: "remainingTtl",
    memberID: "memberId",
    peerURLs: "peerUrls",
    dbSizeInUse: "dbSizeInUse",
    isLearner: "isLearner",
    hashedPassword: "hashedPassword",
    KV: "kv",
    HashKV: "hashKv",
    RangeStream: "rangeStream",
  };
  for (const [protoName, name] of Object.entries(names)) assert.equal(toFieldName(protoName), name);
});

test("toTypeName drops dots and underscores", () => {
  assert.equal(toTypeName("RangeRequest.SortOrder"), "RangeRequestSortOrder");
  assert.equal(toTypeName("request_union"), "RequestUnion");
});
