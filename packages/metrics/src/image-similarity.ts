import { assertFinite } from "./assert-finite.ts";

/** Two images of one size, channels last, row-major. */
export interface ImagePair {
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Distance between the least and the greatest possible value: 2 for [-1, 1], 255 for bytes. */
export interface ValueRange {
  readonly range: number;
}

/**
 * Peak signal-to-noise ratio in decibels: 10 log10(range^2 / mean squared difference).
 *
 * @returns infinity for equal images.
 * @throws RangeError if sizes do not fit, a value is not finite, or the range is not > 0.
 */
export function peakSignalToNoiseRatio(pair: ImagePair, { range }: ValueRange): number {
  assertPair(pair, range, 1);
  let sum = 0;
  for (let index = 0; index < pair.first.length; index++) sum += (pair.first[index]! - pair.second[index]!) ** 2;
  return 10 * Math.log10((range * range * pair.first.length) / sum);
}

/**
 * Structural similarity under an 11 x 11 Gaussian window (sigma 1.5): mean over all positions, the image reflected at its
 * border, and over channels. (The first implementation leaves the border out, which changes small images a little.)
 *
 * @returns in [-1, 1], 1 for equal images.
 * @throws RangeError if sizes do not fit, a side is below 11, a value is not finite, or the range is not > 0.
 * @see Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004; k1 = 0.01,
 * k2 = 0.03. Equals torchmetrics.
 */
export function structuralSimilarity(pair: ImagePair, { range }: ValueRange): number {
  assertPair(pair, range, WINDOW);
  return similarityOf(planesOf(pair), range).similarity;
}

const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/**
 * Structural similarity over five scales, halved by 2 x 2 means: product of contrast terms (mean over positions where the
 * window fits) and the last full term, each raised to its weight; negative terms count as 0.
 *
 * @returns in [0, 1], 1 for equal images.
 * @throws RangeError if sizes do not fit, a side is below 176, a value is not finite, or the range is not > 0.
 * @see Wang et al., "Multiscale structural similarity for image quality assessment", 2003. Equals torchmetrics.
 */
export function multiScaleStructuralSimilarity(pair: ImagePair, { range }: ValueRange): number {
  assertPair(pair, range, WINDOW * 2 ** (SCALE_WEIGHTS.length - 1));
  let planes = planesOf(pair);
  let product = 1;
  for (const [scale, weight] of SCALE_WEIGHTS.entries()) {
    const { similarity, contrast } = similarityOf(planes, range);
    const term = scale === SCALE_WEIGHTS.length - 1 ? similarity : contrast;
    product *= Math.max(0, term) ** weight;
    planes = planes.map(([first, second]) => [halve(first), halve(second)]);
  }
  return product;
}

interface Plane {
  readonly values: Float64Array;
  readonly height: number;
  readonly width: number;
}

const WINDOW = 11;
const WEIGHTS = gaussianWindow();

function gaussianWindow(): Float64Array {
  const weights = Float64Array.from({ length: WINDOW }, (_, at) =>
    Math.exp(-((at - (WINDOW - 1) / 2) ** 2) / (2 * 1.5 ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function planesOf({ first, second, height, width, channels }: ImagePair): (readonly [Plane, Plane])[] {
  const plane = (image: ArrayLike<number>, channel: number): Plane => ({
    values: Float64Array.from({ length: height * width }, (_, at) => image[at * channels + channel]!),
    height,
    width,
  });
  return Array.from({ length: channels }, (_, channel) => [plane(first, channel), plane(second, channel)] as const);
}

/**
 * Mean over positions and channels of the full term, and mean of its contrast-structure part over the positions where
 * the window fits.
 */
function similarityOf(planes: readonly (readonly [Plane, Plane])[], range: number) {
  const c1 = (0.01 * range) ** 2;
  const c2 = (0.03 * range) ** 2;
  let similarity = 0;
  let contrast = 0;
  let count = 0;
  let innerCount = 0;
  for (const [a, b] of planes) {
    const product = (x: Plane, y: Plane): Plane => ({
      ...x,
      values: x.values.map((value, at) => value * y.values[at]!),
    });
    const [meanA, meanB, squareA, squareB, cross] = [a, b, product(a, a), product(b, b), product(a, b)].map(blur);
    for (let at = 0; at < a.values.length; at++) {
      const mu1 = meanA![at]!;
      const mu2 = meanB![at]!;
      const covariance = cross![at]! - mu1 * mu2;
      const variances = Math.max(0, squareA![at]! - mu1 * mu1) + Math.max(0, squareB![at]! - mu2 * mu2);
      const structure = (2 * covariance + c2) / (variances + c2);
      similarity += (structure * (2 * mu1 * mu2 + c1)) / (mu1 * mu1 + mu2 * mu2 + c1);
      count++;
      if (windowFits(at, a)) {
        contrast += structure;
        innerCount++;
      }
    }
  }
  return { similarity: similarity / count, contrast: contrast / innerCount };
}

const HALF = (WINDOW - 1) / 2;

function windowFits(at: number, { height, width }: Plane): boolean {
  const y = Math.floor(at / width);
  const x = at % width;
  return y >= HALF && y < height - HALF && x >= HALF && x < width - HALF;
}

/** Position of `at` in a line of `size` that is reflected at its ends (the end itself is not repeated). */
function reflected(at: number, size: number): number {
  if (at < 0) return -at;
  return at < size ? at : 2 * (size - 1) - at;
}

/** Gaussian means at all positions, the plane reflected at its border. */
function blur({ values, height, width }: Plane): Float64Array {
  const rows = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += WEIGHTS[k]! * values[y * width + reflected(x + k - HALF, width)]!;
      rows[y * width + x] = sum;
    }
  }
  const out = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += WEIGHTS[k]! * rows[reflected(y + k - HALF, height) * width + x]!;
      out[y * width + x] = sum;
    }
  }
  return out;
}

/** Means of 2 x 2 blocks; an odd last row or column is dropped. */
function halve({ values, height, width }: Plane): Plane {
  const halfHeight = Math.floor(height / 2);
  const halfWidth = Math.floor(width / 2);
  const out = new Float64Array(halfHeight * halfWidth);
  for (let y = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) {
      const at = 2 * y * width + 2 * x;
      out[y * halfWidth + x] = (values[at]! + values[at + 1]! + values[at + width]! + values[at + width + 1]!) / 4;
    }
  }
  return { values: out, height: halfHeight, width: halfWidth };
}

function assertPair({ first, second, height, width, channels }: ImagePair, range: number, leastSide: number): void {
  if (!(range > 0) || !Number.isFinite(range)) {
    throw new RangeError(`range: expected a number > 0, got ${range}`);
  }
  for (const [name, image] of Object.entries({ first, second })) {
    if (image.length !== height * width * channels || image.length === 0) {
      throw new RangeError(`${name}: expected ${height} x ${width} x ${channels} values, got ${image.length}`);
    }
    assertFinite(image, name);
  }
  if (Math.min(height, width, channels) < 1 || ![height, width, channels].every(Number.isInteger)) {
    throw new RangeError(`images: expected integers >= 1 as sizes, got ${height} x ${width} x ${channels}`);
  }
  if (Math.min(height, width) < leastSide) {
    throw new RangeError(`images: expected sides of at least ${leastSide} pixels, got ${height} x ${width}`);
  }
}
