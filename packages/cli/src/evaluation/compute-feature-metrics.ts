import { DataError } from "@divgen/core-tensors";
import type { MetricName, MetricResult } from "@divgen/metrics";
import type { CommandOutput } from "../command-output.ts";
import { type BinEvidence, binResults } from "./bin-evidence.ts";
import {
  frechetResults,
  inceptionResults,
  kernelResults,
  neighbourResults,
  vendiResults,
} from "./distribution-metrics.ts";
import type { FeatureSide } from "./feature-side.ts";
import { type MetricNeeds, needsOf } from "./metric-choice.ts";
import type { MetricInputs } from "./metric-inputs.ts";
import { pairwiseResults } from "./sample-pairs.ts";

type FeatureGroup = Exclude<MetricNeeds["group"], "paired-images">;

const COMPUTATIONS: Readonly<Record<Exclude<FeatureGroup, "bins">, (inputs: MetricInputs) => MetricResult[]>> = {
  frechet: frechetResults,
  kernel: kernelResults,
  neighbours: neighbourResults,
  vendi: vendiResults,
  pairwise: pairwiseResults,
  inception: inceptionResults,
};

/**
 * Metrics of features, each group of them computed once.
 *
 * @returns at least the metrics asked for, in no particular order.
 * @throws DataError naming the metric that the samples do not allow, and why.
 */
export function computeFeatureMetrics(
  metrics: readonly MetricName[],
  inputs: MetricInputs,
  output: CommandOutput,
): { readonly results: MetricResult[]; readonly bins?: BinEvidence } {
  assertOneWidth(inputs);
  const groups = [...new Set(metrics.map((metric) => needsOf(metric).group as FeatureGroup))];
  const results: MetricResult[] = [];
  let bins: BinEvidence | undefined;
  for (const group of groups) {
    const names = metrics.filter((metric) => needsOf(metric).group === group).join(", ");
    output.status(`computing ${names} ...`);
    try {
      if (group === "bins") {
        const { results: ofBins, evidence } = binResults(inputs);
        results.push(...ofBins);
        bins = evidence;
      } else {
        if (group === "neighbours") assertNeighbours(inputs);
        results.push(...COMPUTATIONS[group](inputs));
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new DataError(`${names}: ${error.message}`, { cause: error });
    }
  }
  return bins === undefined ? { results } : { results, bins };
}

function assertOneWidth({ generated, reference }: MetricInputs): void {
  if (reference === undefined) return;
  const widthOf = ({ features, statistics }: FeatureSide): number | undefined =>
    features?.columns ?? statistics?.mean.length;
  const [first, second] = [widthOf(generated), widthOf(reference)];
  if (first !== second) {
    throw new DataError(
      `expected features of one width, got ${first} for generated and ${second} for reference samples; take both from one extractor`,
    );
  }
}

function assertNeighbours({ generated, reference, settings: { neighbours } }: MetricInputs): void {
  const least = Math.min(generated.count, reference!.count);
  if (least > neighbours) return;
  throw new RangeError(
    `${neighbours} neighbours need at least ${neighbours + 1} samples on each side, got ${least}; lower --neighbours`,
  );
}
