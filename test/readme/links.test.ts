import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { assertNone } from "../architecture/problems.ts";
import { filesBelow, pathExists, readText } from "../architecture/repository.ts";

const documents = ["packages", "examples", "deploy", "test", ".github"]
  .flatMap((folder) => filesBelow(folder, /\.md$/))
  .concat("README.md");

/** Relative targets of `[text](target)`, code left out. */
function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[^]*?^```/gm, "").replace(/`[^`\n]*`(?!\])/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]?.replace(/#.*$/, "") ?? "")
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

describe("links lead to files that exist", () => {
  for (const path of documents) {
    test(path, () => {
      const broken = linksOf(readText(path)).filter(
        (target) => !pathExists(join(dirname(path), target)),
      );
      assertNone(broken);
    });
  }
});
