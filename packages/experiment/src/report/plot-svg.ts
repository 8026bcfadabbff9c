import type { TopLevelSpec } from "vega-lite";
import type { BarPlot, LinePlot, LineSeries } from "./report-sections.ts";

const WIDTH = 680;
const LINE_HEIGHT = 260;
const BAR_HEIGHT = 220;
/** Colours that stand out on white and on black. */
const COLORS = ["#3b7dd8", "#e0752d", "#2f9e6e", "#c4487f", "#8a63d2", "#a88a1f", "#1f9eb0", "#d4504a"];
/** More points a curve than this are neither seen nor worth their bytes. */
const MOST_POINTS = 600;

/** Curves as SVG that takes its text colour from the page. */
export function linePlotSvg(plot: LinePlot): Promise<string> {
  const { series, xTitle, yTitle, logarithmic = false, smoothing = 0 } = plot;
  const names = series.map(({ name }) => name);
  const encoding = {
    x: { field: "x", type: "quantitative", title: xTitle, axis: { tickCount: 8 }, scale: { nice: false, zero: false } },
    y: {
      field: "y",
      type: "quantitative",
      title: yTitle,
      axis: { tickCount: 6 },
      scale: logarithmic ? { type: "log" } : { zero: false },
    },
    color: color(names),
  } as const;
  const isDrawn = ([, y]: readonly [number, number]): boolean => Number.isFinite(y) && (!logarithmic || y > 0);
  const rows = (curves: readonly LineSeries[]) =>
    curves.flatMap(({ name, points }) => thinned(points).map((point) => row(name, point, isDrawn(point))));
  const curve = { type: "line", strokeWidth: 1.75, interpolate: "linear", clip: true } as const;
  if (smoothing <= 0) return render({ data: { values: rows(series) }, mark: curve, encoding }, LINE_HEIGHT);
  return render(
    {
      layer: [
        { data: { values: rows(series) }, mark: { ...curve, strokeWidth: 1, opacity: 0.25 }, encoding },
        { data: { values: rows(series.map((one) => smoothed(one, smoothing))) }, mark: curve, encoding },
      ],
    },
    LINE_HEIGHT,
  );
}

/** Bars as SVG that takes its text colour from the page. */
export function barPlotSvg({ bars, xTitle, yTitle }: BarPlot): Promise<string> {
  const labels = new Set(bars.map(({ label }) => label));
  const groups = [...new Set(bars.map(({ group }) => group ?? ""))];
  const encoding = {
    x: { field: "label", type: "nominal", title: xTitle, sort: null, axis: { labelAngle: labels.size > 12 ? -45 : 0 } },
    y: { field: "value", type: "quantitative", title: yTitle, axis: { tickCount: 6 } },
    ...(groups.length > 1 ? { xOffset: { field: "series", sort: null }, color: color(groups) } : {}),
  } as const;
  return render(
    {
      data: { values: bars.map(({ label, value, group = "" }) => ({ label, value, series: group })) },
      mark: { type: "bar", cornerRadiusEnd: 2, ...(groups.length > 1 ? {} : { color: COLORS[0]! }) },
      encoding,
    },
    BAR_HEIGHT,
  );
}

const LEGEND = {
  orient: "top",
  direction: "horizontal",
  columns: 4,
  columnPadding: 18,
  symbolType: "circle",
  symbolSize: 90,
  // Not those of the pale curves.
  symbolOpacity: 1,
  symbolStrokeWidth: 3,
} as const;

function color(names: readonly string[]) {
  const legend = names.length > 1 ? { ...LEGEND, title: null } : null;
  return { field: "series", type: "nominal", legend, scale: { domain: [...names], range: COLORS } } as const;
}

function row(series: string, [x, y]: readonly [number, number], isDrawn: boolean) {
  return { series, x, y: isDrawn ? y : null };
}

/** At most `MOST_POINTS` points, first and last among them. */
function thinned<Point>(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  const stride = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, index) => points[Math.round(index * stride)]!);
}

/** Mean over a window around each point, cut off at the ends. */
function smoothed({ name, points }: LineSeries, share: number): LineSeries {
  const reach = Math.floor((points.length * share) / 2);
  return {
    name,
    points: points.map(([x], index) => {
      const window = points.slice(Math.max(0, index - reach), index + reach + 1);
      return [x, window.reduce((sum, [, y]) => sum + y, 0) / window.length];
    }),
  };
}

let renders = 0;

async function render(view: object, height: number): Promise<string> {
  // Loaded here: they take most of a second, and only reports need them.
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const spec = { width: WIDTH, height, padding: 4, background: null, config: CONFIG, ...view };
  const svg = await new View(parse(compile(spec as unknown as TopLevelSpec).spec), { renderer: "none" }).toSVG();
  return forPage(svg, `plot${++renders}-`);
}

/** Scales with the page, and has identifiers of its own among other plots. */
function forPage(svg: string, prefix: string): string {
  return svg
    .replace(/<svg ([^>]*?)width="[\d.]+" height="[\d.]+"/, "<svg $1")
    .replace(/\bid="([^"]+)"/g, `id="${prefix}$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${prefix}$1)`);
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const TEXT = { labelColor: "currentColor", titleColor: "currentColor", labelFont: FONT, titleFont: FONT } as const;

const CONFIG = {
  view: { stroke: null },
  axis: {
    ...TEXT,
    labelFontSize: 11,
    titleFontSize: 11.5,
    titleFontWeight: 500,
    titlePadding: 8,
    labelOpacity: 0.75,
    domainColor: "currentColor",
    domainOpacity: 0.35,
    tickColor: "currentColor",
    tickOpacity: 0.35,
    gridColor: "currentColor",
    gridOpacity: 0.1,
  },
  axisX: { grid: false },
  axisY: { domain: false, ticks: false },
  legend: {
    ...TEXT,
    labelFontSize: 11.5,
    symbolType: "stroke",
    symbolStrokeWidth: 3,
    symbolSize: 180,
    labelLimit: 260,
  },
  range: { category: COLORS },
} as const;
