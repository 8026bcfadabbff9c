import type { MetricCell, MetricColumn, MetricsTable } from "./report-sections.ts";

/** Shown where there is no number. */
export const NO_VALUE = "n/a";

/** A number with digits after the point and thousands apart; `NO_VALUE` for none. */
export function formatNumber(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  // No "-0.00".
  const rounded = Number(value.toFixed(decimals)) === 0 ? 0 : value;
  return rounded.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/**
 * Digits after the point of a column: those asked for, or enough for three digits of its largest number. One more for a power
 * of ten: beside a share of 1, one of 0.995 must not read 1.00.
 */
export function decimalsOf(table: MetricsTable, column: MetricColumn): number {
  if (column.decimals !== undefined) return column.decimals;
  const magnitudes = table.rows.flatMap((row) => {
    const cell = row.values[column.key];
    return [cell?.value, cell?.paper].flatMap((value) => (Number.isFinite(value) ? [Math.abs(value as number)] : []));
  });
  const largest = Math.max(0, ...magnitudes);
  if (largest === 0 || magnitudes.every((magnitude) => Number.isInteger(magnitude))) return 0;
  return Math.min(6, Math.max(1, 3 - Math.ceil(Math.log10(largest))));
}

/** "12.3 ± 0.4", or the value alone. */
export function formatCell(cell: MetricCell | undefined, decimals: number): string {
  return withSpread(cell?.value, cell?.standardError ?? cell?.standardDeviation, decimals);
}

/** The paper's number of a cell, likewise; nothing where it states none. */
export function formatPaper(cell: MetricCell | undefined, decimals: number): string {
  return cell?.paper === undefined ? "" : withSpread(cell.paper, cell.paperStandardError, decimals);
}

function withSpread(value: number | null | undefined, spread: number | undefined, decimals: number): string {
  const text = formatNumber(value, decimals);
  return text === NO_VALUE || spread === undefined ? text : `${text} ± ${formatNumber(spread, decimals)}`;
}

/** Whether a row has the column's best value; never where no direction is given or there is nothing to compare. */
export function isBest(table: MetricsTable, column: MetricColumn, cell: MetricCell | undefined): boolean {
  if (column.higherIsBetter === undefined || !Number.isFinite(cell?.value)) return false;
  const values = table.rows.flatMap((row) => {
    const value = row.values[column.key]?.value;
    return Number.isFinite(value) ? [value as number] : [];
  });
  const best = column.higherIsBetter ? Math.max(...values) : Math.min(...values);
  return values.length > 1 && cell!.value === best;
}

/** Title of a column with its unit and an arrow that points to the better side. */
export function columnTitle({ title, unit, higherIsBetter }: MetricColumn): string {
  const arrow = higherIsBetter === undefined ? "" : higherIsBetter ? " ↑" : " ↓";
  return `${title}${unit === undefined ? "" : ` (${unit})`}${arrow}`;
}

/** Notes below a table in the order of their marks: the table's own first, then those of rows and cells. */
export function tableNotes(table: MetricsTable): readonly string[] {
  const notes = table.rows.flatMap((row) => [
    row.note ?? [],
    ...table.columns.map((column) => row.values[column.key]?.note ?? []),
  ]);
  return [...new Set(notes.flat())];
}
