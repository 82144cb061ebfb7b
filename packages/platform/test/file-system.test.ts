import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { NodeFileSystem } from "../src/index.ts";
import { SimFileSystem } from "../src/sim/index.ts";
import { describeFileSystem } from "../src/testing/index.ts";

const root = mkdtempSync(join(tmpdir(), "quorate-files-"));
after(() => {
  rmSync(root, { recursive: true });
});

describeFileSystem("NodeFileSystem", () => {
  return { files: new NodeFileSystem(), directory: mkdtempSync(join(root, "case-")) };
});

describeFileSystem("SimFileSystem", () => {
  return { files: new SimFileSystem(), directory: "/" };
});
