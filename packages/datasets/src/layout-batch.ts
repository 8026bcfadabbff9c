import { type ImageBatch, oneHotLabels, ShapeError } from "@divgen/core-tensors";
import { type LabelPalette, labelMapToIndices } from "@divgen/image-files/pixels";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { augmentPair, type PairAugmentation } from "./augment-pair.ts";
import { toImageBatch } from "./image-batches.ts";
import type { LabelledPairedExample } from "./paired-example.ts";

/** Layouts with their photographs; the tensors are owned by the caller. */
export interface LayoutTensors {
  /** The layouts in colours, [batch, height, width, 3]. */
  readonly input: ImageBatch;
  /** The photographs, [batch, height, width, 3]. */
  readonly target: ImageBatch;
  /** One-hot classes in the palette's order, [batch, height, width, class]; ignored pixels are zero in all. */
  readonly labels: Tensor4D;
}

/** What happens to pairs before training. */
export interface LayoutAugmentation {
  readonly augmentation: PairAugmentation;
  /** Example i takes its draws from `key.fold(i)`. */
  readonly key: RandomKey;
}

/**
 * Stacks layouts and photographs of one size, and augments them if asked to.
 *
 * @throws RangeError for a label that the palette does not have, or an augmentation that makes no sense; ShapeError for
 *   an empty batch or unlike sizes.
 */
export function toLayoutBatch(
  examples: readonly LabelledPairedExample[],
  palette: LabelPalette,
  augment?: LayoutAugmentation,
): LayoutTensors {
  const pairs = examples.map((example, index) => {
    if (augment === undefined) return example;
    const pair = augmentPair(example, augment.augmentation, augment.key.fold(index));
    return { ...pair, labels: pair.labels ?? example.labels };
  });
  const first = pairs[0];
  if (first === undefined) throw new ShapeError("examples: expected at least one layout for a batch, got none");
  const { width, height } = first.labels;
  const indices = new Uint8Array(pairs.length * width * height);
  for (const [index, { labels, name }] of pairs.entries()) {
    if (labels.width !== width || labels.height !== height) {
      throw new ShapeError(
        `layouts: expected ${width} x ${height} like the first, got ${labels.width} x ${labels.height} in ${name}`,
      );
    }
    indices.set(labelMapToIndices(labels, palette), index * width * height);
  }
  const images = (side: "input" | "target") =>
    toImageBatch(
      pairs.map((pair) => pair[side]),
      `${side}s`,
    );
  const input = images("input");
  const target = images("target");
  return {
    input,
    target,
    labels: oneHotLabels(indices, { batch: pairs.length, height, width }, palette.classes.length),
  };
}
