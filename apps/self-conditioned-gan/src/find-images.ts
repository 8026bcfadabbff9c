import { asImageBatch, type ImageBatch, type Trunk } from "@divgen/core-tensors";
import { perceptualLayers, toPixelImages } from "@divgen/evaluation";
import { createTinyEfficientNet, perceptualDistances } from "@divgen/feature-extractors";
import type { PixelImage } from "@divgen/image-files";
import { createTrunkHeads, torchDefaultInitializer } from "@divgen/layers";
import { type RandomKey, randomKey } from "@divgen/random";
import {
  createAdam,
  createInversionEncoderObjective,
  type InversionEncoder,
  type InvertOptions,
  invertSamples,
  type ProgressEvent,
  regenerate,
  train,
} from "@divgen/training";
import { abs, mean, slice, sub, type Tensor1D, tidy } from "@tensorflow/tfjs-core";
import type { OpenedRun } from "./open-run.ts";

/** How images are found again; what the paper leaves open is ours. */
export interface InversionSettings {
  /** Steps of training the encoder, 64 generated images each, Adam at 1e-3 (0.9, 0.999). */
  readonly encoderSteps: number;
  /** Steps on the latents, Adam at 0.05. */
  readonly inversionSteps: number;
  /** Likeliest classes tried. */
  readonly classCandidates: number;
  readonly seed: number;
}

/** Images found again in one generator, and how far they are from the originals. */
export interface FoundImages {
  readonly pictures: readonly PixelImage[];
  readonly classIds: readonly number[] | null;
  /** Mean absolute difference of values in [-1, 1], of each image. */
  readonly l1: readonly number[];
  /** The same before the latents moved: what the encoder alone says. */
  readonly encoderL1: readonly number[];
  /** Perceptual distance (tiny-efficientnet) of each image. */
  readonly perceptual: readonly number[];
}

/** Who is told how far the two parts of finding images are, and what may stop them. */
export interface InversionHooks {
  readonly onEncoder: (event: ProgressEvent) => void;
  /** Steps on the latents, of all images; about ten times. */
  readonly onSearch: (done: number, steps: number, secondsLeft: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const ENCODER_BATCH = 64;
/** Images that are searched for at once. */
const SEARCH_BATCH = 50;
/** lambda_f of the paper. */
export const FEATURE_WEIGHT = 5e-4;

/**
 * Trains an encoder on a run's generator (which stays) and finds images again in it.
 *
 * @param images - borrowed.
 * @throws the signal's reason.
 */
export async function findImages(
  opened: OpenedRun,
  images: ImageBatch,
  settings: InversionSettings,
  hooks: InversionHooks,
): Promise<FoundImages> {
  const { task, method, withSamplingWeights } = opened;
  const key = randomKey(settings.seed).split("inversion");
  const masses = method.masses();
  const classCount = masses?.length ?? 0;
  const trunk = task.createTrunk(key.split("trunk")) as unknown as Trunk<ImageBatch>;
  const encoder = createEncoder(key.split("heads"), trunk, method.generator.latentSize, classCount);
  // Only tasks of images come here.
  const generator = method.generator as unknown as InvertOptions<ImageBatch>["generator"];
  try {
    return await withSamplingWeights(async () => {
      const training = { generator, encoder, ...(masses === undefined ? {} : { masses }) };
      await trainEncoder(training, settings, key.split("training"), hooks);
      const { inversionSteps: steps, classCandidates } = settings;
      const options: InvertOptions<ImageBatch> = {
        ...{ generator, encoder, classCount, steps, learningRate: 0.05 },
        ...{ classCandidates: Math.min(classCandidates, Math.max(1, classCount)) },
        ...{ featureWeight: FEATURE_WEIGHT, reduction: "sum" },
      };
      return await searchInBatches(images, options, hooks);
    });
  } finally {
    encoder.dispose();
  }
}

function createEncoder(
  key: RandomKey,
  trunk: Trunk<ImageBatch>,
  latents: number,
  classes: number,
): InversionEncoder<ImageBatch> {
  const initializer = torchDefaultInitializer;
  return classes === 0
    ? createTrunkHeads(key, trunk, { heads: { latents }, initializer })
    : createTrunkHeads(key, trunk, { heads: { latents, classes }, initializer });
}

async function trainEncoder(
  parts: Omit<Parameters<typeof createInversionEncoderObjective<ImageBatch>>[0], "optimizer" | "batchSize">,
  { encoderSteps: steps }: InversionSettings,
  key: RandomKey,
  { onEncoder, signal }: InversionHooks,
): Promise<void> {
  const optimizer = createAdam({ learningRate: 1e-3, firstMomentDecay: 0.9, secondMomentDecay: 0.999 });
  const objective = createInversionEncoderObjective({ ...parts, optimizer, batchSize: ENCODER_BATCH });
  try {
    const batches = { stepsPerEpoch: steps, load: async () => ({}) };
    const options = { steps, reportEvery: Math.ceil(steps / 10), key, clock: () => performance.now(), signal };
    for await (const event of train(objective, batches, options)) {
      if (event.kind === "progress") onEncoder(event);
    }
    signal?.throwIfAborted();
  } finally {
    objective.dispose();
  }
}

async function searchInBatches(
  images: ImageBatch,
  options: InvertOptions<ImageBatch>,
  { onSearch, signal }: InversionHooks,
): Promise<FoundImages> {
  const extractor = createTinyEfficientNet();
  const layers = perceptualLayers(extractor);
  const [count, height, width, channels] = images.shape;
  const pictures: PixelImage[] = [];
  const classIds: number[] = [];
  const batches = Math.ceil(count / SEARCH_BATCH);
  const begin = performance.now();
  let told = 0;
  /** At every tenth of all steps. */
  const tell = (done: number, steps: number): void => {
    signal?.throwIfAborted();
    const tenth = Math.floor((10 * done) / steps);
    if (tenth > told) onSearch(done, steps, ((performance.now() - begin) / 1000 / done) * (steps - done));
    told = tenth;
  };
  const measured = { l1: [] as number[], encoderL1: [] as number[], perceptual: [] as number[] };
  try {
    for (let start = 0; start < count; start += SEARCH_BATCH) {
      const size = Math.min(SEARCH_BATCH, count - start);
      const part = asImageBatch(slice(images, [start, 0, 0, 0], [size, height, width, channels]));
      const owned: ImageBatch[] = [part];
      try {
        const first = await invertSamples(part, { ...options, steps: 0, classCandidates: 1 });
        const onProgress = (done: number, steps: number) =>
          tell((start / SEARCH_BATCH) * steps + done, batches * steps);
        const found = await invertSamples(part, { ...options, onProgress });
        const [byEncoder, made] = [first, found].map((inverted) => regenerate(inverted, options)) as [
          ImageBatch,
          ImageBatch,
        ];
        owned.push(byEncoder, made);
        measured.encoderL1.push(...valuesOf(() => l1Distances(byEncoder, part)));
        measured.l1.push(...valuesOf(() => l1Distances(made, part)));
        measured.perceptual.push(
          ...valuesOf(() => perceptualDistances(extractor.extract(made, layers), extractor.extract(part, layers))),
        );
        pictures.push(...(await toPixelImages(made)));
        classIds.push(...(found.classIds ?? []));
      } finally {
        for (const tensor of owned) tensor.dispose();
      }
    }
  } finally {
    extractor.dispose();
  }
  return { pictures, classIds: options.classCount === 0 ? null : classIds, ...measured };
}

const l1Distances = (a: ImageBatch, b: ImageBatch): Tensor1D => mean(abs(sub(a, b)), [1, 2, 3]) as Tensor1D;

function valuesOf(compute: () => Tensor1D): number[] {
  return tidy(() => Array.from(compute().dataSync()));
}
