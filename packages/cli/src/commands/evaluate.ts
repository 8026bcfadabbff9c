import { withInterruption } from "@divgen/backend-node";
import { UsageError } from "@divgen/experiment";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { evaluateSamples } from "../evaluation/evaluate-samples.ts";
import { evaluationJson } from "../evaluation/evaluation-document.ts";
import { createEvaluationReport } from "../evaluation/evaluation-report.ts";
import { parseSettings, type SettingFlags } from "../evaluation/evaluation-settings.ts";
import { evaluationText } from "../evaluation/evaluation-text.ts";
import { evaluatedMetrics, parseMetrics } from "../evaluation/metric-choice.ts";
import { addExtractorOptions, type ExtractorFlags } from "../extraction/choose-extractor.ts";
import { makeFolder, writeOutputFile } from "../output-file.ts";

interface EvaluateFlags extends ExtractorFlags, SettingFlags {
  readonly generated: string;
  readonly reference?: string;
  readonly metrics?: string[];
  readonly json?: boolean;
  readonly output?: string;
  readonly report?: string;
  readonly cache: boolean;
}

/** @throws UsageError for paths that follow no option, such as a second folder or those that a shell's pattern gives. */
function assertNoArguments(args: readonly string[], { generated, reference }: EvaluateFlags): void {
  if (args.length === 0) return;
  const got = args.length === 1 ? `"${args[0]}"` : `${args.length} more, the first being "${args[0]}"`;
  const next =
    reference === undefined && args.length === 1
      ? ` The real samples are named by --reference: --generated ${generated} --reference ${args[0]}.`
      : " For many images name their folder.";
  throw new UsageError(
    `evaluate: expected every path behind its option, got ${got}. --generated and --reference take one folder or file each.${next}`,
  );
}

/** `divgen evaluate`: quality and diversity of samples against real ones. */
export function createEvaluateCommand(output: CommandOutput): Command {
  const command = new Command("evaluate")
    .description("measure generated samples against real ones")
    .requiredOption(
      "--generated <path>",
      "folder of images, .npy/.npz of uint8 images or float features, or statistics",
    )
    .option("--reference <path>", "the real samples, of the same kinds")
    .option("--metrics <names...>", `some of ${evaluatedMetrics.join(", ")}`)
    .option("--protocol <name>", "conventions of a paper, such as msgan-maps; the numbers then bear its name")
    .option("--neighbours <number>", "k of precision, recall, density and coverage (default: 5)")
    .option("--bins <number>", "bins of ndb and jsd (default: one for ten reference samples, at most 100)")
    .option("--whitening", "scale each dimension before binning")
    .option("--subsets <number>", "subsets of the kernel distance (default: 100)")
    .option("--subset-size <number>", "samples in each subset (default: 1000)")
    .option("--vendi-order <number>", "order of the Vendi score, or inf (default: 1)")
    .option("--splits <number>", "splits of the Inception score (default: 10)")
    .option("--pairs <number>", "random pairs in each folder for pairwise-distance")
    .option("--distance <name>", "of pairs of images: euclidean, perceptual, lpips-alex, lpips-vgg, lpips-squeeze")
    .option("--seed <number>", "of bins, subsets and pairs (default: 0)");
  return addExtractorOptions(command)
    .option("--json", "print the results as JSON, and nothing else")
    .option("--output <file>", "also write the JSON there, for divgen compare")
    .option("--report <folder>", "also write report.html and report.json there: plots, worst bins, provenance")
    .option("--no-cache", "neither use nor keep features in the cache")
    .allowExcessArguments()
    .action(async (flags: EvaluateFlags, { args }: Command) => {
      assertNoArguments(args, flags);
      const settings = parseSettings(flags);
      const metrics = flags.metrics === undefined ? undefined : parseMetrics(flags.metrics);
      const { result: outcome } = await withInterruption((signal) =>
        evaluateSamples({
          ...{ generated: flags.generated, settings, extractorFlags: flags, useCache: flags.cache, output, signal },
          ...(flags.reference === undefined ? {} : { reference: flags.reference }),
          ...(metrics === undefined ? {} : { metrics }),
        }),
      );
      const { evaluation } = outcome;
      // First of all: a path that cannot be written must not lose the numbers.
      output.result(flags.json === true ? evaluationJson(evaluation) : evaluationText(evaluation));
      if (flags.output !== undefined) await writeOutputFile(flags.output, `${evaluationJson(evaluation)}\n`);
      if (flags.report !== undefined) {
        makeFolder(flags.report);
        const { htmlPath } = await (await createEvaluationReport(outcome)).write(flags.report);
        output.note(`report: ${htmlPath}`);
      }
    });
}
