import { nativeLinearAlgebra } from "@divgen/backend-node";
import type { RowMatrix } from "@divgen/clustering";
import type { FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import type { TitledMetricResult } from "@divgen/evaluation";
import {
  countModes,
  describeMetric,
  type EvaluationProtocol,
  frechetDistanceOfFeatures,
  inceptionScore,
  type MetricExtras,
  type MetricName,
  metricTitle,
  plainLinearAlgebra,
} from "@divgen/metrics";
import { extractLayerRows, type GeneratedSamples } from "@divgen/training";
import { type ClassDiscriminant, fitClassDiscriminant, likeliestClasses } from "./class-discriminant.ts";
import type { NamedExtractor } from "./open-inception.ts";

/** What photographs are measured by. All extractors are borrowed as long as the measure is used. */
export interface PhotographMeasuring extends NamedExtractor {
  /** True classes, which are the modes; absent where nothing tells them. */
  readonly classes?: {
    /** Whose pooled features tell the classes apart; may be the extractor itself. */
    readonly extractor: FeatureExtractor;
    /** Of the reference's images. */
    readonly ids: ArrayLike<number>;
    readonly count: number;
  };
  /** Training images in batches, owned by the caller, the same at every call. */
  reference(): AsyncIterable<ImageBatch>;
  readonly protocol: string;
  /** A protocol whose name numbers bear that were made by all it says, original weights included. */
  readonly pinned?: EvaluationProtocol;
}

type Generate = () => Iterable<GeneratedSamples<ImageBatch>>;

/** Where samples are split for the exp(KL) score, as in its source. */
const SPLITS = 10;

/**
 * A measure of generated photographs: Frechet distance of pooled features to training images; exp(KL) score of the
 * extractor's logits, or, where it has none, of a linear discriminant between the true classes, which also gives modes and
 * reverse KL (nats) over these. The reference is looked at once, when first measured.
 */
export function createPhotographMeasure(
  measuring: PhotographMeasuring,
): (generate: Generate, count: number) => Promise<readonly TitledMetricResult[]> {
  const { extractor, isOriginal, classes, protocol, pinned } = measuring;
  // The original Inception score reads logits without their bias.
  const logitLayer = ["logits-unbiased", "logits"].find((layer) => extractor.layers.includes(layer));
  const layers = ["pooled", ...(logitLayer === undefined ? [] : [logitLayer])];
  let reference: Promise<Reference> | undefined;

  return async (generate, count) => {
    reference ??= lookAtReference(measuring);
    const { real, discriminant } = await reference;
    const [fake, logits] = await extractLayerRows(extractor, layers, imagesIn(generate()));
    const { value, warnings } = frechetDistanceOfFeatures(real, fake!, nativeLinearAlgebra() ?? plainLinearAlgebra);
    const isPinned =
      isOriginal &&
      extractor.resizeRule === pinned?.resizeRule &&
      [count, real.rows].every((rows) => rows === pinned.sampleCount);
    const ofExtractor = (metric: MetricName, result: number, layer: string, extras: MetricExtras) => ({
      ...describeMetric(
        metric,
        result,
        count,
        { ...originOf(extractor), layer, protocol: isPinned ? pinned.name : protocol },
        extras,
      ),
      ...(isOriginal ? { title: titleOf(metric, extractor) } : {}),
    });
    const results: TitledMetricResult[] = [
      ofExtractor("frechet-distance", value, "pooled", { referenceCount: real.rows, warnings }),
    ];
    if (logits !== undefined) results.push(ofExtractor("inception-score", ...scoreOf(logits, logitLayer!)));
    if (discriminant === undefined) return results;

    const rows =
      classes!.extractor === extractor
        ? fake!
        : (await extractLayerRows(classes!.extractor, ["pooled"], imagesIn(generate())))[0]!;
    const classLogits = discriminant.logits(rows);
    const counted = countModes(likeliestClasses(classLogits), classes!.count);
    const classifier = {
      classifier: "linear discriminant of training images",
      fitted: real.rows,
      accuracyOnThem: discriminant.accuracy,
    };
    const ofClasses = (metric: MetricName, result: number, { details }: MetricExtras) =>
      describeMetric(
        metric,
        result,
        count,
        { ...originOf(classes!.extractor), layer: "pooled", protocol },
        { details: { ...details, ...classifier } },
      );
    if (logits === undefined) {
      const [score, , extras] = scoreOf(classLogits, "pooled");
      results.push(ofClasses("inception-score", score, extras));
    }
    results.push(
      ofClasses("modes", counted.modes, { details: { of: classes!.count } }),
      ofClasses("reverse-kl", counted.reverseKl, { details: { base: "e" } }),
    );
    return results;
  };
}

/** What of the training images stays. */
interface Reference {
  readonly real: RowMatrix;
  readonly discriminant: ClassDiscriminant | undefined;
}

async function lookAtReference({ extractor, classes, reference }: PhotographMeasuring): Promise<Reference> {
  const [real] = await extractLayerRows(extractor, ["pooled"], reference());
  if (classes === undefined) return { real: real!, discriminant: undefined };
  const rows =
    classes.extractor === extractor ? real! : (await extractLayerRows(classes.extractor, ["pooled"], reference()))[0]!;
  return { real: real!, discriminant: fitClassDiscriminant(rows, classes.ids, classes.count) };
}

function scoreOf(logits: RowMatrix, layer: string): [score: number, layer: string, extras: MetricExtras] {
  const { value, standardDeviation } = inceptionScore(logits, { splits: SPLITS });
  return [value, layer, { details: { splits: SPLITS, standardDeviation } }];
}

function originOf({ name, weightHash, resizeRule }: FeatureExtractor) {
  return { extractor: name, weightHash, resizeRule };
}

function titleOf(metric: MetricName, { name, weightHash }: FeatureExtractor): string {
  return metricTitle({ metric, extractor: name, weightHash }, { [name]: weightHash });
}

function* imagesIn(batches: Iterable<GeneratedSamples<ImageBatch>>): Generator<ImageBatch> {
  for (const { samples } of batches) yield samples;
}
