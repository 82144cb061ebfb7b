/** A cell of a table: text stands left, numbers are given as text and stand right. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Lays out rows in aligned columns, with a line between groups where a row is undefined. */
export function layOut(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly string[] | undefined>,
): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row?.[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? "";
        const width = widths[index] ?? 0;
        return align === "left" ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  const body = rows.map((row) => (row === undefined ? rule : line(row)));
  return [line(columns.map(({ title }) => title)), rule, ...body].join("\n");
}

/** A number with three significant digits and separated thousands. */
export function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

/** Bytes as MiB. */
export function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "" : digits(bytes / 1_048_576);
}
