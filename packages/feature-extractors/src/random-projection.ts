import type { FeatureExtractor } from "@divgen/core-tensors";
import { assertShape } from "@divgen/core-tensors";
import { resizeBilinear } from "@divgen/layers";
import { normal, type RandomKey } from "@divgen/random";
import { sha256 } from "@divgen/weight-files";
import { matMul, type Rank, reshape, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { frozen } from "./frozen-convolution.ts";
import { assertKnownLayers } from "./step-extractor.ts";

/** Sizes of a random projection. */
export interface RandomProjectionOptions {
  /** Height and width in pixels that images are resized to (bilinear). */
  readonly inputSize: number;
  /** Channels of the images. @defaultValue 3 */
  readonly channels?: number;
  /** Number of features. */
  readonly featureSize: number;
}

/**
 * Pixels times a matrix of independent N(0, 1 / featureSize) draws: layer "projection", [batch, featureSize]. Squared
 * distances of pixels are kept in the mean, and up to about sqrt(2 / featureSize) of themselves.
 *
 * @returns owned by the caller. Equal keys give equal projections.
 * @throws RangeError for sizes that are no positive integers.
 * @see Johnson and Lindenstrauss, "Extensions of Lipschitz mappings into a Hilbert space", 1984.
 */
export function createRandomProjection(
  key: RandomKey,
  { inputSize, channels = 3, featureSize }: RandomProjectionOptions,
): FeatureExtractor {
  for (const [name, value] of Object.entries({ inputSize, channels, featureSize })) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name}: expected a positive integer, got ${value}`);
  }
  const rows = inputSize * inputSize * channels;
  const values = normal(key, rows * featureSize, { standardDeviation: 1 / Math.sqrt(featureSize) });
  const matrix = frozen<Rank.R2>(values, [rows, featureSize]);
  const layers = ["projection"];
  const name = `random-projection-${featureSize}`;
  return {
    name,
    weightHash: sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    resizeRule: `bilinear-${inputSize}`,
    layers,
    extract: (images, wanted) => {
      assertShape(images, ["batch", "height", "width", channels], "images");
      assertKnownLayers(wanted, layers, name);
      return tidy(() => {
        const pixels = reshape(resizeBilinear(images, [inputSize, inputSize]), [-1, rows]) as Tensor2D;
        return wanted.map((): Tensor => matMul(pixels, matrix as Tensor2D));
      });
    },
    dispose: () => matrix.dispose(),
  };
}
