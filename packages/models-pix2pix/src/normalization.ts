import type { Layer } from "@divgen/core-tensors";
import { constantInitializer, createBatchNorm, createInstanceNorm, normalInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** "instance": per image and channel, without scale and offset, as the releases have it; "batch": with both. */
export type NormalizationKind = "instance" | "batch" | "none";

/** Batch norm of the releases: scales N(1, 0.02), offsets 0. */
const batchNormAffine = { scale: normalInitializer(0.02, 1), offset: constantInitializer(0) };

/** The normalization layer of a kind; undefined for "none". */
export function createNormalization(
  key: RandomKey,
  kind: NormalizationKind,
  channels: number,
): Layer<Tensor4D> | undefined {
  switch (kind) {
    case "instance":
      return createInstanceNorm(key, { channels, affine: false });
    case "batch":
      return createBatchNorm(key, { channels, affine: batchNormAffine });
    case "none":
      return undefined;
  }
}
