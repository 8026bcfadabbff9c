import { basename, extname } from "node:path";
import type { FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import {
  createDatasetBatches,
  openPairSplits,
  type PairedExample,
  toImageBatch,
  toPairedBatch,
  verifyDataset,
} from "@divgen/datasets";
import { assertEnoughImages, evaluatePairedGenerator } from "@divgen/evaluation";
import { trainStartedRun } from "@divgen/experiment";
import { readImage, resizeImage, toRgb } from "@divgen/image-files";
import type { BinComparison } from "@divgen/metrics";
import { randomKey } from "@divgen/random";
import type { PairedBatch } from "@divgen/training";
import { dispose, tidy, tile } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { drawNoise, type Noise } from "./noise.ts";
import { createPairedMethod, disposeNetworks } from "./paired-objective.ts";
import { protocolOf } from "./protocol.ts";
import type { Task } from "./task.ts";

/**
 * Images from images. All pairs are read before anything else, so that a bad file is found now and not in hours.
 *
 * @throws DataError naming the files that cannot be used.
 */
export async function openPairedTask(config: Config, extractor: FeatureExtractor): Promise<Task> {
  const key = randomKey(config.seed);
  const { source } = config.data;
  if (source === "cifar10") throw new RangeError("paired task: expected a source of pairs");
  const { train, test } = await openPairSplits(key.split("data"), { ...config.data, source });
  await verifyDataset(train);
  await verifyDataset(test);
  assertEnoughImages(train.size, config.evaluation.bins, "training pairs");
  const { networks, objective } = createPairedMethod(key.split("models"), config);
  const { generator } = networks;
  const { size, flip, jitter } = config.data;
  const batches = createDatasetBatches<PairedExample, PairedBatch>(train, {
    batchSize: config.training.batchSize,
    key: key.split("batches"),
    collate: (examples, stepKey) => {
      const augmentation = { loadSize: size + jitter, cropSize: size, flip };
      const { input, target, labels } = toPairedBatch(examples, augmentation, stepKey);
      labels?.dispose();
      return { input, target };
    },
  });

  const generateFrom = (input: ImageBatch, { latents, key }: Noise): ImageBatch =>
    tidy(() => {
      const inputs = tile(input, [latents.shape[0], 1, 1, 1]) as ImageBatch;
      return generator.generate(latents, { input: inputs }, { mode: "inference", key });
    });
  const trainingKey = key.split("training");
  const given: PairedExample[] = [];
  const loadContext = async (context: number): Promise<PairedExample> =>
    given[context - test.size] ?? test.load(context);

  return {
    networks,
    latentSize: generator.latentSize,
    stepsPerEpoch: batches.stepsPerEpoch,
    contextCount: test.size,
    contextName: (context) => given[context - test.size]?.name ?? `input ${context + 1}`,
    addContext: async (path) => {
      const image = resizeImage(toRgb(await readImage(path)), { width: size, height: size }, "bicubic");
      given.push({ name: basename(path, extname(path)), input: image, target: image });
      return test.size + given.length - 1;
    },
    contextPictures: async (context) => {
      const { input, target } = await loadContext(context);
      return [input, target];
    },
    generate: async (context, noise) => {
      const input = toImageBatch([(await loadContext(context)).input]);
      const images = generateFrom(input, noise);
      input.dispose();
      return images;
    },
    measure: async (measureKey) => {
      const { bins: binCount, inputs, samplesPerInput, pairsPerInput } = config.evaluation;
      let comparison: BinComparison | undefined;
      const metrics = await evaluatePairedGenerator({
        ...{ train, test, extractor, inputs, samplesPerInput, pairsPerInput },
        bins: { binCount, whitening: true },
        protocol: protocolOf(config),
        seed: config.seed,
        key: measureKey,
        generate: (input, count, inputKey) =>
          tidy(() => generateFrom(input, drawNoise(inputKey.split("latents"), count, generator.latentSize))),
        observeBins: (compared) => {
          comparison = compared;
        },
      });
      return { metrics, bins: [{ name: "all", comparison: comparison! }] };
    },
    train: (run, shared) => trainStartedRun(run, { ...shared, objective, batches, key: trainingKey }),
    step: async (step) => {
      const batch = await batches.load(step);
      const report = await objective.step(batch, { step, epoch: 0, key: trainingKey.fold(step) });
      dispose([batch.input, batch.target]);
      return report;
    },
    dispose: () => {
      objective.dispose();
      disposeNetworks(networks);
    },
  };
}
