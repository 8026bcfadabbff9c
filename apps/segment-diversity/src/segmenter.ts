import type { ImageBatch } from "@divgen/core-tensors";
import { type LayoutSplits, toImageBatch } from "@divgen/datasets";
import { isRunDirectory, type Output, startRun, trainStartedRun } from "@divgen/experiment";
import { labelMapToIndices } from "@divgen/image-files";
import { medianFrequencyWeights } from "@divgen/losses";
import {
  type ConfusionMatrix,
  confusionMatrix,
  meanImageScores,
  mergeConfusion,
  segmentationScores,
} from "@divgen/metrics";
import {
  createPspNet,
  createSegNet,
  paperPspNet,
  paperSegNet,
  type SegmentationNetwork,
  smallPspNet,
  smallSegNet,
} from "@divgen/models-segmentation";
import type { RandomKey } from "@divgen/random";
import { createAdam, createSegmentationObjective, linearDecaySchedule } from "@divgen/training";
import { argMax, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { createBatches } from "./data.ts";

/** Where and how the segmentation network is trained. */
export interface SegmenterContext {
  readonly config: Config;
  readonly data: LayoutSplits;
  readonly key: RandomKey;
  readonly engine: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

function createNetwork(key: RandomKey, { segmenter }: Config, classCount: number): SegmentationNetwork {
  if (segmenter.network === "pspnet") {
    return createPspNet(key, { classCount, ...(segmenter.size === "small" ? smallPspNet : paperPspNet) });
  }
  return createSegNet(key, { classCount, stages: segmenter.size === "small" ? smallSegNet : paperSegNet });
}

/**
 * Trains a segmentation network on the training photographs, as a run of its own in `folder`; one that has been trained
 * there is taken as it is. The caller disposes it.
 */
export async function trainSegmenter(folder: string, context: SegmenterContext): Promise<SegmentationNetwork> {
  const { config, data, key, engine, output, signal } = context;
  const { epochs, batchSize, learningRate, classWeights } = config.segmenter;
  const network = createNetwork(key.split("network"), config, data.palette.classes.length);
  const decayEpochs = Math.floor(epochs / 2);
  const objective = createSegmentationObjective({
    ...{ network, learningRate, auxiliaryWeight: 0.4 },
    optimizer: createAdam({ learningRate, firstMomentDecay: 0.9, secondMomentDecay: 0.999 }),
    learningRateSchedule: linearDecaySchedule({ constantEpochs: epochs - decayEpochs, decayEpochs }),
    ...(classWeights === "none" ? {} : { classWeights: await balancedWeights(data) }),
  });
  try {
    const place = isRunDirectory(folder) ? { resumePath: folder } : { runPath: folder };
    const { segmenter, seed, data: dataConfig } = config;
    const command = {
      ...({ name: "train", preset: "segmenter", options: {}, engine, dryRun: false, json: false } as const),
      config: { seed, data: dataConfig, segmenter },
      ...place,
    };
    const run = await startRun({ name: "segment-diversity-segmenter" }, command, output);
    try {
      const batches = createBatches(key.split("batches"), data.train, data.palette, config, batchSize);
      const steps = epochs * batches.stepsPerEpoch;
      await trainStartedRun(run, {
        ...{ objective, batches, engine, output, signal, steps, key: key.split("training") },
        ...{ reportEvery: 20, checkpointEvery: 500, samplesEvery: steps },
      });
    } finally {
      run.directory.close();
    }
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    objective.dispose();
  }
}

async function balancedWeights({ train, palette }: LayoutSplits): Promise<number[]> {
  const pixels = new Float64Array(palette.classes.length);
  const pixelsOfImages = new Float64Array(palette.classes.length);
  for (let index = 0; index < train.size; index++) {
    const { labels } = await train.load(index);
    const own = new Float64Array(palette.classes.length);
    for (const id of labelMapToIndices(labels, palette)) if (id < own.length) own[id]!++;
    for (const [id, count] of own.entries()) {
      pixels[id]! += count;
      if (count > 0) pixelsOfImages[id]! += labels.classIds.length;
    }
  }
  return medianFrequencyWeights(pixels, pixelsOfImages);
}

/** Confusion of each image's predicted layout with the true one. */
export async function scoreImages(
  network: SegmentationNetwork,
  images: ImageBatch,
  truth: Uint8Array,
): Promise<ConfusionMatrix[]> {
  const predicted = tidy(() => argMax(network.segment(images, { mode: "inference" }).logits, 3));
  const classes = await predicted.data();
  predicted.dispose();
  return Array.from({ length: images.shape[0] }, (_, index) =>
    confusionMatrix(truth, classes.subarray(index * truth.length, (index + 1) * truth.length), network.classCount, {
      ignoredLabel: 255,
    }),
  );
}

/** Confusion of the real test photographs: the ceiling of what generated images can reach. */
export async function scorePhotographs(
  network: SegmentationNetwork,
  { test, palette }: LayoutSplits,
  count: number,
): Promise<ConfusionMatrix[]> {
  const matrices: ConfusionMatrix[] = [];
  for (let index = 0; index < Math.min(count, test.size); index++) {
    const { target, labels } = await test.load(index);
    const photograph = toImageBatch([target]);
    matrices.push(...(await scoreImages(network, photograph, labelMapToIndices(labels, palette))));
    photograph.dispose();
  }
  return matrices;
}

/** Scores of many images: of all pixels together, and the mean over images. */
export function summarizeScores(matrices: readonly ConfusionMatrix[]) {
  const all = mergeConfusion(matrices);
  const { pixelAccuracy, classAccuracy, meanIou } = segmentationScores(all, "drop");
  const perImage = meanImageScores(matrices);
  return {
    ...{ pixelAccuracy, classAccuracy, meanIou },
    details: {
      meanIouAbsentZero: segmentationScores(all, "zero").meanIou,
      perImageAccuracy: perImage.pixelAccuracy,
      perImageIou: perImage.meanIou,
    },
  };
}
