import type { FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import { addPictures, pictureRowsPng, toPixelImages } from "@divgen/evaluation";
import type { Report } from "@divgen/experiment";
import { createDigitClassifier, createTinyEfficientNet } from "@divgen/feature-extractors";
import type { PixelImage } from "@divgen/image-files";
import type { RandomKey } from "@divgen/random";
import { sum } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { createImageBatches, type ImageData, imageSubset, openImageData } from "./image-data.ts";
import { imageNetworks } from "./image-networks.ts";
import { measureFrechet, measureStackedDigits, stackedDigitFeatures } from "./measure-images.ts";
import { saveImages } from "./save-samples.ts";
import type { ShownRun, Task } from "./task.ts";

/** Clusters of a report, and images of each beside each other. */
const SHOWN_CLUSTERS = 10;
const SHOWN_IMAGES = 6;

/**
 * Stacked digits and CIFAR-10 with the release's DCGANs, other images with GAN_stability's ResNets.
 *
 * @throws DataError if the data cannot be used.
 */
export async function openImageTask(key: RandomKey, config: Config): Promise<Task<ImageBatch>> {
  const data = await openImageData(key, config);
  const isStacked = config.data.set === "stacked-mnist";
  const extractor: FeatureExtractor = isStacked ? createDigitClassifier() : createTinyEfficientNet();
  const { subset } = config.clustering;
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
    measure: (source, measureKey, count) =>
      isStacked
        ? measureStackedDigits(source(measureKey, count), extractor, count)
        : measureFrechet(source(measureKey, count), extractor, count, {
            reference: imageSubset(data, Math.min(data.order.length, config.evaluation.reference)),
            protocol: `self-conditioned-${config.data.set}`,
          }),
    addPictures: (report, run) => addImages(report, run, data, config),
    saveSamples: saveImages,
    dispose: () => extractor.dispose(),
  };
}

async function imagesOf(batch: ImageBatch): Promise<PixelImage[]> {
  try {
    return await toPixelImages(batch);
  } finally {
    batch.dispose();
  }
}

/** Eight rows of eight. */
async function sampleGrid({ source, key }: ShownRun<ImageBatch>): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (const { samples } of source(key, 64)) {
    const images = await imagesOf(samples);
    for (let start = 0; start < images.length; start += 8) rows.push(images.slice(start, start + 8));
  }
  return rows;
}

async function samplesPng(run: ShownRun<ImageBatch>): Promise<Uint8Array> {
  return pictureRowsPng(await sampleGrid(run));
}

/** Samples; and for the largest clusters real images (left) and generated ones (right). */
async function addImages(
  report: Report,
  run: ShownRun<ImageBatch>,
  { images, order }: ImageData,
  config: Config,
): Promise<void> {
  await addPictures(report, await sampleGrid(run), { caption: "Generated images, classes drawn by their masses." });
  const { subsetLabels, ofClass, key } = run;
  if (subsetLabels === undefined || ofClass === undefined) return;
  const members = Array.from({ length: config.clustering.clusters }, (): number[] => []);
  for (const [place, label] of subsetLabels.entries()) members[label]!.push(order[place]!);
  const largest = [...members.keys()]
    .filter((cluster) => members[cluster]!.length > 0)
    .sort((a, b) => members[b]!.length - members[a]!.length)
    .slice(0, SHOWN_CLUSTERS);
  const rows: PixelImage[][] = [];
  for (const cluster of largest) {
    const shown = members[cluster]!.slice(0, SHOWN_IMAGES);
    const real = await Promise.all(shown.map(async (index) => (await images.load(index)).image));
    const { width, height, channels } = real[0]!;
    const blank = { width, height, channels, pixels: new Uint8Array(width * height * channels).fill(255) };
    while (real.length <= SHOWN_IMAGES) real.push(blank);
    rows.push([...real, ...(await imagesOf(ofClass(cluster, SHOWN_IMAGES, key.split("clusters").fold(cluster))))]);
  }
  await addPictures(report, rows, {
    caption: `The ${rows.length} largest clusters, a row each: real images left, generated ones right.`,
    rowTitles: largest.map((cluster) => `${cluster} (${members[cluster]!.length.toLocaleString("en")})`),
  });
}
