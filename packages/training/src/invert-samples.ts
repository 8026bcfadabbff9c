import { assertShape, type ClassCondition, type Generator, oneHotCodes } from "@divgen/core-tensors";
import { type InversionDistanceOptions, inversionDistance } from "@divgen/losses";
import {
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor2d,
  tidy,
  topk,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { createAdam } from "./adam.ts";
import { backpropagate } from "./backpropagate.ts";
import { eventLoopTurn } from "./event-loop-turn.ts";
import type { InversionEncoder } from "./inversion-encoder-objective.ts";

/** How samples are found again. */
export interface InvertOptions<Sample extends Tensor> extends InversionDistanceOptions {
  readonly generator: Generator<ClassCondition, Sample>;
  /** Classes of the generator; 0 for an unconditional one. */
  readonly classCount: number;
  /** Trained on the generator (`createInversionEncoderObjective`). */
  readonly encoder: InversionEncoder<Sample>;
  /** Steps of Adam on the latents; 0 keeps the encoder's. */
  readonly steps: number;
  readonly learningRate: number;
  /** Likeliest classes that are tried, of which each sample keeps the best; 1 in the paper. Unused without classes. */
  readonly classCandidates: number;
  /** Told every ten steps how many are done, of those of all classes tried; what it throws ends the search. */
  readonly onProgress?: ((done: number, steps: number) => void) | undefined;
}

/** Steps between waits: engines that compute asynchronously would queue all, and no signal would come through. */
const WAIT_EVERY = 10;

/** Samples found again. */
export interface InvertedSamples {
  /** [batch][latent]. */
  readonly latents: readonly Float32Array[];
  /** Class of each; undefined for an unconditional generator. */
  readonly classIds: Int32Array | undefined;
  /** The minimised distance of each (`inversionDistance`) at the latents found, and where the search began. */
  readonly distances: Float32Array;
  readonly firstDistances: Float32Array;
}

/**
 * Finds samples again in a generator: latents and class as the encoder tells them, then the latents alone move by Adam
 * (decays 0.9, 0.999) down `inversionDistance`, the class as it is. Each sample is a search of its own; generator and
 * encoder run in inference mode and do not change.
 *
 * @param samples - [batch, ...], borrowed.
 * @throws RangeError for numbers out of range.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 4.5.
 */
export async function invertSamples<Sample extends Tensor>(
  samples: Sample,
  options: InvertOptions<Sample>,
): Promise<InvertedSamples> {
  const { classCount, encoder, steps, classCandidates } = options;
  if (!Number.isInteger(steps) || steps < 0) throw new RangeError(`steps: expected an integer >= 0, got ${steps}`);
  const candidates = classCount === 0 ? 1 : classCandidates;
  if (!Number.isInteger(candidates) || candidates < 1 || candidates > Math.max(1, classCount)) {
    throw new RangeError(`classCandidates: expected an integer from 1 to ${classCount}, got ${classCandidates}`);
  }
  const read = tidy(() => {
    const { outputs, features } = encoder.read(samples, { mode: "inference" });
    const ranked = outputs.classes === undefined ? undefined : topk(outputs.classes, candidates).indices;
    return { latents: outputs.latents, features: features.at(-1)!, ...(ranked === undefined ? {} : { ranked }) };
  });
  try {
    const ranked = read.ranked === undefined ? undefined : await read.ranked.data();
    let best: InvertedSamples | undefined;
    for (let rank = 0; rank < candidates; rank++) {
      const classIds =
        ranked && Int32Array.from({ length: samples.shape[0]! }, (_, row) => ranked[row * candidates + rank]!);
      const onStep = (step: number) => options.onProgress?.(rank * steps + step, candidates * steps);
      const found = await search(samples, read.features, read.latents, classIds, options, onStep);
      best = best === undefined ? found : betterOf(best, found);
    }
    return best!;
  } finally {
    for (const tensor of Object.values(read)) tensor.dispose();
  }
}

async function search<Sample extends Tensor>(
  targets: Sample,
  targetFeatures: Tensor,
  start: Tensor2D,
  classIds: Int32Array | undefined,
  { generator, encoder, classCount, steps, learningRate, featureWeight, reduction }: InvertOptions<Sample>,
  onStep: (step: number) => void,
): Promise<InvertedSamples> {
  assertShape(start, ["batch", generator.latentSize], "the encoder's latents");
  const code = classIds === undefined ? undefined : oneHotCodes(classIds, classCount);
  const latents = tidy(() => variable(start.clone(), true)) as Variable<Tensor2D["rankType"]>;
  const optimizer = createAdam({ learningRate, firstMomentDecay: 0.9, secondMomentDecay: 0.999 });
  const distance = (): Tensor1D => {
    const made = generator.generate(latents as Tensor2D, code === undefined ? {} : { code }, { mode: "inference" });
    const features = encoder.read(made, { mode: "inference" }).features.at(-1)!;
    return inversionDistance(made, targets, { features, targetFeatures }, { featureWeight, reduction });
  };
  try {
    const firstDistances = valuesOf(distance);
    for (let step = 1; step <= steps; step++) {
      tidy(() => {
        // A sum: no sample's gradient depends on the others.
        const { gradients } = backpropagate(() => sum(distance()), [latents]);
        optimizer.applyGradients(new Map([["latents", latents]]), new Map([["latents", gradients[0]!]]));
      });
      if (step % WAIT_EVERY !== 0 && step !== steps) continue;
      await latents.data();
      await eventLoopTurn();
      onStep(step);
    }
    const values = await latents.data<"float32">();
    const width = generator.latentSize;
    return {
      latents: Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width)),
      ...{ classIds, firstDistances, distances: valuesOf(distance) },
    };
  } finally {
    for (const owned of [latents, optimizer, code]) owned?.dispose();
  }
}

function valuesOf(compute: () => Tensor1D): Float32Array {
  return tidy(() => Float32Array.from(compute().dataSync()));
}

/** The better of two searches, sample by sample; where the search began is that of the likeliest class. */
function betterOf(first: InvertedSamples, second: InvertedSamples): InvertedSamples {
  const isSecond = Array.from(first.distances, (distance, row) => second.distances[row]! < distance);
  return {
    latents: first.latents.map((latents, row) => (isSecond[row] ? second.latents[row]! : latents)),
    classIds: first.classIds?.map((id, row) => (isSecond[row] ? second.classIds![row]! : id)),
    distances: first.distances.map((distance, row) => (isSecond[row] ? second.distances[row]! : distance)),
    firstDistances: first.firstDistances,
  };
}

/** Makes the samples of what was found; owned by the caller. */
export function regenerate<Sample extends Tensor>(
  { latents, classIds }: Pick<InvertedSamples, "latents" | "classIds">,
  { generator, classCount }: Pick<InvertOptions<Sample>, "generator" | "classCount">,
): Sample {
  return tidy(() => {
    const values = new Float32Array(latents.length * generator.latentSize);
    for (const [row, one] of latents.entries()) values.set(one, row * generator.latentSize);
    const codes: ClassCondition = classIds === undefined ? {} : { code: oneHotCodes(classIds, classCount) };
    return generator.generate(tensor2d(values, [latents.length, generator.latentSize]), codes, { mode: "inference" });
  });
}
