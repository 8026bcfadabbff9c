import { integers, normalFloat64, type RandomKey } from "@divgen/random";
import { type Tensor2D, tensor2d } from "@tensorflow/tfjs-core";

/** Equal Gaussians in the plane: the data whose modes can be counted. */
export interface PointMixture {
  readonly name: string;
  /** [x, y] of each mode. */
  readonly means: readonly (readonly [x: number, y: number])[];
  /** Of each coordinate around its mean, the same for all modes. */
  readonly standardDeviation: number;
  /** Draws points, each from a mode chosen uniformly, with the modes they came from. */
  draw(key: RandomKey, count: number): PointSample;
}

/** Drawn points. */
export interface PointSample {
  /** count * 2 values: x, y, x, y, ... */
  readonly points: Float32Array;
  /** Number of the mode of each point. */
  readonly modes: Int32Array;
}

/** A ring of Gaussians. */
export interface RingOptions {
  /** @defaultValue 8 */
  readonly modes?: number;
  /** The paper and PacGAN: 1; the repository of self-conditioned GAN: 2. */
  readonly radius: number;
  /** @defaultValue 1e-4 */
  readonly variance?: number;
}

/**
 * Modes evenly on a circle, the first at angle 0: mode i at radius * (cos, sin)(2 pi i / modes).
 *
 * @throws RangeError for no mode, or a radius or variance that is not positive.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 4.1.
 */
export function createRing({ modes = 8, radius, variance = 1e-4 }: RingOptions): PointMixture {
  assertMixture(modes, variance);
  if (!(radius > 0)) throw new RangeError(`radius: expected a number > 0, got ${radius}`);
  const means = Array.from({ length: modes }, (_, mode) => {
    const angle = (2 * Math.PI * mode) / modes;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  });
  return createPointMixture(`ring-${modes}`, means, Math.sqrt(variance));
}

/** A square grid of Gaussians. */
export interface GridOptions {
  /** Modes along one side; the grid has its square. @defaultValue 5 */
  readonly side?: number;
  /** Between neighbours. @defaultValue 2 */
  readonly spacing?: number;
  /** @defaultValue 0.0025 */
  readonly variance?: number;
}

/**
 * Modes on a grid around the origin: with the defaults at (2i - 4, 2j - 4), i, j = 0 .. 4; j runs first.
 *
 * @throws RangeError for no mode, or a spacing or variance that is not positive.
 */
export function createGrid({ side = 5, spacing = 2, variance = 0.0025 }: GridOptions = {}): PointMixture {
  assertMixture(side, variance);
  if (!(spacing > 0)) throw new RangeError(`spacing: expected a number > 0, got ${spacing}`);
  const coordinate = (step: number): number => spacing * (step - (side - 1) / 2);
  const means = Array.from(
    { length: side * side },
    (_, mode) => [coordinate(Math.floor(mode / side)), coordinate(mode % side)] as const,
  );
  return createPointMixture(`grid-${side * side}`, means, Math.sqrt(variance));
}

function createPointMixture(
  name: string,
  means: readonly (readonly [number, number])[],
  standardDeviation: number,
): PointMixture {
  return {
    name,
    means,
    standardDeviation,
    draw: (key, count) => {
      const modes = integers(key.split("modes"), count, 0, means.length);
      const noise = normalFloat64(key.split("noise"), 2 * count, { standardDeviation });
      const points = Float32Array.from(noise, (value, place) => means[modes[place >> 1]!]![place & 1]! + value);
      return { points, modes };
    },
  };
}

/** Points as a float32 tensor [count, 2], owned by the caller. */
export function toPointTensor({ points }: PointSample): Tensor2D {
  return tensor2d(points, [points.length / 2, 2], "float32");
}

function assertMixture(modes: number, variance: number): void {
  if (!Number.isInteger(modes) || modes < 1) throw new RangeError(`modes: expected an integer >= 1, got ${modes}`);
  if (!(variance > 0)) throw new RangeError(`variance: expected a number > 0, got ${variance}`);
}
