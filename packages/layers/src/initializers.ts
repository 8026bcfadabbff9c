import { normal, type RandomKey, uniform } from "@divgen/random";
import { orthonormalColumns } from "./orthonormal-columns.ts";

/**
 * Number of values that feed one output (`in`) and that one input feeds (`out`), counted as
 * `torch.nn.init._calculate_fan_in_and_fan_out` counts them.
 */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/**
 * Draws the first values of a parameter.
 *
 * @param key - all randomness comes from it.
 * @param shape - of the parameter, in this package's layout: [height, width, in, out] for convolutions,
 *   [height, width, out, in] for transposed ones, [in, out] for dense layers, [channels] for vectors.
 * @param fans - of the layer's weight; a bias gets those of its weight.
 * @returns as many values as `shape` holds.
 */
export type Initializer = (key: RandomKey, shape: readonly number[], fans: Fans) => Float32Array;

/** How a convolution or dense layer starts. No default: papers differ, and hiding the choice hides the paper. */
export interface WeightInitializer {
  readonly weight: Initializer;
  /** Not used by layers without a bias. */
  readonly bias: Initializer;
}

/** How the scale and offset of a normalisation start. */
export interface AffineInitializer {
  readonly scale: Initializer;
  readonly offset: Initializer;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** The same value everywhere. */
export function constantInitializer(value: number): Initializer {
  return (_key, shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** Normal draws, such as N(0, 0.02) of the DCGAN family (the number is the standard deviation). */
export function normalInitializer(standardDeviation: number, mean = 0): Initializer {
  return (key, shape) => normal(key, sizeOf(shape), { mean, standardDeviation });
}

/** Uniform draws from [-bound, bound). */
export function uniformInitializer(bound: number): Initializer {
  return (key, shape) => uniform(key, sizeOf(shape), { minimum: -bound, maximum: bound });
}

/**
 * Normal draws without those beyond two standard deviations, as `torch.nn.init.trunc_normal_(a=-2 std, b=2 std)` and
 * TensorFlow's truncated normal: the standard deviation is that of the law before the cut (after it, 0.88 times).
 */
export function truncatedNormalInitializer(standardDeviation: number): Initializer {
  return (key, shape) => {
    const values = new Float32Array(sizeOf(shape));
    let filled = 0;
    for (let round = 0; filled < values.length; round++) {
      for (const draw of normal(key.fold(round), values.length - filled)) {
        if (Math.abs(draw) <= 2) values[filled++] = draw * standardDeviation;
      }
    }
    return values;
  };
}

/** N(0, std), std = gain * sqrt(2 / (fan in + fan out)); Glorot and Bengio 2010. */
export function xavierNormalInitializer(gain: number): Initializer {
  return (key, shape, fans) =>
    normal(key, sizeOf(shape), { standardDeviation: gain * Math.sqrt(2 / (fans.in + fans.out)) });
}

/** U(-bound, bound), bound = gain * sqrt(6 / (fan in + fan out)); with gain 1 also Keras's "glorot uniform". */
export function xavierUniformInitializer(gain: number): Initializer {
  return (key, shape, fans) => uniformInitializer(gain * Math.sqrt(6 / (fans.in + fans.out)))(key, shape, fans);
}

/** Of He et al. 2015. */
export interface KaimingOptions {
  /** Slope of the leaky ReLU that follows; 0 for ReLU. */
  readonly negativeSlope: number;
  /** Which fan is kept at unit gain. */
  readonly mode: "fan-in" | "fan-out";
}

const kaimingDeviation = ({ negativeSlope, mode }: KaimingOptions, fans: Fans): number =>
  Math.sqrt(2 / ((1 + negativeSlope ** 2) * (mode === "fan-in" ? fans.in : fans.out)));

/** N(0, std), std = sqrt(2 / ((1 + slope^2) fan)). */
export function kaimingNormalInitializer(options: KaimingOptions): Initializer {
  return (key, shape, fans) => normal(key, sizeOf(shape), { standardDeviation: kaimingDeviation(options, fans) });
}

/** U(-bound, bound), bound = sqrt(3) * sqrt(2 / ((1 + slope^2) fan)). */
export function kaimingUniformInitializer(options: KaimingOptions): Initializer {
  return (key, shape, fans) => uniformInitializer(Math.sqrt(3) * kaimingDeviation(options, fans))(key, shape, fans);
}

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer, times the gain: the weight is read as
 * [all other axes, last axis], which is `torch.nn.init.orthogonal_` on PyTorch's layout of the same layer.
 */
export function orthogonalInitializer(gain: number): Initializer {
  return (key, shape) => {
    const columns = shape.at(-1) ?? 1;
    const rows = sizeOf(shape) / columns;
    const basis = orthonormalColumns(key, Math.max(rows, columns), Math.min(rows, columns));
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [long, short] = rows >= columns ? [row, column] : [column, row];
        values[row * columns + column] = gain * basis[short]![long]!;
      }
    }
    return values;
  };
}

/** What PyTorch's Linear, Conv2d and ConvTranspose2d start with: U(-1/sqrt(fan in), 1/sqrt(fan in)), weight and bias. */
export const torchDefaultInitializer: WeightInitializer = {
  weight: kaimingUniformInitializer({ negativeSlope: Math.sqrt(5), mode: "fan-in" }),
  bias: (key, shape, fans) => uniformInitializer(1 / Math.sqrt(fans.in))(key, shape, fans),
};

/** Scale 1, offset 0: the start of normalisations in every framework. */
export const identityAffine: AffineInitializer = {
  scale: constantInitializer(1),
  offset: constantInitializer(0),
};
