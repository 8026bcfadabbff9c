import type { Layer } from "@divgen/core-tensors";
import { constantInitializer, createBatchNorm, createInstanceNorm, normalInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/**
 * "instance": per image and channel, without scale and offset, as BicycleGAN and MSGAN have it; "batch": over the batch,
 * with both; "scaled-instance": per image with both, which is what batch norm is for batches of one image.
 */
export type NormalizationKind = "instance" | "scaled-instance" | "batch" | "none";

/** Scales and offsets of the releases: N(1, 0.02) and 0. */
const releaseAffine = { scale: normalInitializer(0.02, 1), offset: constantInitializer(0) };

/** The normalization layer of a kind; undefined for "none". */
export function createNormalization(
  key: RandomKey,
  kind: NormalizationKind,
  channels: number,
): Layer<Tensor4D> | undefined {
  switch (kind) {
    case "instance":
      return createInstanceNorm(key, { channels, affine: false });
    case "scaled-instance":
      return createInstanceNorm(key, { channels, affine: releaseAffine });
    case "batch":
      return createBatchNorm(key, { channels, affine: releaseAffine });
    case "none":
      return undefined;
  }
}
