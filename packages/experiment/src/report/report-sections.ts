import type { JsonValue } from "../canonical-json.ts";

/** A heading; level 2 begins a chapter and appears in the contents. */
export interface HeadingSection {
  readonly kind: "heading";
  readonly text: string;
  readonly level: 2 | 3;
}

/** Text. `code` between backticks and [links](https://...) are set as such; all else is plain. */
export interface ParagraphSection {
  readonly kind: "paragraph";
  readonly text: string;
}

/** A measure that rows are compared by. */
export interface MetricColumn {
  /** Key in `MetricRow.values`. */
  readonly key: string;
  readonly title: string;
  readonly unit?: string;
  /** Marks the best row; no mark where it is absent. */
  readonly higherIsBetter?: boolean;
  /** Digits after the point. @defaultValue as many as show three digits of the largest value */
  readonly decimals?: number;
}

/** One measured number. */
export interface MetricCell {
  /** `null` where it was not or could not be measured. */
  readonly value: number | null;
  /** Over runs with different seeds. */
  readonly standardDeviation?: number;
  /** Of the mean: the deviation over the root of the number of runs. Stands in place of the deviation where both are given. */
  readonly standardError?: number;
  /** Number of runs behind the mean. */
  readonly runs?: number;
  /** The number in the paper. */
  readonly paper?: number;
  /** Of the mean, as the paper states it. */
  readonly paperStandardError?: number;
  /** Why it differs or may not be compared; becomes a note below the table. */
  readonly note?: string;
}

/** A method, by its measures. */
export interface MetricRow {
  readonly name: string;
  readonly values: Readonly<Record<string, MetricCell>>;
  /** Becomes a note below the table. */
  readonly note?: string;
}

/** Methods by measures, the paper's numbers beside ours. */
export interface MetricsTable {
  readonly caption: string;
  readonly columns: readonly MetricColumn[];
  readonly rows: readonly MetricRow[];
  /**
   * Whether the page has a line a measure and a column a method, for many measures of one or two methods.
   * @defaultValue false
   */
  readonly tall?: boolean;
  /** General deviations: data, size, steps. */
  readonly notes?: readonly string[];
}

/** A picture of an image grid. */
export interface ReportImage {
  readonly png: Uint8Array;
  readonly label?: string;
  /** Path of the same picture relative to the report, for `report.json`. */
  readonly file?: string;
}

/** Pictures side by side, row by row. */
export interface ImageGrid {
  readonly caption: string;
  readonly images: readonly ReportImage[];
  /** Pictures a row. @defaultValue as many as fit, at their own size */
  readonly columns?: number;
  /** Titles above the columns; needs `columns`. */
  readonly columnTitles?: readonly string[];
  /** Titles beside the rows; needs `columns`. */
  readonly rowTitles?: readonly string[];
}

/** Points of a curve, by rising x. Points that are not finite leave a gap. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Curves over a common axis. */
export interface LinePlot {
  readonly caption: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly series: readonly LineSeries[];
  /** @defaultValue false */
  readonly logarithmic?: boolean;
  /**
   * Also draws a running mean over this share of the curve, the curve itself pale behind it; 0 draws the curve alone.
   * @defaultValue 0
   */
  readonly smoothing?: number;
}

/** A bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Bars of one label stand side by side, one a group. */
  readonly group?: string;
}

/** Bars, in the order given. */
export interface BarPlot {
  readonly caption: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly bars: readonly Bar[];
}

/** Facts by name, such as versions and settings. */
export interface KeyValues {
  readonly caption?: string;
  readonly entries: Readonly<Record<string, JsonValue | undefined>>;
}

/** A part of a report. */
export type ReportSection =
  | HeadingSection
  | ParagraphSection
  | (MetricsTable & { readonly kind: "metrics-table" })
  | (ImageGrid & { readonly kind: "image-grid" })
  | (LinePlot & { readonly kind: "line-plot" })
  | (BarPlot & { readonly kind: "bar-plot" })
  | (KeyValues & { readonly kind: "key-values" });
