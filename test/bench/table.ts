/** A cell of a table: text stands left, numbers are given as text and stand right. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** A line of cells, or of text across all columns. */
export type TableLine = { readonly cells: readonly string[] } | { readonly text: string };

/** Lays out lines in aligned columns below their titles. */
export function layOut(columns: readonly Column[], lines: readonly TableLine[]): string {
  const rows = lines.map((line) => ("cells" in line ? line.cells : []));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const aligned = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? "";
        const width = widths[index] ?? 0;
        return align === "left" ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [
    aligned(columns.map(({ title }) => title)),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...lines.map((line) => ("cells" in line ? aligned(line.cells) : line.text)),
  ].join("\n");
}

/** A number with three significant digits and separated thousands. */
export function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "";
  if (value === 0) return "0";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

/** Bytes as MiB. */
export function mebibytes(bytes: number | undefined): string {
  return bytes === undefined || Number.isNaN(bytes) ? "" : digits(bytes / 1_048_576);
}
