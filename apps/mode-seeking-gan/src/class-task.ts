import { drawLatents, type FeatureExtractor, type ImageBatch, type Latents, oneHotCodes } from "@divgen/core-tensors";
import {
  cacheInMemory,
  cifar10ClassNames,
  createDatasetBatches,
  openCifar10,
  selectExamples,
  toImageBatch,
} from "@divgen/datasets";
import { assertEnoughImages, evaluateClassGenerator, referenceFeatureRows } from "@divgen/evaluation";
import { trainStartedRun } from "@divgen/experiment";
import type { BinComparison } from "@divgen/metrics";
import {
  createModeSeekingDiscriminator,
  createModeSeekingGenerator,
  modeSeekingInitializer,
} from "@divgen/models-dcgan";
import { permutation, type RandomKey, randomKey } from "@divgen/random";
import { type ConditionalBatch, createClassModeSeeking, type FeatureRows } from "@divgen/training";
import { dispose, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { createAdamOf, disposeNetworks } from "./paired-objective.ts";
import { protocolOf } from "./protocol.ts";
import type { Task } from "./task.ts";

const CLASSES = cifar10ClassNames.length;

/**
 * Images of CIFAR-10 from their classes.
 *
 * @throws DataError if the data is not there, or a file cannot be used.
 */
export async function openClassTask(config: Config, extractor: FeatureExtractor): Promise<Task> {
  const key = randomKey(config.seed);
  const { path, trainCount } = config.data;
  const all = await openCifar10(path, "train");
  const test = await openCifar10(path, "test");
  const images = cacheInMemory(all);
  const chosen = indicesByClass(key.split("data"), all.classIds, trainCount);
  const train = selectExamples(images, chosen.flat());
  const { reference: referenceCount, samplesPerInput, bins: binCount } = config.evaluation;
  const reference = chosen.map((indices) => selectExamples(images, indices.slice(0, referenceCount)));
  for (const [classId, { size }] of reference.entries()) {
    assertEnoughImages(size, binCount, `reference images of class ${cifar10ClassNames[classId]}`);
  }
  // One example a class, to stand before the generated ones.
  const examples = cifar10ClassNames.map((_, classId) => test.classIds.indexOf(classId));

  const networks = createClassNetworks(key.split("models"), config);
  const { generator, discriminator } = networks;
  const objective = createClassModeSeeking({
    ...{ generator, discriminator },
    generatorOptimizer: createAdamOf(config),
    discriminatorOptimizer: createAdamOf(config),
    modeSeekingWeight: config.method === "mode-seeking" ? config.training.modeSeekingWeight : 0,
  });
  const batches = createDatasetBatches(train, {
    batchSize: config.training.batchSize,
    key: key.split("batches"),
    collate: (chosenExamples): ConditionalBatch<ImageBatch> => ({
      samples: toImageBatch(chosenExamples.map(({ image }) => image)),
      code: oneHotCodes(
        chosenExamples.map(({ classId }) => classId),
        CLASSES,
      ),
    }),
  });
  const generate = (classId: number, latents: Latents): ImageBatch =>
    tidy(() => {
      const code = oneHotCodes(Array<number>(latents.shape[0]).fill(classId), CLASSES);
      return generator.generate(latents, { code }, { mode: "inference" });
    });
  const trainingKey = key.split("training");
  let referenceFeatures: FeatureRows | undefined;

  return {
    networks,
    latentSize: generator.latentSize,
    stepsPerEpoch: batches.stepsPerEpoch,
    contextCount: CLASSES,
    contextName: (context) => cifar10ClassNames[context]!,
    contextPictures: async (context) => [(await test.load(examples[context]!)).image],
    generate: async (context, { latents }) => generate(context, latents),
    measure: async (measureKey) => {
      referenceFeatures ??= await referenceFeatureRows(reference, extractor);
      const bins: { name: string; comparison: BinComparison }[] = [];
      const metrics = await evaluateClassGenerator({
        ...{ reference, extractor, referenceFeatures, samplesPerClass: samplesPerInput },
        bins: { binCount, whitening: true },
        protocol: protocolOf(config),
        seed: config.seed,
        key: measureKey,
        generate: (classId, count, batchKey) =>
          tidy(() => generate(classId, drawLatents(batchKey, count, generator.latentSize))),
        observeBins: (classId, comparison) => {
          bins.push({ name: cifar10ClassNames[classId]!, comparison });
        },
      });
      return { metrics, bins };
    },
    train: (run, shared) => trainStartedRun(run, { ...shared, objective, batches, key: trainingKey }),
    step: async (step) => {
      const batch = await batches.load(step);
      const report = await objective.step(batch, { step, epoch: 0, key: trainingKey.fold(step) });
      dispose([batch.samples, batch.code!]);
      return report;
    },
    dispose: () => {
      objective.dispose();
      disposeNetworks(networks);
    },
  };
}

/** The networks of the paper's Table 10, with the first weights of the release. */
function createClassNetworks(key: RandomKey, { model }: Config) {
  const shared = { imageChannels: 3, classCount: CLASSES, initializer: modeSeekingInitializer };
  const { generatorChannels, discriminatorChannels, latentSize } = model;
  return {
    generator: createModeSeekingGenerator(key.split("generator"), {
      ...shared,
      baseChannels: generatorChannels,
      latentSize,
    }),
    discriminator: createModeSeekingDiscriminator(key.split("discriminator"), {
      ...shared,
      baseChannels: discriminatorChannels,
    }),
  };
}

/** At most `count` images of each class, chosen by the key. */
function indicesByClass(key: RandomKey, classIds: Int32Array, count: number): number[][] {
  const byClass = Array.from({ length: CLASSES }, (): number[] => []);
  for (const index of permutation(key, classIds.length)) {
    const members = byClass[classIds[index]!]!;
    if (members.length < count) members.push(index);
  }
  return byClass;
}
