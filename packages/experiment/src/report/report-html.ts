import type { JsonValue } from "../canonical-json.ts";
import { escapeHtml, inlineHtml } from "./html-text.ts";
import { imageGridHtml } from "./image-grid-html.ts";
import { metricsTableHtml } from "./metrics-table-html.ts";
import { barPlotSvg, linePlotSvg } from "./plot-svg.ts";
import type { KeyValues, ReportSection } from "./report-sections.ts";
import { REPORT_STYLE } from "./report-style.ts";

/** What stands at the top of a report. */
export interface ReportTitle {
  readonly title: string;
  /** One or two sentences: what was done and what came out. */
  readonly subtitle?: string;
  /** When it was written, ISO 8601, UTC. */
  readonly created: string;
}

/** The page: one file without scripts that asks the network for nothing (and may not, by its own policy). */
export async function reportHtml(head: ReportTitle, sections: readonly ReportSection[]): Promise<string> {
  const numbering = { figures: 0, tables: 0, headings: 0 };
  const contents: string[] = [];
  const parts: string[] = [];
  for (const section of sections) parts.push(await sectionHtml(section, numbering, contents));
  const navigation = contents.length > 2 ? `\n<nav aria-label="Contents">${contents.join("\n")}</nav>` : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="divgen">
<title>${escapeHtml(head.title)}</title>
<link rel="icon" href="data:,">
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${inlineHtml(head.title)}</h1>
${head.subtitle === undefined ? "" : `<p class="subtitle">${inlineHtml(head.subtitle)}</p>`}
<p class="made">Written <time datetime="${escapeHtml(head.created)}">${escapeHtml(readableTime(head.created))}</time></p>${navigation}
</header>
${parts.join("\n")}
<footer>Made with divgen. The same content for programs: <code>report.json</code></footer>
</main>
</body>
</html>
`;
}

interface Numbering {
  figures: number;
  tables: number;
  headings: number;
}

async function sectionHtml(section: ReportSection, numbering: Numbering, contents: string[]): Promise<string> {
  switch (section.kind) {
    case "heading": {
      const id = `section-${++numbering.headings}`;
      if (section.level === 2) contents.push(`<a href="#${id}">${inlineHtml(section.text)}</a>`);
      return `<h${section.level} id="${id}">${inlineHtml(section.text)}</h${section.level}>`;
    }
    case "paragraph":
      return `<p>${inlineHtml(section.text)}</p>`;
    case "metrics-table":
      return metricsTableHtml(section, ++numbering.tables);
    case "image-grid":
      return imageGridHtml(section, ++numbering.figures);
    case "line-plot":
      return plotHtml(await linePlotSvg(section), section.caption, ++numbering.figures);
    case "bar-plot":
      return plotHtml(await barPlotSvg(section), section.caption, ++numbering.figures);
    case "key-values":
      return keyValuesHtml(section);
  }
}

function plotHtml(svg: string, caption: string, number: number): string {
  return `<figure>
<div class="scroll plot" role="img" aria-label="${escapeHtml(caption)}">${svg}</div>
<figcaption><b>Figure ${number}.</b> ${inlineHtml(caption)}</figcaption>
</figure>`;
}

function keyValuesHtml({ caption, entries }: KeyValues): string {
  const rows = Object.entries(entries).flatMap(([key, value]) =>
    value === undefined ? [] : [`<dt>${escapeHtml(key)}</dt><dd>${valueHtml(value)}</dd>`],
  );
  const title = caption === undefined ? "" : `<figcaption>${inlineHtml(caption)}</figcaption>`;
  return `<figure class="table">${title}<dl>${rows.join("\n")}</dl></figure>`;
}

function valueHtml(value: JsonValue): string {
  if (typeof value === "string") return inlineHtml(value);
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")) {
    return `<ul>${value.map((item) => `<li>${inlineHtml(item)}</li>`).join("")}</ul>`;
  }
  if (typeof value === "object" && value !== null) return `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
  return escapeHtml(typeof value === "boolean" ? (value ? "yes" : "no") : value === null ? "none" : String(value));
}

/** "2026-01-02 03:04 UTC" */
function readableTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
