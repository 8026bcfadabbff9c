import { DataError, type FeatureExtractor, type ImageBatch } from "@divgen/core-tensors";
import { protocols } from "@divgen/metrics";
import type { Config } from "./config.ts";
import { type ImageData, imageSubset } from "./image-data.ts";
import { measureStackedDigits } from "./measure-images.ts";
import { createPhotographMeasure } from "./measure-photographs.ts";
import { openInception } from "./open-inception.ts";
import type { Task } from "./task.ts";

/**
 * How a run's generated images are measured: stacked digits by their modes, photographs by a Frechet distance, CIFAR-10
 * also by its classes.
 *
 * @param classifier - digit-classifier or tiny-efficientnet, borrowed as long as the measure is used.
 * @throws DataError if weights of the extractor are missing, or the reference lacks a class of CIFAR-10.
 */
export async function openImageMeasure(
  data: ImageData,
  { data: { set }, evaluation }: Config,
  classifier: FeatureExtractor,
): Promise<Pick<Task<ImageBatch>, "measure" | "dispose">> {
  if (set === "stacked-mnist") {
    return {
      measure: (source, key, count) => measureStackedDigits(source(key, count), classifier, count),
      dispose: () => undefined,
    };
  }
  const { order, classIds, classCount } = data;
  const ids = Int32Array.from(order.subarray(0, evaluation.reference), (index) => classIds[index]!);
  const found = new Set(ids).size;
  if (set === "cifar10" && found < classCount) {
    throw new DataError(
      `evaluation.reference: expected images of all ${classCount} classes of CIFAR-10, got ${found} classes in ${ids.length} images; give more: --set evaluation.reference=10000`,
    );
  }
  const { extractor: name = "tiny-efficientnet" } = evaluation;
  const own = name === "tiny-efficientnet" ? undefined : await openInception(name);
  const measure = createPhotographMeasure({
    ...(own ?? { extractor: classifier, isOriginal: false }),
    ...(set === "cifar10" ? { classes: { extractor: classifier, ids, count: classCount } } : {}),
    ...(set === "cifar10" ? { pinned: protocols["selfcond-cifar10"] } : {}),
    reference: () => imageSubset(data, ids.length),
    protocol: `self-conditioned-${set}`,
  });
  return {
    measure: (source, key, count) => measure(() => source(key, count), count),
    dispose: () => own?.extractor.dispose(),
  };
}
