import { describeOrigin } from "../samples/feature-origin.ts";
import type { Evaluation, SampleDescription } from "./evaluation-document.ts";

/** An evaluation for a terminal: what was measured, one line a metric, and what to know about the numbers. */
export function evaluationText({ generated, reference, results }: Evaluation): string {
  const lines = [`generated  ${describeSamples(generated)}`];
  if (reference !== undefined) lines.push(`reference  ${describeSamples(reference)}`);
  const origins = [...new Set(results.map((result) => describeOrigin(result)))];
  lines.push(`features   ${origins.join("; ")}`);
  const { protocol, seed } = results[0]!;
  lines.push(`protocol   ${protocol}${seed === undefined ? "" : `, seed ${seed}`}`, "");
  const width = Math.max(...results.map(({ title }) => title.length));
  for (const { metric, title, value, unit, higherIsBetter, details } of results) {
    const number = formatValue(value).padStart(10);
    const deviation =
      typeof details["standardDeviation"] === "number" ? ` ± ${formatValue(details["standardDeviation"])}` : "";
    const direction = higherIsBetter === undefined ? "" : higherIsBetter ? " (higher is better)" : " (lower is better)";
    // So many of how many says more than the count.
    const total = metric === "ndb" ? ` of ${details["bins"]}` : "";
    lines.push(
      `${title.padEnd(width)}  ${number}${total}${deviation}${unit === undefined ? "" : ` ${unit}`}${direction}`,
    );
  }
  const warnings = new Map<string, string[]>();
  for (const { metric, warnings: ofResult } of results) {
    for (const warning of ofResult) warnings.set(warning, [...(warnings.get(warning) ?? []), metric]);
  }
  if (warnings.size > 0) lines.push("");
  for (const [warning, metrics] of warnings) {
    lines.push(`warning: ${metrics.length === results.length ? "" : `${metrics.join(", ")}: `}${warning}`);
  }
  return lines.join("\n");
}

function describeSamples({ path, kind, count, skipped }: SampleDescription): string {
  const size = count === null ? "an unknown number of samples" : `${count} ${kind === "images" ? "images" : "samples"}`;
  const left = skipped.length === 0 ? "" : `, ${skipped.length} unreadable left out`;
  return `${path} (${kind === "images" ? "" : `${kind}, `}${size}${left})`;
}

/** Six significant digits, without exponent where it is readable. */
function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 1e-4 || value === 0 ? String(Number(value.toPrecision(6))) : value.toExponential(4);
}
