import type { FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import type { Report } from "@divgen/experiment";
import { createDigitClassifier, createTinyEfficientNet } from "@divgen/feature-extractors";
import type { RandomKey } from "@divgen/random";
import { sum } from "@tensorflow/tfjs-core";
import { addClusterPictures } from "./cluster-pictures.ts";
import type { Config } from "./config.ts";
import { createImageBatches, imageSubset, openImageData } from "./image-data.ts";
import { openImageMeasure } from "./image-measure.ts";
import { imageNetworks } from "./image-networks.ts";
import { addSamples, samplesPng } from "./image-pictures.ts";
import { stackedDigitFeatures, stackedModes } from "./measure-images.ts";
import { addStackedHistograms } from "./mode-histogram.ts";
import { saveImages, saveNumberedImages } from "./save-samples.ts";
import type { ShownRun, Task } from "./task.ts";

/**
 * Stacked digits and CIFAR-10 with the release's DCGANs, other images with GAN_stability's ResNets.
 *
 * @throws DataError if the data cannot be used.
 */
export async function openImageTask(key: RandomKey, config: Config): Promise<Task<ImageBatch>> {
  const data = await openImageData(key, config);
  const isStacked = config.data.set === "stacked-mnist";
  const extractor: FeatureExtractor = isStacked ? createDigitClassifier() : createTinyEfficientNet();
  const measuring = await openImageMeasure(data, config, extractor).catch((error: unknown) => {
    extractor.dispose();
    throw error;
  });
  const { subset } = config.clustering;
  /** Of the samples that the numbers are of. */
  const addModes = async (report: Report, { source, key: sampleKey }: ShownRun<ImageBatch>): Promise<void> => {
    const { samples: count } = config.evaluation;
    const generated: number[] = [];
    for (const { samples } of source(sampleKey, count)) generated.push(...(await stackedModes(samples, extractor)));
    const real = Array.from(data.order.subarray(0, count), (index) => data.classIds[index]!);
    addStackedHistograms(report, { generated, real }, extractor.name);
  };
  return {
    classCount: data.classCount,
    protocol: `self-conditioned-${config.data.set}`,
    createBatches: (batchKey) => createImageBatches(batchKey, data, config),
    subset: () => imageSubset(data, subset),
    subsetClasses: Int32Array.from(data.order.subarray(0, subset), (index) => data.classIds[index]!),
    ...imageNetworks(config),
    selectFeatures: ({ features }) => {
      const last = features.at(-1)!;
      // [batch, height, width, channels]: summed over positions, or flattened by the caller.
      return config.clustering.features === "summed" ? sum(last, [1, 2]) : last;
    },
    classifierFeatures: (samples) =>
      isStacked ? stackedDigitFeatures(samples, extractor, "pooled") : extractor.extract(samples, ["pooled"])[0]!,
    drawSamples: (run) => samplesPng(run),
    measure: measuring.measure,
    addPictures: async (report, run) => {
      await addSamples(report, run);
      await addClusterPictures(report, run, data, config);
      if (isStacked) await addModes(report, run);
    },
    saveSamples: saveImages,
    saveAll: saveNumberedImages,
    dispose: () => {
      measuring.dispose();
      extractor.dispose();
    },
  };
}
