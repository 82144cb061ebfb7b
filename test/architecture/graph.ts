import { type PackageRule, packageTable } from "./package-table.ts";

/**
 * Draws the package table as a Mermaid graph. An arrow that follows from two others is left out, so
 * that the picture shows layers.
 */
export function renderGraph(table: Readonly<Record<string, PackageRule>> = packageTable): string {
  const lines = Object.entries(table).flatMap(([name, rule]) =>
    rule.imports
      .filter((target) => !isImplied(table, name, target))
      .map((target) => `  ${name} --> ${target}`),
  );
  return ["```mermaid", "graph TD", ...lines, "```"].join("\n");
}

function isImplied(
  table: Readonly<Record<string, PackageRule>>,
  name: string,
  target: string,
): boolean {
  const others = (table[name]?.imports ?? []).filter((other) => other !== target);
  return others.some((other) => reaches(table, other, target));
}

function reaches(
  table: Readonly<Record<string, PackageRule>>,
  from: string,
  target: string,
): boolean {
  const imports = table[from]?.imports ?? [];
  return imports.some((next) => next === target || reaches(table, next, target));
}

/** Draws the package table as Markdown rows: a link to each folder and its purpose. */
export function renderTable(
  folder: string,
  table: Readonly<Record<string, PackageRule>> = packageTable,
): string {
  const rows = Object.entries(table).map(
    ([name, rule]) => `| [${name}](${folder}${name}/README.md) | ${rule.purpose} |`,
  );
  return ["| package | what it is |", "| --- | --- |", ...rows].join("\n");
}
