import type { FeatureExtractor } from "@divgen/core-tensors";
import { resizeBilinear } from "@divgen/layers";
import { reshape, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { assertKnownLayers } from "./step-extractor.ts";

/** How pixels become features. */
export interface PixelFeaturesOptions {
  /** Height and width that images are resized to (bilinear), or null for their own size. */
  readonly size: number | null;
}

/**
 * Pixel values as features: layer "pixels", [batch, height * width * channels] in [-1, 1], row by row with channels
 * last. What number-of-different-bins and reconstruction errors in pixel space read.
 *
 * @throws RangeError if the size is no positive integer.
 */
export function createPixelFeatures({ size }: PixelFeaturesOptions): FeatureExtractor {
  if (size !== null && (!Number.isInteger(size) || size < 1)) {
    throw new RangeError(`size: expected a positive integer or null, got ${size}`);
  }
  const layers = ["pixels"];
  const name = size === null ? "pixels" : `pixels-${size}`;
  return {
    name,
    weightHash: "none",
    resizeRule: size === null ? "none" : `bilinear-${size}`,
    layers,
    extract: (images, wanted) => {
      assertKnownLayers(wanted, layers, name);
      return tidy(() => {
        const resized = size === null ? images : resizeBilinear(images, [size, size]);
        return wanted.map((): Tensor => reshape(resized, [images.shape[0], -1]).clone());
      });
    },
    dispose: () => undefined,
  };
}
