import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import ts from "typescript";
import { parse as parseYaml } from "yaml";
import { freePorts } from "../support/free-port.ts";
import { createCachingHost, readCompilerConfig } from "../architecture/caching-host.ts";
import { filesBelow, pathExists, readText, root } from "../architecture/repository.ts";
import {
  blockProblem,
  type CodeBlock,
  documentedEndpoint,
  matchesOutput,
  parseBlocks,
} from "./blocks.ts";
import { type ChildEnd, runChild } from "./child.ts";
import { type ExampleMember, startExampleMember } from "./member.ts";

const timeoutMillis = 30_000;
const scratch = join(root, ".cache/readme", String(process.pid));

/** All READMEs that people read here, relative to the repository. */
export function readmePaths(): readonly string[] {
  const folders = ["packages", "examples", "deploy", "test"];
  const nested = folders.flatMap((folder) => filesBelow(folder, /(^|\/)README\.md$/));
  return ["README.md", ".github/CONTRIBUTING.md", ...nested].filter((path) => pathExists(path));
}

/** Programs that a block says it needs beside Node and npm. */
export function neededPrograms(block: CodeBlock): readonly string[] {
  return block.attributes.get("needs")?.split(",") ?? [];
}

/**
 * Declares one test for each block of one README, in order.
 *
 * @param isChosen - Which blocks to run; the others are not mentioned.
 */
export function declareReadmeTests(path: string, isChosen: (block: CodeBlock) => boolean): void {
  const blocks = parseBlocks(path, readText(path));
  if (!blocks.some(isChosen)) return;
  describe(path, () => {
    const runner = new ReadmeRunner();
    after(() => runner.close());
    for (const [index, block] of blocks.entries()) {
      if (!isChosen(block)) continue;
      const next = blocks[index + 1];
      const output = next?.attributes.has("output") === true ? next : undefined;
      test(`line ${block.line}: ${block.language} ${[...block.attributes.keys()].join(" ")}`, () =>
        runner.run(block, output));
    }
  });
}

/** Runs the blocks of one README; holds the member they share. */
class ReadmeRunner {
  /** Actual addresses by documented ones. */
  readonly #addresses = new Map<string, string>();
  #member: ExampleMember | undefined;

  async run(block: CodeBlock, output: CodeBlock | undefined): Promise<void> {
    const problem = blockProblem(block);
    assert.equal(problem, undefined, problem);
    const end = await this.#runByLanguage(block);
    if (end === undefined) return;
    assert.equal(end.code, 0, `ended with code ${end.code}:\n${end.stdout}${end.stderr}`);
    if (output === undefined) return;
    const isSame = matchesOutput(this.#documented(end.stdout), output.text);
    assert.ok(isSame, `printed:\n${end.stdout}\nbut the README shows:\n${output.text}`);
  }

  async close(): Promise<void> {
    rmSync(scratch, { recursive: true, force: true });
    await this.#member?.close();
  }

  async #runByLanguage(block: CodeBlock): Promise<ChildEnd | undefined> {
    switch (block.language) {
      case "ts":
        return await this.#runTypeScript(block);
      case "sh":
        return await this.#runShell(block);
      case "json":
        JSON.parse(block.text);
        return undefined;
      case "yaml":
        parseYaml(block.text);
        return undefined;
      default:
        return undefined;
    }
  }

  async #runTypeScript(block: CodeBlock): Promise<ChildEnd | undefined> {
    const problems = compileErrors(block);
    assert.equal(problems.length, 0, problems.join("\n"));
    if (block.attributes.has("compile")) return undefined;
    const path = writeScratch(block, await this.#actual(block.text));
    return await runChild({
      command: process.execPath,
      arguments: ["--conditions=@quorate/source", "--import", "tsx", path],
      directory: root,
      timeoutMillis,
      serves: block.attributes.has("serves"),
    });
  }

  async #runShell(block: CodeBlock): Promise<ChildEnd | undefined> {
    const testPath = block.attributes.get("tested-by") ?? block.attributes.get("checked-by");
    if (testPath !== undefined) {
      assertMentioned(block, testPath);
      return undefined;
    }
    const text = await this.#actual(block.text);
    return await runChild({
      command: "bash",
      arguments: ["-euo", "pipefail", "-c", text],
      directory: root,
      environment: { PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` },
      timeoutMillis,
      serves: block.attributes.has("serves"),
    });
  }

  /** Replaces documented addresses by that of a running member and by free ones. */
  async #actual(text: string): Promise<string> {
    let actual = text;
    for (const documented of new Set(text.match(/127\.0\.0\.1:[1-9]\d+/g))) {
      const address = this.#addresses.get(documented) ?? (await this.#addressFor(documented));
      this.#addresses.set(documented, address);
      actual = actual.replaceAll(documented, address);
    }
    return actual;
  }

  async #addressFor(documented: string): Promise<string> {
    if (documented !== documentedEndpoint) return `127.0.0.1:${(await freePorts(1))[0]}`;
    this.#member = await startExampleMember(root);
    return this.#member.endpoint;
  }

  #documented(text: string): string {
    return [...this.#addresses].reduce(
      (result, [documented, address]) => result.replaceAll(address, documented),
      text,
    );
  }
}

/** A block left to another test must be found there, line by line, in texts of its code. */
function assertMentioned(block: CodeBlock, testPath: string): void {
  assert.ok(pathExists(testPath), `${testPath} does not exist`);
  const texts = textsOf(readText(testPath));
  for (const line of block.text.split("\n")) {
    const command = line.replace(/\s+#.*$/, "").trim();
    if (command === "" || command.startsWith("#")) continue;
    const isThere = texts.some((text) => text.includes(command));
    assert.ok(isThere, `${testPath} does not mention "${command}" in its code`);
  }
}

/** All string literals of a program: a comment tests nothing. */
export function textsOf(program: string): readonly string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("test.ts", program, ts.ScriptTarget.Latest));
  return texts;
}

function writeScratch(block: CodeBlock, text: string): string {
  const path = scratchPath(block);
  mkdirSync(scratch, { recursive: true });
  writeFileSync(path, text);
  return path;
}

function scratchPath(block: CodeBlock): string {
  return join(scratch, `${block.path.replace(/[^A-Za-z]+/g, "-")}-${block.line}.ts`);
}

function compileErrors(block: CodeBlock): readonly string[] {
  const { options } = readCompilerConfig(join(root, "test/tsconfig.json"));
  const path = scratchPath(block);
  const host = createCachingHost(path, `${block.text}\nexport {};\n`, options);
  // An example may show a name it does not use.
  const program = ts.createProgram([path], { ...options, noUnusedLocals: false }, host);
  const file = program.getSourceFile(path);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
    (diagnostic) => {
      const line = file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
      const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
      return `${block.path}:${block.line + line + 1}: ${text}`;
    },
  );
}
