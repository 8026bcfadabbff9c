import type { Tensor } from "@tensorflow/tfjs-core";
import type { ImageBatch } from "./image-batch.ts";

/**
 * A frozen network that describes images by feature tensors. It owns its preprocessing (resize, scaling), so it takes
 * any `ImageBatch`; features do not depend on the batch size, and gradients flow to the images.
 */
export interface FeatureExtractor {
  /** For provenance, such as "efficientnet-b0". */
  readonly name: string;
  /** sha256 of the weights, in hexadecimal, for provenance; "none" for an extractor without weights. */
  readonly weightHash: string;
  /** How images are brought to the input size, for provenance, such as "bilinear-224" or "none". */
  readonly resizeRule: string;
  /** Names that `extract` accepts, from shallow to deep. */
  readonly layers: readonly string[];
  /**
   * Features at the named layers, in the order asked.
   *
   * @param images - borrowed.
   * @returns one tensor a layer, batch first, owned by the caller.
   * @throws RangeError naming an unknown layer and the known ones.
   */
  extract(images: ImageBatch, layers: readonly string[]): Tensor[];
  /** Frees the weights. */
  dispose(): void;
}
