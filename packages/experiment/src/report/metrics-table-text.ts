import { plainText } from "./html-text.ts";
import { columnTitle, decimalsOf, formatCell, formatPaper, isBest, tableNotes } from "./number-format.ts";
import type { MetricsTable } from "./report-sections.ts";

/**
 * A metrics table for a terminal: aligned columns, "*" at the best values, the paper's numbers in columns of their own,
 * notes below.
 */
export function metricsTableText(table: MetricsTable): string {
  const notes = tableNotes(table);
  const mark = (note: string | undefined): string => (note === undefined ? "" : ` [${notes.indexOf(note) + 1}]`);
  const columns: string[][] = [["", ...table.rows.map((row) => `${plainText(row.name)}${mark(row.note)}`)]];
  for (const column of table.columns) {
    const decimals = decimalsOf(table, column);
    const cells = table.rows.map((row) => row.values[column.key]);
    columns.push([
      columnTitle(column),
      ...cells.map(
        (cell) => `${formatCell(cell, decimals)}${isBest(table, column, cell) ? "*" : ""}${mark(cell?.note)}`,
      ),
    ]);
    if (cells.some((cell) => cell?.paper !== undefined)) {
      columns.push(["paper", ...cells.map((cell) => formatPaper(cell, decimals))]);
    }
  }
  const widths = columns.map((column) => Math.max(...column.map((text) => [...text].length)));
  const line = (row: number): string =>
    columns
      .map((column, index) => {
        const padding = " ".repeat(widths[index]! - [...column[row]!].length);
        return index === 0 ? `${column[row]}${padding}` : `${padding}${column[row]}`;
      })
      .join("  ")
      .trimEnd();
  const below = [
    ...(table.notes ?? []).map(plainText),
    ...notes.map((note, index) => `[${index + 1}] ${plainText(note)}`),
  ];
  const rule = "-".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [plainText(table.caption), line(0), rule, ...table.rows.map((_, row) => line(row + 1)), ...below].join("\n");
}
