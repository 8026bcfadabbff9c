import type { ForwardPass, ImageBatch, Network } from "@divgen/core-tensors";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** Scores of every pixel. */
export interface Segmentation {
  /** Before any softmax, [batch, height, width, class], of the images' size. */
  readonly logits: Tensor4D;
  /** The same from an earlier layer, for training alone; absent in "inference" and for networks without such a head. */
  readonly auxiliaryLogits?: Tensor4D;
}

/** Tells the class of every pixel. */
export interface SegmentationNetwork extends Network {
  readonly name: string;
  readonly classCount: number;
  /** @returns tensors owned by the caller; `images`, [batch, height, width, 3] in [-1, 1], are borrowed. */
  segment(images: ImageBatch, pass: ForwardPass): Segmentation;
}
