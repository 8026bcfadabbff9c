import { type Dataset, type FeatureExtractor, type ImageBatch, toUint8 } from "@divgen/core-tensors";
import { type LabelledImage, toImageBatch } from "@divgen/datasets";
import {
  type BinComparison,
  type BinOptions,
  compareBins,
  countInBins,
  createBins,
  describeMetric,
  frechetDistanceOfFeatures,
  type MetricResult,
} from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import { extractFeatureRows, type FeatureRows } from "@divgen/training";
import { joinRows } from "./join-rows.ts";

/** How a generator of images from classes is measured. */
export interface ClassEvaluation {
  /** The reference images of each class, by class id. */
  readonly reference: readonly Dataset<LabelledImage>[];
  /** What the Frechet distance is measured by: features "pooled". */
  readonly extractor: FeatureExtractor;
  /** Features of all reference images where they are there already, such as from another trial. */
  readonly referenceFeatures?: FeatureRows;
  readonly samplesPerClass: number;
  /** Made for each class by itself. */
  readonly bins: Pick<BinOptions, "binCount" | "whitening">;
  /** Name of the protocol; anything that departs from a pinned one says so in it. */
  readonly protocol: string;
  readonly seed: number;
  /** The same for all generators to be compared: bins and latents hang on it. */
  readonly key: RandomKey;
  /**
   * Makes images of a class.
   *
   * @param key - this batch's own.
   * @returns [count, height, width, channels], owned by the caller.
   */
  generate(classId: number, count: number, key: RandomKey): ImageBatch;
  /** Is shown the shares of reference and generated images in each bin of a class. */
  observeBins?(classId: number, comparison: BinComparison): void;
}

/** Images made or read at once. */
const BATCH = 50;

/**
 * Measures a generator as MSGAN does for CIFAR-10: as many images of each class; Frechet distance of pooled features over
 * all classes together; NDB and JSD of pixels for each class against bins of its reference images, here as their means
 * over classes. Source: Mao et al. 2019, section 4.2 and appendix B.
 *
 * @returns frechet-distance, ndb and jsd with their provenance.
 */
export async function evaluateClassGenerator(evaluation: ClassEvaluation): Promise<MetricResult[]> {
  const { reference, extractor, samplesPerClass, key, protocol, seed } = evaluation;
  const realFeatures = evaluation.referenceFeatures ?? (await referenceFeatureRows(reference, extractor));
  const pooledRows: Float32Array[] = [];
  const comparisons: BinComparison[] = [];
  for (const [classId, images] of reference.entries()) {
    const classKey = key.split("classes").fold(classId);
    const real = await pixelRows(images);
    const bins = createBins(real, { key: classKey.split("bins"), ...evaluation.bins });
    const counts = new Int32Array(bins.counts.length);
    for (let start = 0; start < samplesPerClass; start += BATCH) {
      const count = Math.min(BATCH, samplesPerClass - start);
      const generated = evaluation.generate(classId, count, classKey.split("samples").fold(start));
      const values = Float32Array.from(await toUint8(generated));
      const found = countInBins(bins, { values, rows: count, columns: values.length / count });
      for (const [bin, own] of found.entries()) counts[bin]! += own;
      const [features] = extractor.extract(generated, ["pooled"]);
      generated.dispose();
      pooledRows.push((await features!.data()) as Float32Array);
      features!.dispose();
    }
    const comparison = compareBins(bins.counts, counts);
    comparisons.push(comparison);
    evaluation.observeBins?.(classId, comparison);
  }

  const count = samplesPerClass * reference.length;
  const frechet = frechetDistanceOfFeatures(realFeatures, joinRows(pooledRows, count));
  const meanOf = (metric: "ndb" | "jsd") =>
    comparisons.reduce((sum, comparison) => sum + comparison[metric], 0) / comparisons.length;
  const { name, weightHash, resizeRule } = extractor;
  const deep = { extractor: name, weightHash, resizeRule, layer: "pooled", protocol, seed };
  const pixel = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol, seed };
  const referenceCount = realFeatures.rows;
  const details = { bins: evaluation.bins.binCount, classes: reference.length, averaged: "mean over classes" };
  return [
    describeMetric("frechet-distance", frechet.value, count, deep, { referenceCount, warnings: frechet.warnings }),
    describeMetric("ndb", meanOf("ndb"), count, pixel, { referenceCount, details }),
    describeMetric("jsd", meanOf("jsd"), count, pixel, { referenceCount, details }),
  ];
}

/** Pooled features of the reference images of all classes, class by class. */
export function referenceFeatureRows(
  reference: readonly Dataset<LabelledImage>[],
  extractor: FeatureExtractor,
): Promise<FeatureRows> {
  async function* batches(): AsyncGenerator<ImageBatch> {
    for (const images of reference) {
      for (let start = 0; start < images.size; start += BATCH) {
        const indices = Array.from({ length: Math.min(BATCH, images.size - start) }, (_, offset) => start + offset);
        const examples = await Promise.all(indices.map((index) => images.load(index)));
        yield toImageBatch(examples.map(({ image }) => image));
      }
    }
  }
  return extractFeatureRows(extractor, "pooled", batches());
}

/** Images as rows of bytes. */
async function pixelRows(images: Dataset<LabelledImage>): Promise<FeatureRows> {
  const rows: Float32Array[] = [];
  for (let index = 0; index < images.size; index++) {
    rows.push(Float32Array.from((await images.load(index)).image.pixels));
  }
  return joinRows(rows, images.size);
}
