import { AssertionError } from "node:assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";

/**
 * One command of a data-driven test file.
 *
 * `put a 1 lease=7` has the name `put`, positional arguments `a` and `1`, and the named argument
 * `lease`. Lines between the command and `----` are its input.
 */
export interface DataDrivenCommand {
  readonly name: string;
  readonly positional: readonly string[];
  readonly args: ReadonlyMap<string, string>;
  /** Lines below the command line, joined by `\n`; empty for none. */
  readonly input: string;
  /** 1-based line of the command, for messages. */
  readonly line: number;
}

/** Runs one command and tells what happened as text; trailing white space is ignored. */
export type DataDrivenHandler = (command: DataDrivenCommand) => string | Promise<string>;

/**
 * Runs a file of `command`, `----`, expected output, blank line; prose lines start with `#`.
 *
 * With `REWRITE=1` in the environment the outputs in the file are replaced by the actual ones and
 * the change is reviewed as a diff. Output that contains blank lines stands between two pairs of
 * `----` lines. Arguments with spaces are written `key="a b"` (JSON string) or `key=(a b)`.
 *
 * @throws AssertionError at the first output that differs, naming file and line.
 * @remarks The format is that of cockroachdb/datadriven, which etcd-io/raft uses too.
 */
export async function runDataDriven(
  filePath: string,
  handler: DataDrivenHandler,
  isRewriting: boolean = process.env["REWRITE"] === "1",
): Promise<void> {
  const written: string[] = [];
  for (const part of parseFile(filePath, readFileSync(filePath, "utf8"))) {
    written.push(...part.lines);
    if (part.command === undefined) continue;
    const where = `${filePath}:${part.command.line}`;
    const actual = await runCommand(handler, part.command, where);
    if (!isRewriting && actual !== part.expected) {
      const message = `${where}: ${part.lines[0] ?? ""}\n${difference(part.expected, actual)}`;
      const { expected } = part;
      throw new AssertionError({ message, expected, actual, operator: "runDataDriven" });
    }
    written.push(...outputLines(actual));
  }
  if (isRewriting) writeFileSync(filePath, written.join("\n").trimEnd() + "\n");
}

/**
 * Declares one `node:test` test for each `.txt` file of a directory, titled by the file's name.
 *
 * @param createHandler - Called once a file, so that files share no state; gets the file's name.
 * @throws Error when the directory holds no such file.
 */
export function testDataDirectory(
  directory: string,
  createHandler: (fileName: string) => DataDrivenHandler | Promise<DataDrivenHandler>,
): void {
  const names = readdirSync(directory).filter((name) => name.endsWith(".txt"));
  if (names.length === 0) throw new Error(`Cannot find test data: no .txt file in "${directory}"`);
  for (const name of names.sort()) {
    test(`testdata ${basename(name, ".txt")}`, async () => {
      await runDataDriven(join(directory, name), await createHandler(name));
    });
  }
}

/** A run of prose and blank lines, or a command with what it is expected to print. */
interface FilePart {
  readonly lines: readonly string[];
  readonly command: DataDrivenCommand | undefined;
  readonly expected: string;
}

const separator = "----";

function parseFile(filePath: string, text: string): FilePart[] {
  const parts: FilePart[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    if (line.trim() === "" || line.startsWith("#")) {
      parts.push({ lines: [line], command: undefined, expected: "" });
      at++;
      continue;
    }
    const split = lines.indexOf(separator, at);
    if (split === -1) throw new Error(`${filePath}:${at + 1}: "${line}" has no "----" below it`);
    const head = lines.slice(at, split);
    const isDouble = lines[split + 1] === separator;
    const begin = isDouble ? split + 2 : split + 1;
    const end = isDouble ? lines.indexOf(separator, begin) : endOfOutput(lines, begin);
    if (end === -1) throw new Error(`${filePath}:${at + 1}: output is not closed by "----"`);
    parts.push({
      lines: head,
      command: parseCommand(line, head.slice(1).join("\n"), at + 1),
      expected: lines.slice(begin, end).join("\n").trimEnd(),
    });
    at = isDouble ? end + 2 : end;
  }
  return parts;
}

function endOfOutput(lines: readonly string[], begin: number): number {
  const blank = lines.indexOf("", begin);
  return blank === -1 ? lines.length : blank;
}

function parseCommand(line: string, input: string, lineNumber: number): DataDrivenCommand {
  const [name = "", ...tokens] = line.match(/(?:"(?:\\.|[^"\\])*"|\([^)]*\)|[^\s"(])+/g) ?? [];
  const positional: string[] = [];
  const args = new Map<string, string>();
  for (const token of tokens) {
    const named = /^([A-Za-z][\w-]*)=(.*)$/s.exec(token);
    if (named === null) positional.push(unquote(token));
    else args.set(named[1] ?? "", unquote(named[2] ?? ""));
  }
  return { name, positional, args, input, line: lineNumber };
}

function unquote(token: string): string {
  if (token.startsWith('"') && token.endsWith('"') && token.length > 1) {
    return String(JSON.parse(token));
  }
  return token.startsWith("(") && token.endsWith(")") ? token.slice(1, -1) : token;
}

async function runCommand(
  handler: DataDrivenHandler,
  command: DataDrivenCommand,
  where: string,
): Promise<string> {
  try {
    return (await handler(command)).trimEnd();
  } catch (error) {
    throw new Error(`${where}: ${command.name} threw: ${String(error)}`, { cause: error });
  }
}

function outputLines(output: string): string[] {
  if (output === "") return [separator];
  const lines = output.split("\n");
  if (!lines.includes("") && lines[0] !== separator) return [separator, ...lines];
  return [separator, separator, ...lines, separator, separator];
}

/** Marks lines only expected with `-`, only printed with `+`, by longest common subsequence. */
function difference(expectedText: string, actualText: string): string {
  const expected = expectedText.split("\n");
  const actual = actualText.split("\n");
  const width = actual.length + 1;
  const lengths = new Uint32Array((expected.length + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = actual.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        expected[i] === actual[j]
          ? lengthAt(i + 1, j + 1) + 1
          : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const marked: string[] = [];
  for (let i = 0, j = 0; i < expected.length || j < actual.length;) {
    if (i < expected.length && j < actual.length && expected[i] === actual[j]) {
      marked.push(`  ${expected[i++] ?? ""}`);
      j++;
    } else if (
      j >= actual.length ||
      (i < expected.length && lengthAt(i + 1, j) >= lengthAt(i, j + 1))
    ) {
      marked.push(`- ${expected[i++] ?? ""}`);
    } else {
      marked.push(`+ ${actual[j++] ?? ""}`);
    }
  }
  return marked.join("\n");
}
