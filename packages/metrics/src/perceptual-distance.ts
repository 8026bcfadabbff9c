import { assertFinite } from "./assert-finite.ts";

/** Activations of one image at one layer, channels last, row-major. */
export interface FeatureMap {
  readonly values: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Perceptual distance of two images from their activations, in the form of LPIPS:
 *
 *   sum_l mean_positions sum_c w_lc ( f_lc / (|f_l| + 1e-10) - g_lc / (|g_l| + 1e-10) )^2
 *
 * |.| is the norm over channels at a position. Named LPIPS only with the original trunk and heads.
 *
 * @param first - one map a layer.
 * @param second - the same layers of the other image.
 * @param heads - non-negative channel weights of each layer; ones when absent (the "baseline" form).
 * @returns >= 0.
 * @throws RangeError if layers differ in number or size, or a value is not finite.
 * @see Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018.
 */
export function perceptualDistance(
  first: readonly FeatureMap[],
  second: readonly FeatureMap[],
  heads?: readonly ArrayLike<number>[],
): number {
  if (first.length !== second.length || first.length === 0) {
    throw new RangeError(`second: expected ${first.length} layers (at least 1), got ${second.length}`);
  }
  if (heads !== undefined && heads.length !== first.length) {
    throw new RangeError(`heads: expected ${first.length} layers, got ${heads.length}`);
  }
  return first.reduce((sum, map, layer) => sum + layerDistance(map, second[layer]!, heads?.[layer], layer), 0);
}

function layerDistance(a: FeatureMap, b: FeatureMap, head: ArrayLike<number> | undefined, layer: number): number {
  const { height, width, channels } = a;
  const size = [height, width, channels].join(" x ");
  for (const [name, map] of Object.entries({ first: a, second: b })) {
    if ([map.height, map.width, map.channels].join(" x ") !== size || map.values.length !== height * width * channels) {
      throw new RangeError(`${name}: expected ${size} values at layer ${layer}, got ${map.values.length}`);
    }
    assertFinite(map.values, `${name}, layer ${layer}`);
  }
  if (!(height * width * channels > 0)) throw new RangeError(`first: expected values at layer ${layer}, got ${size}`);
  if (head !== undefined) {
    if (head.length !== channels) {
      throw new RangeError(`heads: expected ${channels} weights at layer ${layer}, got ${head.length}`);
    }
    assertFinite(head, `heads, layer ${layer}`);
  }
  let sum = 0;
  for (let position = 0; position < height * width; position++) {
    const start = position * channels;
    const normA = normAt(a.values, start, channels) + 1e-10;
    const normB = normAt(b.values, start, channels) + 1e-10;
    for (let channel = 0; channel < channels; channel++) {
      const difference = a.values[start + channel]! / normA - b.values[start + channel]! / normB;
      sum += (head?.[channel] ?? 1) * difference * difference;
    }
  }
  return sum / (height * width);
}

function normAt(values: ArrayLike<number>, start: number, channels: number): number {
  let squared = 0;
  for (let channel = 0; channel < channels; channel++) squared += values[start + channel]! ** 2;
  return Math.sqrt(squared);
}
