import type { FeatureExtractor } from "@divgen/core-tensors";
import type { Output } from "@divgen/experiment";
import { describeMetric, type MetricResult } from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import { negativeElbo } from "@divgen/training";
import { tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { type DigitData, pixelsOf } from "./data.ts";
import { type DigitGenerator, elboOptions } from "./digit-generator.ts";
import { drawMore, drawSheets, type Sheet } from "./draw-sheets.ts";
import { drawFeatureSheets, featureMapOf } from "./feature-space-sheets.ts";
import { judgeSheets } from "./judge-sheets.ts";
import { differenceOf, type MeanAndInterval, meanAndInterval } from "./mean-and-interval.ts";

/** What one way of drawing gives, over all its sheets. */
export interface DrawComparison {
  readonly sampler: string;
  /** Classes among the images of a sheet. */
  readonly distinct: MeanAndInterval;
  /** Of the classifier's pooled features, between images of a sheet. */
  readonly meanDistance: MeanAndInterval;
  /** Of latents to N(0, I), exact. */
  readonly squaredDistance: MeanAndInterval;
  /** Distinct classes beyond those of independent draws, with the 95 % interval; absent for independent draws. */
  readonly gain?: Pick<MeanAndInterval, "mean" | "halfInterval">;
}

/** What came out. */
export interface Evaluation {
  /** Sheets of `together` images. */
  readonly sheets: readonly DrawComparison[];
  /** Sheets of twice as many: an independent one, and as many more. */
  readonly more: readonly DrawComparison[];
  /** Mean evidence lower bound of the test images in nats, of one draw each; absent for a GAN. */
  readonly testElbo?: number;
  readonly metrics: readonly MetricResult[];
}

/** Counts repetitions over many draws, for each way of drawing. */
export async function evaluate(
  generator: DigitGenerator,
  classifier: FeatureExtractor,
  data: DigitData,
  config: Config,
  key: RandomKey,
  output: Output,
): Promise<Evaluation> {
  const { together, draws, samplers, featureSpaceDraws } = config.evaluation;
  const { latentSize } = generator;
  const compare = async (sampler: string, sheets: readonly Sheet[]): Promise<DrawComparison> => {
    const judged = await judgeSheets(generator, classifier, sheets);
    const over = (name: "distinct" | "meanDistance" | "squaredDistance") =>
      meanAndInterval(judged.map((sheet) => sheet[name]));
    return {
      sampler,
      distinct: over("distinct"),
      meanDistance: over("meanDistance"),
      squaredDistance: over("squaredDistance"),
    };
  };

  const sheets: DrawComparison[] = [];
  for (const sampler of samplers) {
    output.note({ kind: "drawing", sampler, draws }, `drawing ${draws} x ${together} by ${sampler} ...`);
    sheets.push(await compare(sampler, drawSheets(key.split(sampler), sampler, { latentSize, together, draws })));
  }
  if (featureSpaceDraws > 0) {
    const map = featureMapOf(generator, classifier, "pooled");
    const options = { latentSize, together, draws: featureSpaceDraws };
    const report = (draw: number): void => {
      if (draw % 10 === 0)
        output.note({ kind: "drawing", draw }, `feature space: draw ${draw} of ${featureSpaceDraws}`);
    };
    sheets.push(await compare("feature-space", await drawFeatureSheets(key.split("features"), map, options, report)));
  }
  const first = drawSheets(key.split("first"), "iid", { latentSize, together, draws });
  const more: DrawComparison[] = [];
  for (const sampler of ["iid", "exact"]) {
    more.push(await compare(sampler, drawMore(key.split("more").split(sampler), sampler, first)));
  }

  const testElbo = generator.vae === undefined ? {} : { testElbo: elboOf(generator, data, config, key.split("elbo")) };
  const compared = withGains(sheets);
  const moreCompared = withGains(more);
  return {
    sheets: compared,
    more: moreCompared,
    ...testElbo,
    metrics: [...metricsOf(compared, classifier, config, ""), ...metricsOf(moreCompared, classifier, config, "more-")],
  };
}

function withGains(comparisons: readonly DrawComparison[]): DrawComparison[] {
  const independent = comparisons.find(({ sampler }) => sampler === "iid");
  if (independent === undefined) return [...comparisons];
  return comparisons.map((comparison) =>
    comparison === independent
      ? comparison
      : { ...comparison, gain: differenceOf(comparison.distinct, independent.distinct) },
  );
}

/** Mean evidence lower bound of the test images, one draw of the latents each. */
function elboOf({ vae }: DigitGenerator, { test }: DigitData, config: Config, key: RandomKey): number {
  const count = Math.min(test.size, config.data.testCount);
  let sum = 0;
  for (let start = 0; start < count; start += 500) {
    const size = Math.min(500, count - start);
    const indices = Array.from({ length: size }, (_, index) => start + index);
    const loss = tidy(() => {
      const pixels = pixelsOf(test, indices, config.model.likelihood);
      return negativeElbo(vae!, pixels, key.fold(start), elboOptions(config), "inference").total.dataSync()[0]!;
    });
    sum -= loss * size;
  }
  return sum / count;
}

function metricsOf(
  comparisons: readonly DrawComparison[],
  { name, weightHash, resizeRule }: FeatureExtractor,
  { seed, evaluation }: Config,
  prefix: string,
): MetricResult[] {
  const provenance = {
    ...{ extractor: name, weightHash, resizeRule, seed },
    protocol: `${prefix}distinct classes among ${evaluation.together}`,
  };
  return comparisons.map(({ sampler, distinct, squaredDistance }) => {
    const { mean, standardDeviation, halfInterval, count } = distinct;
    const details = { sampler, standardDeviation, halfInterval, squaredDistance: squaredDistance.mean };
    return describeMetric("modes", mean, count, provenance, { details });
  });
}
