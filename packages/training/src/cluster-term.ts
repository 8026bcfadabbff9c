import type { ClusterGaussians } from "@divgen/clustering";
import { asImageBatch, type FeatureExtractor, type ImageBatch } from "@divgen/core-tensors";
import { clusterCenterLoss, clusterMahalanobisLoss } from "@divgen/losses";
import {
  add,
  concat,
  matMul,
  mul,
  reshape,
  reverse,
  sub,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
} from "@tensorflow/tfjs-core";
import type { GeneratorTerm } from "./paired-translation.ts";
import type { WeightedLoss } from "./weighted-losses.ts";

/** How generated images are drawn to the cluster asked for. */
export interface ClusterTermOptions {
  /** Borrowed; must outlive the term. */
  readonly extractor: FeatureExtractor;
  /** Layer whose features, flattened to [batch, features], the targets describe. */
  readonly layer: string;
  /** Gaussians of the training images' features. */
  readonly targets: ClusterGaussians;
  /** lambda_d, factor of the L1 distance to the center; 5 in the paper. 0 leaves the loss out. */
  readonly centerWeight: number;
  /** lambda_m, factor of the Mahalanobis distance; 0.2 in the paper. 0 leaves the loss out. */
  readonly mahalanobisWeight: number;
  /** The Mahalanobis distance counts from this epoch on (from 0); 100 of 400 in the paper, where it is unstable earlier. */
  readonly mahalanobisFromEpoch: number;
  /**
   * Whether images of mirrored pairs are mirrored back before their features are taken: a feature map has sides, and the
   * targets describe the images as they are. Deviation: the paper does not say; false is its release's reading.
   */
  readonly undoMirroring: boolean;
}

/**
 * The cluster terms of data classification: features of both images of each pair against the Gaussian of the cluster
 * that the pair's target belongs to.
 *
 *   L_d = mean |mu_i - E(G)|,   L_m = mean sqrt((E(G) - mu_i)^T S_i^-1 (E(G) - mu_i))
 *
 * Both are means over the two halves, so the weights keep their meaning for one image. Batches need `code`, the one-hot
 * clusters of their targets.
 *
 * @returns owned by the caller; holds the targets as constants on the engine.
 * @see Suzuki et al., "Diversifying image synthesis using data classification", VISAPP 2022, eq. 3-5.
 */
export function createClusterTerm(options: ClusterTermOptions): GeneratorTerm {
  const { extractor, layer, targets, undoMirroring } = options;
  const { clusters, featureIndices } = targets;
  const featureCount = clusters[0]!.center.length;
  const selectedCount = featureIndices.length;
  const centers = stackRows(clusters.map(({ center }) => center));
  const selectedCenters = stackRows(clusters.map(({ selectedCenter }) => selectedCenter));
  const factors = stackRows(clusters.map(({ whiteningFactor }) => whiteningFactor));

  return {
    compute: ({ images, batch }, epoch) => {
      if (batch.code === undefined)
        throw new RangeError("batch.code: expected the one-hot clusters of the targets, got none");
      const seen = undoMirroring && batch.mirrored !== undefined ? mirrorBack(images, batch.mirrored) : images;
      const map = extractor.extract(seen, [layer])[0]!;
      const features = reshape(map, [images.shape[0], featureCount]) as Tensor2D;
      // A product with the one-hot rows picks each sample's own cluster; a gather has no gradient kernel everywhere.
      const code: Tensor2D = concat([batch.code, batch.code], 0);
      const losses: WeightedLoss[] = [];
      if (options.centerWeight !== 0) {
        const value = clusterCenterLoss(features, matMul(code, centers));
        losses.push({ name: "cluster-center", weight: options.centerWeight, value });
      }
      if (options.mahalanobisWeight !== 0) {
        const whiteningFactors = reshape(matMul(code, factors), [-1, selectedCount, selectedCount]) as Tensor3D;
        const value = clusterMahalanobisLoss(
          features,
          matMul(code, selectedCenters),
          { whiteningFactors },
          featureIndices,
        );
        const weight = epoch >= options.mahalanobisFromEpoch ? options.mahalanobisWeight : 0;
        losses.push({ name: "cluster-mahalanobis", weight, value });
      }
      return losses;
    },
    dispose: () => {
      for (const constant of [centers, selectedCenters, factors]) constant.dispose();
    },
  };
}

/** Mirrors the images whose pair was mirrored, in both halves. */
function mirrorBack(images: ImageBatch, mirrored: Tensor): ImageBatch {
  const flags = reshape(concat([mirrored, mirrored], 0), [images.shape[0], 1, 1, 1]);
  // A blend by flags of 0 and 1 keeps to operations whose gradients every engine has.
  return asImageBatch(add(mul(flags, reverse(images, 2)), mul(sub(1, flags), images)));
}

/** [rows, columns]. */
function stackRows(rows: readonly Float64Array[]): Tensor2D {
  const columns = rows[0]!.length;
  const values = new Float32Array(rows.length * columns);
  for (const [index, row] of rows.entries()) values.set(row, index * columns);
  return tensor2d(values, [rows.length, columns], "float32");
}
