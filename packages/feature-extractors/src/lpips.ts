import { assertSameShape, type FeatureExtractor, type ImageBatch } from "@divgen/core-tensors";
import { type Rank, type Tensor1D, tidy } from "@tensorflow/tfjs-core";
import { createAlexNet } from "./alexnet.ts";
import { frozen } from "./frozen-convolution.ts";
import { perceptualDistances } from "./perceptual-distance.ts";
import { createSqueezeNet } from "./squeezenet.ts";
import { createVgg } from "./vgg.ts";
import { lookUpWeights, type NetworkWeights } from "./weight-lookup.ts";

/** Trunks that LPIPS has been calibrated for. */
export type LpipsTrunk = "alex" | "vgg" | "squeeze";

/** Weights of an LPIPS distance. */
export interface LpipsOptions {
  readonly trunk: LpipsTrunk;
  /** Of torchvision's ImageNet network: alexnet, vgg16 or squeezenet1_1. */
  readonly trunkWeights: NetworkWeights;
  /** The linear heads of version 0.1 (`alex.pth`, `vgg.pth`, `squeeze.pth` of the LPIPS repository). */
  readonly heads: NetworkWeights;
}

/** A learned distance of image pairs. */
export interface ImageDistance {
  /** For provenance, such as "lpips-alex-0.1". */
  readonly name: string;
  /** SHA-256 of the trunk's and the heads' weights. */
  readonly weightHashes: readonly string[];
  /**
   * @param images1 - borrowed.
   * @param images2 - of the same shape, borrowed.
   * @returns [batch], >= 0, owned by the caller; gradients flow to both.
   * @throws ShapeError if the shapes differ.
   */
  distances(images1: ImageBatch, images2: ImageBatch): Tensor1D;
  /** Frees the weights. */
  dispose(): void;
}

const TRUNKS: Readonly<
  Record<LpipsTrunk, { readonly layers: readonly string[]; readonly channels: readonly number[] }>
> = {
  alex: { layers: ["relu1", "relu2", "relu3", "relu4", "relu5"], channels: [64, 192, 384, 256, 256] },
  vgg: { layers: ["relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"], channels: [64, 128, 256, 512, 512] },
  squeeze: {
    layers: ["relu1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9"],
    channels: [64, 128, 256, 384, 384, 512, 512],
  },
};

/**
 * LPIPS version 0.1: unit-length features of an ImageNet network at several layers, squared differences weighted by
 * learned non-negative channel weights, averaged over positions and summed over layers. Images are not resized.
 *
 * The name is deserved with the published trunk and head weights only; their hashes are part of the result.
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError if the trunk or the heads do not fit.
 * @see Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018; matches the
 *   package `lpips` 0.1.4.
 */
export function createLpips({ trunk, trunkWeights, heads }: LpipsOptions): ImageDistance {
  const { layers, channels } = TRUNKS[trunk];
  const lookup = lookUpWeights(heads, `the heads of LPIPS ${trunk}`);
  const values = channels.map((count, layer) => lookup.take(`lin${layer}.model.1.weight`, [1, count, 1, 1]));
  lookup.finish(() => false);
  const extractor = createTrunk(trunk, trunkWeights);
  const weights = values.map((head, layer) => frozen<Rank.R1>(head, [channels[layer]!]));
  return {
    name: `lpips-${trunk}-0.1`,
    weightHashes: [trunkWeights.sha256, heads.sha256],
    distances: (images1, images2) => {
      assertSameShape(images1, images2, "images1", "images2");
      return tidy(() =>
        perceptualDistances(extractor.extract(images1, layers), extractor.extract(images2, layers), weights),
      );
    },
    dispose: () => {
      extractor.dispose();
      for (const head of weights) head.dispose();
    },
  };
}

/** ImageNet's mean and deviation are the shift and scale of LPIPS's own scaling layer. */
function createTrunk(trunk: LpipsTrunk, weights: NetworkWeights): FeatureExtractor {
  switch (trunk) {
    case "alex":
      return createAlexNet({ weights, size: null });
    case "vgg":
      return createVgg({ weights, depth: 16, size: null });
    case "squeeze":
      return createSqueezeNet({ weights, size: null });
  }
}
