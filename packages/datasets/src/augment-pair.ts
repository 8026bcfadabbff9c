import {
  cropImage,
  flipHorizontally,
  type LabelMap,
  type PixelImage,
  type ResampleFilter,
  resizeImage,
} from "@divgen/image-files/pixels";
import { type RandomKey, uniformFloat64 } from "@divgen/random";
import type { PairedExample } from "./paired-example.ts";

/** What may happen to a pair before training; both halves get the same. */
export interface PairAugmentation {
  /** Side in pixels that both halves are resized to first. */
  readonly loadSize: number;
  /** Side of the square that is cut out, at the same random place of both; at most `loadSize`. */
  readonly cropSize: number;
  /** Whether half of the pairs are mirrored. */
  readonly flip: boolean;
  /** For the target and, unless named apart, the input. @defaultValue "bicubic" */
  readonly filter?: ResampleFilter;
  /** For the input; "nearest" keeps label colours pure. Label maps always take the nearest. @defaultValue `filter` */
  readonly inputFilter?: ResampleFilter;
}

/** A pair after augmentation, with what was done. */
export interface AugmentedPair extends PairedExample {
  /** Present when the example had one. */
  readonly labels?: LabelMap;
  readonly flipped: boolean;
  /** Where the crop lies in the resized pair. */
  readonly left: number;
  readonly top: number;
}

/**
 * Resizes, crops and mirrors a pair, both halves (and the label map) alike: pix2pix's "jitter".
 *
 * Deviation: crop offsets run over all places, 0 .. loadSize - cropSize; MSGAN's loader leaves out the last.
 *
 * @throws RangeError if the sizes are not integers with 1 <= cropSize <= loadSize.
 */
export function augmentPair(
  example: PairedExample & { readonly labels?: LabelMap },
  augmentation: PairAugmentation,
  key: RandomKey,
): AugmentedPair {
  const { loadSize, cropSize, flip, filter = "bicubic", inputFilter = filter } = augmentation;
  if (![loadSize, cropSize].every(Number.isInteger) || cropSize < 1 || cropSize > loadSize) {
    throw new RangeError(`augmentation: expected 1 <= cropSize <= loadSize, got ${cropSize} and ${loadSize}`);
  }
  const [unitLeft, unitTop, unitFlip] = uniformFloat64(key, 3) as unknown as readonly [number, number, number];
  const places = loadSize - cropSize + 1;
  const left = Math.floor(unitLeft * places);
  const top = Math.floor(unitTop * places);
  const flipped = flip && unitFlip < 0.5;
  const transform = (image: PixelImage, by: ResampleFilter): PixelImage => {
    const same = image.width === loadSize && image.height === loadSize;
    const resized = same ? image : resizeImage(image, { width: loadSize, height: loadSize }, by);
    const cropped = places === 1 ? resized : cropImage(resized, { left, top, width: cropSize, height: cropSize });
    return flipped ? flipHorizontally(cropped) : cropped;
  };
  const pair = {
    name: example.name,
    input: transform(example.input, inputFilter),
    target: transform(example.target, filter),
    flipped,
    left,
    top,
  };
  if (!example.labels) return pair;
  const { classIds, width, height } = example.labels;
  const labels = transform({ pixels: classIds, width, height, channels: 1 }, "nearest");
  return { ...pair, labels: { classIds: labels.pixels, width: cropSize, height: cropSize } };
}
