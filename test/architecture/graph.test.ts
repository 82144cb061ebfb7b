import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { format } from "prettier";
import { renderGraph, renderTable } from "./graph.ts";
import { readText, root } from "./repository.ts";

const rewrite = process.env["REWRITE"] === "1";

/** Compares the part of a README between two marks with what the package table says. */
async function checkPart(path: string, mark: string, rendered: string): Promise<void> {
  const [begin, end] = [`<!-- ${mark}: REWRITE=1 npm test -- graph -->`, `<!-- end of ${mark} -->`];
  const text = readText(path);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  assert.ok(from !== -1 && to > from, `${path} lacks the marks "${begin}" and "${end}"`);
  const wanted = `${text.slice(0, from)}${begin}\n\n${rendered}\n\n${text.slice(to)}`;
  const formatted = await format(wanted, { parser: "markdown", printWidth: 100 });
  if (rewrite) writeFileSync(join(root, path), formatted);
  else assert.equal(text, formatted, `${path}: run REWRITE=1 npm test -- graph`);
}

describe("the READMEs show the package table", () => {
  test("packages/README.md contains the graph", async () => {
    await checkPart("packages/README.md", "graph", renderGraph());
  });

  test("packages/README.md contains the table", async () => {
    await checkPart("packages/README.md", "packages", renderTable(""));
  });

  test("README.md contains the table", async () => {
    await checkPart("README.md", "packages", renderTable("packages/"));
  });
});

test("renderGraph leaves out an arrow that follows from two others", () => {
  const graph = renderGraph({
    base: { purpose: "", imports: [] },
    middle: { purpose: "", imports: ["base"] },
    top: { purpose: "", imports: ["base", "middle"] },
  });
  assert.equal(
    graph,
    ["```mermaid", "graph TD", "  middle --> base", "  top --> middle", "```"].join("\n"),
  );
});
