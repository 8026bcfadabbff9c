import { join } from "node:path";
import { sha256 } from "../canonical-json.ts";
import { replaceFile } from "../durable-files.ts";
import { pngSize } from "../png-size.ts";
import type { LoggedEvent } from "../run-events.ts";
import { metricsTableText } from "./metrics-table-text.ts";
import { reportHtml } from "./report-html.ts";
import type {
  BarPlot,
  ImageGrid,
  KeyValues,
  LinePlot,
  LineSeries,
  MetricsTable,
  ReportSection,
} from "./report-sections.ts";

/** What a report is called. */
export interface ReportOptions {
  readonly title: string;
  /** One or two sentences: what was done and what came out. */
  readonly subtitle?: string;
  /** @defaultValue the machine's clock */
  readonly now?: () => Date;
}

/**
 * A report in the making: sections in the order of the calls, each of which returns the report. Texts may have `code`
 * between backticks and [links](https://...); figures and tables are numbered by themselves.
 */
export interface Report {
  /** @param level - 2 for a chapter, 3 for a part of one. @defaultValue 2 */
  heading(text: string, level?: 2 | 3): Report;
  paragraph(text: string): Report;
  metricsTable(table: MetricsTable): Report;
  imageGrid(grid: ImageGrid): Report;
  linePlot(plot: LinePlot): Report;
  barPlot(plot: BarPlot): Report;
  keyValues(facts: KeyValues): Report;
  /** One line plot for each group of losses ("generator/...", "discriminator/...") in a run's events. */
  losses(events: readonly LoggedEvent[]): Report;
  /** The page: one HTML file, pictures and plots inside, no script, no request. */
  html(): Promise<string>;
  /** The same content for programs; pictures by size, SHA-256 and file name. */
  json(): object;
  /** The metrics tables, for a terminal. */
  text(): string;
  /**
   * Writes `report.html` and `report.json` into a folder, replacing older ones as a whole.
   *
   * @returns the paths of both.
   * @throws StorageError if they cannot be written.
   */
  write(folder: string): Promise<{ readonly htmlPath: string; readonly jsonPath: string }>;
}

/**
 * Begins a report.
 *
 *     const report = createReport({ title: "Facades by cluster", subtitle: "Three methods at equal steps." })
 *       .heading("Results")
 *       .metricsTable({ caption: "Diversity", columns, rows })
 *       .losses(runDirectory.events());
 *     await report.write(runDirectory.path);
 */
export function createReport({ title, subtitle, now = () => new Date() }: ReportOptions): Report {
  const created = now().toISOString();
  const sections: ReportSection[] = [];
  const add = (...added: ReportSection[]): Report => {
    sections.push(...added);
    return report;
  };
  const head = { title, created, ...(subtitle === undefined ? {} : { subtitle }) };

  const report: Report = {
    heading: (text, level = 2) => add({ kind: "heading", text, level }),
    paragraph: (text) => add({ kind: "paragraph", text }),
    metricsTable: (table) => add({ kind: "metrics-table", ...table }),
    imageGrid: (grid) => {
      const { images, columns, columnTitles, rowTitles } = grid;
      if (columns === undefined && (columnTitles !== undefined || rowTitles !== undefined)) {
        throw new RangeError("image grid: expected columns, since there are titles of rows or columns");
      }
      // An error here names the caller; one while writing would come after the training.
      for (const { png } of images) pngSize(png);
      return add({ kind: "image-grid", ...grid });
    },
    linePlot: (plot) => add({ kind: "line-plot", ...plot }),
    barPlot: (plot) => add({ kind: "bar-plot", ...plot }),
    keyValues: (facts) => add({ kind: "key-values", ...facts }),
    losses: (events) => add(...lossPlots(events)),
    html: () => reportHtml(head, sections),
    json: () => ({ formatVersion: 1, ...head, sections: sections.map(sectionJson) }),
    text: () =>
      sections.flatMap((section) => (section.kind === "metrics-table" ? [metricsTableText(section)] : [])).join("\n\n"),
    write: async (folder) => {
      const htmlPath = join(folder, "report.html");
      const jsonPath = join(folder, "report.json");
      await replaceFile(htmlPath, await report.html());
      await replaceFile(jsonPath, `${JSON.stringify(report.json(), null, 1)}\n`);
      return { htmlPath, jsonPath };
    },
  };
  return report;
}

function sectionJson(section: ReportSection): object {
  if (section.kind !== "image-grid") return section;
  const images = section.images.map(({ png, label, file }) => ({
    ...pngSize(png),
    bytes: png.length,
    sha256: sha256(png),
    ...(label === undefined ? {} : { label }),
    ...(file === undefined ? {} : { file }),
  }));
  return { ...section, images };
}

function lossPlots(events: readonly LoggedEvent[]): ReportSection[] {
  const curves = new Map<string, [number, number][]>();
  for (const event of events) {
    if (event.kind !== "progress") continue;
    for (const [name, value] of Object.entries(event.losses)) {
      const points = curves.get(name) ?? [];
      points.push([event.step, value]);
      curves.set(name, points);
    }
  }
  const groups = new Map<string, LineSeries[]>();
  for (const [name, points] of curves) {
    const slash = name.indexOf("/");
    const group = slash < 0 ? "" : name.slice(0, slash);
    groups.set(group, [...(groups.get(group) ?? []), { name: name.slice(slash + 1), points }]);
  }
  return [...groups].map(([group, series]) => ({
    kind: "line-plot",
    caption: `${group === "" ? "Losses" : `Losses of the ${group.replaceAll("-", " ")}`} over training: each value pale, a running mean in full colour.`,
    xTitle: "step",
    yTitle: "loss",
    series,
    smoothing: 0.06,
  }));
}
