import { resizeBilinear } from "@divgen/layers";
import { div, reverse, sub, type Tensor4D, tensor1d, tidy } from "@tensorflow/tfjs-core";

/** How images in [-1, 1] become what a network reads. */
export interface ImageNormalization {
  /** Height and width in pixels, bilinear with half-pixel centres and no antialiasing; null leaves the size. */
  readonly size: number | null;
  /** By channel, on values in [-1, 1]: (x - mean) / deviation; null leaves the values. */
  readonly channels: { readonly mean: readonly number[]; readonly deviation: readonly number[] } | null;
  /** Order of the channels that the network expects; `channels` are in this order too. @defaultValue "rgb" */
  readonly order?: "rgb" | "bgr";
}

/** Mean and deviation of ImageNet's channels (0.485, 0.229, ... on [0, 1]) on values in [-1, 1]. */
export const imageNetNormalization: { readonly mean: readonly number[]; readonly deviation: readonly number[] } = {
  mean: [0.485, 0.456, 0.406].map((value) => 2 * value - 1),
  deviation: [0.229, 0.224, 0.225].map((value) => 2 * value),
};

/** "bilinear-224" or "none", for provenance. */
export function resizeRuleOf({ size }: ImageNormalization): string {
  return size === null ? "none" : `bilinear-${size}`;
}

/**
 * Resizes and normalises images.
 *
 * @param images - [batch, height, width, 3] in [-1, 1].
 * @returns owned by the caller.
 */
export function normalizeImages(images: Tensor4D, { size, channels, order }: ImageNormalization): Tensor4D {
  return tidy(() => {
    const resized = size === null ? images.clone() : resizeBilinear(images, [size, size]);
    const ordered = order === "bgr" ? reverse(resized, 3) : resized;
    if (channels === null) return ordered;
    return div(sub(ordered, tensor1d([...channels.mean])), tensor1d([...channels.deviation]));
  });
}
