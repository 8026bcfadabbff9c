import { type ClassCondition, composeNetwork, type Generator, type Layer, type Network } from "@divgen/core-tensors";
import { createClassLatents, createDense } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { createHiddenLayer, type HiddenLayerOptions } from "./hidden-layer.ts";
import { assertCount } from "./options.ts";

/** Shape of a generator of points. The numbers of the sources stand behind each. Class vectors start from N(0, 1). */
export interface PointGeneratorOptions extends HiddenLayerOptions {
  /** Width of the noise; 2. */
  readonly latentSize: number;
  /** Coordinates of a point; 2. */
  readonly pointSize: number;
  /** Classes or clusters that points are made for; 0 for an unconditional generator. */
  readonly classCount: number;
  /** Width of a class's vector; 32. Unused without classes. */
  readonly embeddingSize: number;
  /** Hidden layers; 4. */
  readonly hiddenLayers: number;
}

/**
 * PacGAN's generator of points with the class input of self-conditioned GANs:
 *
 *   [latents, class vector of unit length] -> 4 x (dense 400, batch norm, ReLU) -> dense 2
 *
 * In training mode batches need two points or more.
 *
 * @returns a generator owned by the caller; its points are not bounded. Parameters "latents.embedding.weight",
 *   "hidden1.dense.weight", "hidden1.norm.scale", ..., "output.weight".
 * @throws RangeError for numbers of layers or sizes that are no positive integers.
 * @see Lin et al., "PacGAN", NeurIPS 2018; Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020.
 */
export function createPointGenerator(
  key: RandomKey,
  options: PointGeneratorOptions,
): Generator<ClassCondition, Tensor2D> {
  const { latentSize, pointSize, hiddenLayers, hiddenSize, initializer } = options;
  assertCount(pointSize, "pointSize");
  assertCount(hiddenLayers, "hiddenLayers");
  assertCount(hiddenSize, "hiddenSize");
  const latentInput = createClassLatents(key.split("latents"), options);
  const parts: Record<string, Network> = { latents: latentInput };
  const layers: Layer<Tensor2D>[] = [];
  for (let layer = 1; layer <= hiddenLayers; layer++) {
    const inputSize = layer === 1 ? latentInput.outputSize : hiddenSize;
    const hidden = createHiddenLayer(key.split("hidden").fold(layer), inputSize, options);
    parts[`hidden${layer}`] = hidden;
    layers.push(hidden);
  }
  const output = createDense(key.split("output"), { inputSize: hiddenSize, outputSize: pointSize, initializer });
  return {
    ...composeNetwork({ ...parts, output }),
    latentSize,
    generate: (latents, condition, pass) =>
      tidy(() => {
        const joined = latentInput.join(latents, condition);
        const last = layers.reduce((values, layer) => layer.forward(values, pass), joined);
        return output.forward(last, pass);
      }),
  };
}
