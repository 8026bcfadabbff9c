import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { describeOrigin } from "../samples/feature-origin.ts";
import { readStatisticsFile, type StatisticsFile } from "../statistics/statistics-file.ts";

/** `divgen statistics inspect`: what a file of statistics holds. */
export function createStatisticsInspectCommand(output: CommandOutput): Command {
  return new Command("inspect")
    .description("say what a file of statistics holds, and what is wrong with it")
    .argument("<file>", "an .npz file with mu and sigma, of divgen, pytorch-fid or clean-fid")
    .option("--json", "print it as JSON")
    .action(async (path: string, { json = false }: { readonly json?: boolean }) => {
      const file = await readStatisticsFile(path);
      const facts = factsOf(file);
      if (json) {
        output.result(JSON.stringify(facts, null, 2));
        return;
      }
      output.result(`samples     ${facts.count ?? "unknown (the file has no n)"}`);
      output.result(`features    ${facts.features}`);
      output.result(
        `from        ${file.origin === undefined ? "unknown (the file does not say)" : describeOrigin(file.origin)}`,
      );
      output.result(`mean        norm ${facts.meanNorm.toPrecision(6)}`);
      output.result(`covariance  trace ${facts.trace.toPrecision(6)}, rank at most ${facts.rankAtMost}`);
      if (facts.rows !== null) {
        const set = `${facts.setRows}, ${facts.setSha256?.slice(0, 12)}`;
        output.result(`shard       rows ${facts.rows.join(" to ")} of a set of ${set}`);
      }
      for (const warning of facts.warnings) output.result(`warning: ${warning}`);
    });
}

function factsOf({ path, statistics, origin, part, sha256 }: StatisticsFile) {
  const { mean, covariance, count } = statistics;
  const width = mean.length;
  let trace = 0;
  let asymmetry = 0;
  let negative = 0;
  for (let row = 0; row < width; row++) {
    const variance = covariance[row * width + row]!;
    trace += variance;
    if (variance < 0) negative++;
    for (let column = 0; column < row; column++) {
      const difference = covariance[row * width + column]! - covariance[column * width + row]!;
      asymmetry = Math.max(asymmetry, Math.abs(difference));
    }
  }
  const warnings: string[] = [];
  if (count <= width) warnings.push(`${count} samples of ${width} features: distances are biased upwards`);
  if (asymmetry > 1e-6 * Math.max(trace / width, Number.MIN_VALUE)) {
    warnings.push(`the covariance is not symmetric: entries differ by up to ${asymmetry.toExponential(2)}`);
  }
  if (negative > 0) warnings.push(`${negative} variances are negative`);
  return {
    file: path,
    sha256,
    count: Number.isFinite(count) ? count : null,
    features: width,
    ...origin,
    meanNorm: Math.hypot(...mean),
    trace,
    rankAtMost: Math.min(width, Number.isFinite(count) ? count - 1 : width),
    rows: part === undefined ? null : [part.shard.firstRow, part.shard.endRow],
    setRows: part?.setRows ?? null,
    setSha256: part?.setSha256 ?? null,
    warnings,
  };
}
