import type { PointMixture } from "@divgen/datasets";
import { addPictures } from "@divgen/evaluation";
import type { Report } from "@divgen/experiment";
import { encodePng } from "@divgen/image-files";
import { torchDefaultInitializer } from "@divgen/layers";
import {
  createPointDiscriminator,
  createPointGenerator,
  createPointGeneratorMixture,
  createPointTrunk,
} from "@divgen/models-points";
import type { RandomKey } from "@divgen/random";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { type Config, packSizeOf } from "./config.ts";
import { collectPoints, measurePoints } from "./evaluate.ts";
import { createPointBatches, openPointData, type PointData, subsetOf } from "./point-data.ts";
import { saveAllPoints, savePoints } from "./save-samples.ts";
import { scatterPicture } from "./scatter-picture.ts";
import type { ShownRun, Task } from "./task.ts";

/** Points of a scatter plot that is saved on the way, and of one in a report. */
const SHOWN_ON_THE_WAY = 2500;
const SHOWN = 5000;

/** Rings and grids, with PacGAN's networks. */
export function createPointTask(key: RandomKey, config: Config): Task<Tensor2D> {
  const data = openPointData(key, config);
  const { mixture } = data;
  const { latentSize, embeddingSize, generatorWidth, discriminatorWidth } = config.model;
  const generatorShape = {
    ...{ latentSize, pointSize: 2, hiddenLayers: 4, hiddenSize: generatorWidth, hiddenBias: true },
    ...{ batchNormMomentum: 0.1, initializer: torchDefaultInitializer },
  };
  const trunkShape = {
    ...{ pointSize: 2, packSize: packSizeOf(config.method), hiddenLayers: 3, hiddenSize: discriminatorWidth },
    ...{ pieces: 5, initializer: torchDefaultInitializer },
  };
  return {
    classCount: config.data.modes,
    protocol: "self-conditioned-2d",
    createBatches: (batchKey) => createPointBatches(batchKey, data, config),
    subset: () => subsetOf(data, config.clustering.subset),
    subsetClasses: data.train.modes.subarray(0, config.clustering.subset),
    createGenerator: (networkKey, classCount) =>
      createPointGenerator(networkKey, { ...generatorShape, embeddingSize, classCount }),
    createDiscriminator: (networkKey, classCount) =>
      createPointDiscriminator(networkKey, { ...trunkShape, classCount }),
    createTrunk: (networkKey) => createPointTrunk(networkKey, { ...trunkShape, packSize: 1 }),
    createGeneratorMixture: (networkKey, generatorCount) =>
      createPointGeneratorMixture(networkKey, { ...generatorShape, generatorCount }),
    classifierFeatures: () => {
      throw new RangeError("classifier: expected images, got points, which none is trained for");
    },
    selectFeatures: ({ features }) => features.at(-1)!,
    drawSamples: async ({ source, key: drawKey }) => {
      const { points, clusterIds } = await collectPoints(source, drawKey, SHOWN_ON_THE_WAY);
      const picture = scatterPicture(points, mixture, clusterIds);
      return encodePng(picture.pixels, picture);
    },
    measure: async (source, measureKey, count) =>
      measurePoints(await collectPoints(source, measureKey, count), mixture).metrics,
    addPictures: async (report, run) => {
      await addScatter(report, run, data, config);
      const all = await collectPoints(run.source, run.key, config.evaluation.samples);
      addModeHistogram(report, measurePoints(all, mixture).nearestCounts, mixture);
    },
    saveSamples: (folder, rows) => savePoints(folder, rows, mixture),
    saveAll: saveAllPoints,
    dispose: () => undefined,
  };
}

async function addScatter(
  report: Report,
  { source, key, subsetConditions }: ShownRun<Tensor2D>,
  { train, mixture }: PointData,
  config: Config,
): Promise<void> {
  const count = Math.min(SHOWN, subsetConditions?.length ?? config.data.trainCount);
  const real = scatterPicture(train.points.subarray(0, 2 * count), mixture, subsetConditions);
  const { points, clusterIds } = await collectPoints(source, key, SHOWN);
  const isColored = subsetConditions !== undefined || config.method === "mgan";
  const conditions = config.method === "class-conditional" ? "mode" : "cluster";
  const fake = scatterPicture(points, mixture, isColored ? clusterIds : undefined);
  await addPictures(report, [[real, fake]], {
    caption:
      subsetConditions === undefined
        ? "Real points and generated ones; grey rings mark the modes."
        : `Real points in the color of their ${conditions}, and points generated for the ${conditions}s; grey rings mark the modes.`,
    columnTitles: ["real", "generated"],
  });
}

function addModeHistogram(report: Report, counts: Int32Array, { means }: PointMixture): void {
  const total = counts.reduce((sum, count) => sum + count, 0);
  report.barPlot({
    caption: `Share of the generated points nearest to each mode; ${(1 / means.length).toFixed(3)} in the data.`,
    xTitle: "mode",
    yTitle: "share",
    bars: Array.from(counts, (count, mode) => ({ label: String(mode + 1), value: count / total })),
  });
}
