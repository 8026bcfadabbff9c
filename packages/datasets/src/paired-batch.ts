import { type ImageBatch, ShapeError } from "@divgen/core-tensors";
import type { LabelMap } from "@divgen/image-files/pixels";
import type { RandomKey } from "@divgen/random";
import { type Tensor3D, tensor3d } from "@tensorflow/tfjs-core";
import { augmentPair, type PairAugmentation } from "./augment-pair.ts";
import { toImageBatch } from "./image-batches.ts";
import type { PairedExample } from "./paired-example.ts";

/** A batch of pairs; the tensors are owned by the caller. */
export interface PairedBatch {
  /** [batch, cropSize, cropSize, 3] */
  readonly input: ImageBatch;
  /** [batch, cropSize, cropSize, 3] */
  readonly target: ImageBatch;
  /** int32 class ids, [batch, cropSize, cropSize]; present when every example has a label map. */
  readonly labels?: Tensor3D;
  /** Which pairs were mirrored: whoever has features of the original may mirror them too. */
  readonly flipped: readonly boolean[];
  readonly names: readonly string[];
}

/**
 * Augments pairs and stacks them. Example i takes its draws from `key.fold(i)`.
 *
 * @throws RangeError for an augmentation that makes no sense, ShapeError for an empty batch.
 */
export function toPairedBatch(
  examples: readonly (PairedExample & { readonly labels?: LabelMap })[],
  augmentation: PairAugmentation,
  key: RandomKey,
): PairedBatch {
  if (examples.length === 0) throw new ShapeError("examples: expected at least one pair for a batch, got none");
  const pairs = examples.map((example, index) => augmentPair(example, augmentation, key.fold(index)));
  const labels = pairs.flatMap((pair) => pair.labels ?? []);
  const batch = {
    input: toImageBatch(
      pairs.map((pair) => pair.input),
      "inputs",
    ),
    target: toImageBatch(
      pairs.map((pair) => pair.target),
      "targets",
    ),
    flipped: pairs.map((pair) => pair.flipped),
    names: pairs.map((pair) => pair.name),
  };
  return labels.length === pairs.length ? { ...batch, labels: toLabelTensor(labels) } : batch;
}

/**
 * Class ids of label maps of one size.
 *
 * @returns int32 [batch, height, width], owned by the caller.
 * @throws ShapeError if there is none, or they are of unlike sizes.
 */
export function toLabelTensor(labels: readonly LabelMap[]): Tensor3D {
  const first = labels[0];
  if (!first) throw new ShapeError("label maps: expected at least one for a batch, got none");
  const { width, height } = first;
  const ids = new Int32Array(labels.length * width * height);
  labels.forEach((map, index) => {
    if (map.width !== width || map.height !== height) {
      throw new ShapeError(
        `label maps: expected ${width} x ${height} like the first, got ${map.width} x ${map.height} at index ${index}`,
      );
    }
    ids.set(map.classIds, index * width * height);
  });
  return tensor3d(ids, [labels.length, height, width], "int32");
}
