/**
 * Code blocks of the READMEs. Each is run by a test, so its first line says how:
 *
 * - `ts` is compiled and run; its exit code must be 0. `ts compile` is compiled only. `ts serves`
 *   and `sh serves` stay: the test waits until they listen on a port, then ends them.
 * - `sh` is run by `bash -eu` in the repository, with `node_modules/.bin` on its path.
 *   `sh needs=etcdctl,curl` is left to the interop suite, which has these programs.
 *   `sh tested-by=PATH` is not run here: the test at PATH has each of its lines, and runs it or
 *   the program behind it. `sh checked-by=PATH` is run by no test, since it would run the tests in
 *   themselves or for too long: the test at PATH has each line and holds its options against
 *   those that the program knows.
 * - `text output` is what the block before it prints; a line `...` stands for any lines.
 * - `json` and `yaml` are parsed. `text`, `mermaid`, `ini` and `dockerfile` are only shown.
 *
 * A block that names {@link documentedEndpoint} gets a fresh member, shared by the blocks of one
 * README in their order, and is run with that member's address in its place. Every other
 * `127.0.0.1:port` becomes a free port, the same throughout the README.
 */
export interface CodeBlock {
  /** Path of the README relative to the repository. */
  readonly path: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** Words behind the language: `key=value`, or a bare word, which has the value `""`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Address that examples use; replaced by that of the member started for them. */
export const documentedEndpoint = "127.0.0.1:2379";

const knownAttributes: Readonly<Record<string, readonly string[]>> = {
  ts: ["compile", "serves"],
  sh: ["needs", "serves", "tested-by", "checked-by"],
  text: ["output"],
  json: [],
  yaml: [],
  mermaid: [],
  ini: [],
  dockerfile: [],
};

/** Finds the fenced blocks of a Markdown text, indented ones included. */
export function parseBlocks(path: string, markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^(\s*)(`{3,})(.*)$/.exec(lines[index] ?? "");
    if (fence === null) continue;
    const [, margin = "", marks = "", info = ""] = fence;
    const begin = index + 1;
    index = lines.findIndex((line, at) => at >= begin && line.trim() === marks);
    if (index === -1) throw new Error(`Cannot read ${path}:${begin}: the block does not end`);
    const [language = "", ...words] = info.trim().split(/\s+/);
    blocks.push({
      path,
      line: begin,
      language,
      attributes: new Map(words.map(toAttribute)),
      text: lines
        .slice(begin, index)
        .map((line) => (line.startsWith(margin) ? line.slice(margin.length) : line))
        .join("\n"),
    });
  }
  return blocks;
}

/** What is wrong with the first line of a block, or `undefined`. */
export function blockProblem(block: CodeBlock): string | undefined {
  const known = knownAttributes[block.language];
  const languages = Object.keys(knownAttributes).join(", ");
  if (known === undefined) return `language "${block.language}" is none of ${languages}`;
  const unknown = [...block.attributes.keys()].filter((name) => !known.includes(name));
  return unknown.length === 0 ? undefined : `unknown attribute ${unknown.join(", ")}`;
}

/**
 * Compares what a block printed with what its README shows.
 *
 * @param expected - Lines; `...` alone on a line stands for any number of lines.
 */
export function matchesOutput(actual: string, expected: string): boolean {
  return matchesLines(trimmedLines(actual), trimmedLines(expected));
}

function matchesLines(actual: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first.trim() !== "...") {
    return actual[0] === first && matchesLines(actual.slice(1), rest);
  }
  return Array.from({ length: actual.length + 1 }).some((_, skipped) =>
    matchesLines(actual.slice(skipped), rest),
  );
}

function trimmedLines(text: string): readonly string[] {
  if (text.trim() === "") return [];
  return text
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
}

function toAttribute(word: string): [string, string] {
  const equals = word.indexOf("=");
  return equals === -1 ? [word, ""] : [word.slice(0, equals), word.slice(equals + 1)];
}
