import { assertShape, composeNetwork, type ForwardPass, type Layer, type Trunk } from "@divgen/core-tensors";
import { createMaxout, packSamples, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { assertCount } from "./options.ts";

/** Shape of a maxout trunk of points. */
export interface PointTrunkOptions {
  /** Coordinates of a point; 2. */
  readonly pointSize: number;
  /** Points seen together: 1, or 2 to 4 in PacGAN. */
  readonly packSize: number;
  /** Hidden layers; 3. */
  readonly hiddenLayers: number;
  /** Units of a hidden layer; 200. */
  readonly hiddenSize: number;
  /** Linear maps that compete for each unit; 5. */
  readonly pieces: number;
  /** `torchDefaultInitializer` in self-conditioned GAN's release, `pacGanInitializer` in PacGAN's. */
  readonly initializer: WeightInitializer;
}

/** Layers of a trunk by name, and what they do together. */
export interface TrunkParts {
  readonly parts: Readonly<Record<string, Layer<Tensor2D>>>;
  /** [batch / packSize, hiddenSize] of every layer, owned by the caller. */
  features(points: Tensor2D, pass: ForwardPass): Tensor2D[];
}

/** The layers that trunk and discriminator share. */
export function createTrunkParts(key: RandomKey, options: PointTrunkOptions): TrunkParts {
  const { pointSize, packSize, hiddenLayers, hiddenSize, pieces, initializer } = options;
  assertCount(pointSize, "pointSize");
  assertCount(packSize, "packSize");
  assertCount(hiddenLayers, "hiddenLayers");
  assertCount(hiddenSize, "hiddenSize");
  const layers: Layer<Tensor2D>[] = Array.from({ length: hiddenLayers }, (_, layer) =>
    createMaxout(key.split("hidden").fold(layer + 1), {
      inputSize: layer === 0 ? pointSize * packSize : hiddenSize,
      outputSize: hiddenSize,
      pieces,
      initializer,
    }),
  );
  return {
    parts: Object.fromEntries(layers.map((layer, index) => [`hidden${index + 1}`, layer])),
    features: (points, pass) => {
      assertShape(points, ["batch", pointSize], "points");
      return tidy(() => {
        const features: Tensor2D[] = [];
        let values = packSamples(points, packSize);
        for (const layer of layers) {
          values = layer.forward(values, pass);
          features.push(values);
        }
        return features;
      });
    },
  };
}

/**
 * PacGAN's maxout discriminator of points below its score: features [batch / packSize, hiddenSize] of every hidden layer.
 *
 * @returns owned by the caller; parameters "hidden1.weight", "hidden1.bias", ...
 * @throws RangeError for numbers that are no positive integers.
 * @see `createPointDiscriminator`.
 */
export function createPointTrunk(key: RandomKey, options: PointTrunkOptions): Trunk<Tensor2D> {
  const { parts, features } = createTrunkParts(key, options);
  return { ...composeNetwork(parts), featureSize: options.hiddenSize, features };
}
