import { escapeHtml, inlineHtml } from "./html-text.ts";
import { columnTitle, decimalsOf, formatCell, formatPaper, isBest, tableNotes } from "./number-format.ts";
import type { MetricCell, MetricColumn, MetricRow, MetricsTable } from "./report-sections.ts";

/** A table of methods by measures (or the other way round); the paper's numbers stand below ours, notes below the table. */
export function metricsTableHtml(table: MetricsTable, number: number): string {
  const notes = tableNotes(table);
  const mark = (note: string | undefined): string =>
    note === undefined ? "" : `<sup>${notes.indexOf(note) + 1}</sup>`;
  const cellOf = (row: MetricRow, column: MetricColumn): string => {
    const cell = row.values[column.key];
    return cellHtml(table, column, cell, mark(cell?.note));
  };
  const measures = table.columns.map((column) => ({
    title: escapeHtml(columnTitle(column)),
    cells: table.rows.map((row) => cellOf(row, column)),
  }));
  const methods = table.rows.map((row) => ({
    title: `${inlineHtml(row.name)}${mark(row.note)}`,
    cells: table.columns.map((column) => cellOf(row, column)),
  }));
  const [across, down] = table.tall === true ? [methods, measures] : [measures, methods];
  const heads = across.map(({ title }) => `<th scope="col">${title}</th>`);
  const rows = down.map(({ title, cells }) => `<tr><th scope="row">${title}</th>${cells.join("")}</tr>`);
  const general = (table.notes ?? []).map((note) => `<p class="note">${inlineHtml(note)}</p>`);
  const numbered = notes.map((note) => `<li>${inlineHtml(note)}</li>`);
  return `<figure class="table">
<figcaption><b>Table ${number}.</b> ${inlineHtml(table.caption)}</figcaption>
<div class="scroll"><table${table.tall === true ? ' class="tall"' : ""}>
<thead><tr><td></td>${heads.join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table></div>
${general.join("\n")}${numbered.length > 0 ? `<ol class="notes">${numbered.join("")}</ol>` : ""}
</figure>`;
}

function cellHtml(table: MetricsTable, column: MetricColumn, cell: MetricCell | undefined, mark: string): string {
  const decimals = decimalsOf(table, column);
  const text = escapeHtml(formatCell(cell, decimals));
  const value = isBest(table, column, cell) ? `<strong>${text}</strong>` : text;
  const spread = cell?.standardError === undefined ? "" : " ± standard error";
  const runs = cell?.runs === undefined ? "" : ` title="mean${spread} of ${cell.runs} runs"`;
  const hasPaper = table.rows.some((row) => row.values[column.key]?.paper !== undefined);
  const paper = cell?.paper === undefined ? "" : `paper ${formatPaper(cell, decimals)}`;
  return `<td${runs}>${value}${mark}${hasPaper ? `<span class="paper">${paper}</span>` : ""}</td>`;
}
