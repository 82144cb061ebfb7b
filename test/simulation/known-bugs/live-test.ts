/**
 * Whether a title is that of a test which runs: read off the syntax of its file, where a comment is
 * nothing and a test that is skipped can be seen.
 */
import ts from "typescript";

const testNames = ["test", "it", "fuzz"];
const groupNames = ["describe", "suite"];
/** Fields of a table's rows that become titles. */
const titleFields = ["title", "name"];

/** A file as text. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/**
 * Why a title stands for no test that runs.
 *
 * @param file - Where the title stands, as an argument of a test or in a table.
 * @param title - All of it or a part.
 * @param importers - Files that may make tests of the table in `file`.
 * @returns Undefined where at least one test that has it runs.
 */
export function problemOfTitle(
  file: SourceText,
  title: string,
  importers: readonly SourceText[] = [],
): string | undefined {
  const source = parse(file);
  const literals = all(source).filter((node) => ts.isStringLiteralLike(node));
  const found = literals.filter(({ text }) => text.includes(title));
  const makers = [source, ...importers.map(parse)];
  const problems = found.map((literal) => problemOf(literal, makers));
  if (problems.length === 0) return `${file.path} has no "${title}" outside its comments`;
  const isLive = problems.includes(undefined);
  return isLive ? undefined : `${file.path}: "${title}" ${problems[0]}`;
}

function problemOf(
  literal: ts.StringLiteralLike,
  makers: readonly ts.SourceFile[],
): string | undefined {
  const { parent } = literal;
  if (ts.isCallExpression(parent) && parent.arguments[0] === literal) {
    return problemOfCall(parent);
  }
  if (!isCellOfTable(literal)) return "is no title";
  const [row] = rowsAround(literal);
  if (row !== undefined && isSkippedBy(row)) return "is skipped";
  const calls = makers.flatMap((maker) => all(maker).filter((node) => ts.isCallExpression(node)));
  const isMade = calls.some((call) => hasComputedTitle(call) && problemOfCall(call) === undefined);
  return isMade ? problemOfPlace(literal) : "stands in a table that no test is made of";
}

function problemOfCall(call: ts.CallExpression): string | undefined {
  if (isGroup(call)) {
    const inner = all(call).filter((node) => ts.isCallExpression(node) && node !== call);
    const isAnyLive = inner.some(
      (node) => ts.isCallExpression(node) && !isGroup(node) && problemOfCall(node) === undefined,
    );
    return isAnyLive ? problemOfPlace(call) : "groups no test that runs";
  }
  if (!isTest(call)) return "is no title";
  const body = call.arguments.findLast((argument) => ts.isFunctionLike(argument));
  const isEmpty = body !== undefined && "body" in body && statementsOf(body.body)?.length === 0;
  return isEmpty ? "tests nothing" : problemOfPlace(call);
}

/** Nothing around it says that it does not run. */
function problemOfPlace(node: ts.Node): string | undefined {
  const around = [node, ...ancestors(node)];
  const calls = around.filter((each) => ts.isCallExpression(each));
  if (calls.some(isSkipped)) return "is skipped";
  const isNever = around.some(
    (each) => ts.isIfStatement(each) && each.expression.kind === ts.SyntaxKind.FalseKeyword,
  );
  return isNever ? "is skipped" : undefined;
}

function isSkipped(call: ts.CallExpression): boolean {
  const { expression } = call;
  if (ts.isPropertyAccessExpression(expression) && isSkipName(expression.name.text)) return true;
  const body = call.arguments.find((argument) => ts.isFunctionLike(argument));
  const statements = body !== undefined && "body" in body ? statementsOf(body.body) : undefined;
  const isSkippedInside = (statements ?? []).some(
    (statement) =>
      ts.isExpressionStatement(statement) &&
      ts.isCallExpression(statement.expression) &&
      ts.isPropertyAccessExpression(statement.expression.expression) &&
      isSkipName(statement.expression.expression.name.text) &&
      isTest(call),
  );
  return isSkippedInside || call.arguments.some(isSkippedBy);
}

/** Options, or a row of a table, that say so; a reason that is computed is a condition. */
function isSkippedBy(node: ts.Node): boolean {
  if (!ts.isObjectLiteralExpression(node)) return false;
  return node.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) &&
      isSkipName(property.name.getText()) &&
      (property.initializer.kind === ts.SyntaxKind.TrueKeyword ||
        ts.isStringLiteralLike(property.initializer)),
  );
}

function isSkipName(name: string): boolean {
  return name === "skip" || name === "todo";
}

/** `test`, `it`, `fuzz`, or a function of the file itself that makes one. */
function isTest(call: ts.CallExpression): boolean {
  const name = nameOf(call);
  if (name === undefined || groupNames.includes(name)) return false;
  if (testNames.includes(name)) return true;
  const declarations = all(call.getSourceFile()).filter(
    (node) =>
      (ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) &&
      node.name?.getText() === name,
  );
  const inside = declarations.flatMap(all).filter((node) => ts.isCallExpression(node));
  return inside.some(
    (each) => testNames.includes(nameOf(each) ?? "") && problemOfPlace(each) === undefined,
  );
}

function isGroup(call: ts.CallExpression): boolean {
  return groupNames.includes(nameOf(call) ?? "");
}

/** Of `test(…)` as of `test.only(…)`. */
function nameOf({ expression }: ts.CallExpression): string | undefined {
  if (ts.isIdentifier(expression)) return expression.text;
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  return ts.isIdentifier(expression.expression) ? expression.expression.text : undefined;
}

function hasComputedTitle(call: ts.CallExpression): boolean {
  const [title] = call.arguments;
  return title !== undefined && !ts.isStringLiteralLike(title);
}

/** A field that is a title, or an element of a row that is a list. */
function isCellOfTable(literal: ts.StringLiteralLike): boolean {
  const { parent } = literal;
  if (ts.isPropertyAssignment(parent)) return titleFields.includes(parent.name.getText());
  return ts.isArrayLiteralExpression(parent);
}

function rowsAround(node: ts.Node): readonly ts.Node[] {
  return ancestors(node).filter((each) => ts.isObjectLiteralExpression(each));
}

function statementsOf(body: ts.Node | undefined): readonly ts.Statement[] | undefined {
  return body !== undefined && ts.isBlock(body) ? body.statements : undefined;
}

function ancestors(node: ts.Node): readonly ts.Node[] {
  const found: ts.Node[] = [];
  for (let each = node.parent; !ts.isSourceFile(each); each = each.parent) found.push(each);
  return found;
}

const nodesBelow = new WeakMap<ts.Node, readonly ts.Node[]>();

/** A node and all below it. */
function all(node: ts.Node): readonly ts.Node[] {
  const known = nodesBelow.get(node);
  if (known !== undefined) return known;
  const found: ts.Node[] = [];
  const visit = (each: ts.Node): void => {
    found.push(each);
    ts.forEachChild(each, visit);
  };
  visit(node);
  nodesBelow.set(node, found);
  return found;
}

function parse({ path, text }: SourceText): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}
