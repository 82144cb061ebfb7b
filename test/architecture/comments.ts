import ts from "typescript";

/** A flaw of a comment, or of a comment that is missing. */
export interface CommentProblem {
  /** Line number, from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * Finds exported declarations without TSDoc, or whose TSDoc does not begin with a sentence.
 * Overloads are documented once, at the first.
 */
export function undocumentedExports(file: ts.SourceFile): readonly CommentProblem[] {
  const documented = new Set<string>();
  return file.statements.flatMap((statement) => {
    if (!isExported(statement)) return [];
    const names = namesOf(statement);
    const isOverload = names.every((name) => documented.has(name));
    for (const name of names) documented.add(name);
    if (isOverload) return [];
    const line = file.getLineAndCharacterOfPosition(statement.getStart(file)).line + 1;
    const name = names.join(", ");
    const summary = summaryOf(statement);
    if (summary === undefined) return [{ line, text: `"${name}" has no TSDoc` }];
    if (!/[.!?:)`]$/m.test(summary)) {
      return [{ line, text: `the TSDoc of "${name}" is no sentence: "${summary}"` }];
    }
    return [];
  });
}

/** Finds notes of unfinished work that name no issue, and suppressions that give no reason. */
export function carelessComments(file: ts.SourceFile): readonly CommentProblem[] {
  return commentsOf(file).flatMap(({ line, text }) => {
    if (/\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/.test(text)) {
      return [{ line, text: `unfinished work without an issue: "${text}"` }];
    }
    if (/(eslint-disable|c8 ignore|prettier-ignore)/.test(text) && !/ -- \S/.test(text)) {
      return [{ line, text: `no reason given, write "-- why" behind it: "${text}"` }];
    }
    return [];
  });
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false;
  const modifiers = ts.getModifiers(statement) ?? [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((declaration) => declaration.name.getText());
  }
  const { name } = statement as ts.Statement & { readonly name?: ts.Node };
  return [name?.getText() ?? "default"];
}

function summaryOf(statement: ts.Statement): string | undefined {
  const docs = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc);
  const comment = docs.at(-1)?.comment;
  const text = typeof comment === "string" ? comment : ts.getTextOfJSDocComment(comment);
  const summary = text?.split(/\n\s*\n/)[0]?.trim();
  return summary === "" ? undefined : summary;
}

function commentsOf(file: ts.SourceFile): readonly CommentProblem[] {
  const found = new Map<number, CommentProblem>();
  const collect = (ranges: readonly ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      const line = file.getLineAndCharacterOfPosition(pos).line + 1;
      found.set(pos, { line, text: file.text.slice(pos, end) });
    }
  };
  const visit = (node: ts.Node): void => {
    collect(ts.getLeadingCommentRanges(file.text, node.getFullStart()));
    collect(ts.getTrailingCommentRanges(file.text, node.getEnd()));
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  return [...found.values()];
}
