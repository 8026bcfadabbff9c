import type { Dataset } from "@divgen/core-tensors";
import { type PixelImage, type ResampleFilter, resizeImage } from "@divgen/image-files/pixels";
import { integers, type RandomKey } from "@divgen/random";
import { assertIndex } from "./dataset-tools.ts";

/** Single digits to stack; what `openMnist` gives fits. */
export interface DigitImages {
  readonly images: {
    readonly count: number;
    readonly height: number;
    readonly width: number;
    /** count * height * width grey values. */
    readonly pixels: Uint8Array;
  };
  /** 0 .. 9, one an image. */
  readonly labels: ArrayLike<number>;
}

/** How digits are stacked. */
export interface StackedDigitsOptions {
  readonly digits: DigitImages;
  /** Number of triples, drawn once. Self-conditioned GAN: 100,000; PacGAN: 128,000. */
  readonly count: number;
  readonly key: RandomKey;
  /** Side in pixels; the self-conditioned GAN resizes 28 to 32. @defaultValue 28 */
  readonly size?: number;
  /** For a size other than the digits' own. @defaultValue "bilinear" */
  readonly filter?: ResampleFilter;
}

/** Three digits, one a colour channel. */
export interface StackedDigit {
  readonly name: string;
  readonly image: PixelImage;
  /** The digits of red, green and blue. */
  readonly digits: readonly [number, number, number];
  /** 100 * red + 10 * green + blue: one of 1,000 modes. */
  readonly classId: number;
}

/** Stacked digits with their modes at hand. */
export interface StackedDigitsDataset extends Dataset<StackedDigit> {
  /** Mode of each example, without making its image. */
  readonly classIds: Int32Array;
}

/**
 * Stacked MNIST: RGB images of three independent digits, 1,000 modes of about equal frequency.
 *
 * @throws RangeError if there is no digit, or the count is negative.
 * @see Metz et al., "Unrolled generative adversarial networks", ICLR 2017; counts as in PacGAN and self-conditioned GAN.
 */
export function createStackedDigits(options: StackedDigitsOptions): StackedDigitsDataset {
  const { digits, count, key, filter = "bilinear" } = options;
  const { images, labels } = digits;
  const size = options.size ?? images.width;
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`count: expected an integer >= 0, got ${count}`);
  const chosen = integers(key, 3 * count, 0, images.count);
  const digitOf = (index: number, channel: number): number => labels[chosen[index * 3 + channel]!]!;
  const modeOf = (index: number): number => 100 * digitOf(index, 0) + 10 * digitOf(index, 1) + digitOf(index, 2);
  const area = images.width * images.height;
  return {
    name: "stacked-digits",
    size: count,
    classIds: Int32Array.from({ length: count }, (_, index) => modeOf(index)),
    load: async (index) => {
      assertIndex(index, count);
      const pixels = new Uint8Array(area * 3);
      for (let channel = 0; channel < 3; channel++) {
        const start = chosen[index * 3 + channel]! * area;
        for (let place = 0; place < area; place++) pixels[place * 3 + channel] = images.pixels[start + place]!;
      }
      const stacked = { pixels, width: images.width, height: images.height, channels: 3 };
      const same = size === images.width && size === images.height;
      return {
        name: String(index),
        image: same ? stacked : resizeImage(stacked, { width: size, height: size }, filter),
        digits: [digitOf(index, 0), digitOf(index, 1), digitOf(index, 2)],
        classId: modeOf(index),
      };
    },
  };
}
