import { inverseErrorFunction } from "./inverse-error-function.ts";
import type { RandomKey } from "./random-key.ts";
import { threefryInto } from "./threefry.ts";

/** Interval of a uniform draw: [minimum, maximum). */
export interface UniformOptions {
  /** @defaultValue 0 */
  readonly minimum?: number;
  /** @defaultValue 1 */
  readonly maximum?: number;
}

/** Location and scale of a normal draw. */
export interface NormalOptions {
  /** @defaultValue 0 */
  readonly mean?: number;
  /** @defaultValue 1 */
  readonly standardDeviation?: number;
}

const TWO_32 = 0x1_0000_0000;
/** Smallest magnitude that keeps the inverse error function finite: the float32 above -1. */
const ABOVE_MINUS_ONE = -1 + 2 ** -24;

function assertCount(count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`count: expected a non-negative integer, got ${count}`);
  }
}

/** Calls `visit` with the two words of each counter block of the key. */
function forEachBlock(key: RandomKey, count: number, visit: (index: number, word0: number, word1: number) => void) {
  assertCount(count);
  const [key0, key1] = key.words;
  const block = new Uint32Array(2);
  for (let index = 0; index < count; index++) {
    threefryInto(key0, key1, Math.floor(index / TWO_32), index, block, 0);
    visit(index, block[0]!, block[1]!);
  }
}

/**
 * Independent 32-bit words, uniform over all of them. Equals `jax.random.bits(key, (count,))` (partitionable threefry).
 */
export function bits(key: RandomKey, count: number): Uint32Array {
  assertCount(count);
  const out = new Uint32Array(count);
  forEachBlock(key, count, (index, word0, word1) => {
    out[index] = word0 ^ word1;
  });
  return out;
}

/** The float32 in [0, 1) made of the upper 23 bits of a word. */
function unitFloat(word: number): number {
  return (word >>> 9) * 2 ** -23;
}

/** Float32 draws from [minimum, maximum), 23 random bits each. Equals `jax.random.uniform`. */
export function uniform(
  key: RandomKey,
  count: number,
  { minimum = 0, maximum = 1 }: UniformOptions = {},
): Float32Array {
  if (!(minimum < maximum)) {
    throw new RangeError(`uniform: expected minimum < maximum, got [${minimum}, ${maximum})`);
  }
  const words = bits(key, count);
  const range = Math.fround(Math.fround(maximum) - Math.fround(minimum));
  // One rounding for product and sum, as the fused multiply-add of jax does it.
  return Float32Array.from(words, (word) => unitFloat(word) * range + Math.fround(minimum));
}

/** Float64 draws from [minimum, maximum) with 53 random bits each, for code that computes in double precision. */
export function uniformFloat64(
  key: RandomKey,
  count: number,
  { minimum = 0, maximum = 1 }: UniformOptions = {},
): Float64Array {
  if (!(minimum < maximum)) {
    throw new RangeError(`uniform: expected minimum < maximum, got [${minimum}, ${maximum})`);
  }
  assertCount(count);
  const out = new Float64Array(count);
  forEachBlock(key, count, (index, word0, word1) => {
    const unit = ((word0 >>> 5) * 0x4000000 + (word1 >>> 6)) * 2 ** -53;
    out[index] = minimum + unit * (maximum - minimum);
  });
  return out;
}

/** Float32 normal draws. Equals `jax.random.normal` to float32 rounding: sqrt(2) erfinv(u), u uniform in (-1, 1). */
export function normal(
  key: RandomKey,
  count: number,
  { mean = 0, standardDeviation = 1 }: NormalOptions = {},
): Float32Array {
  assertScale(standardDeviation);
  const words = bits(key, count);
  const out = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const u = Math.max(ABOVE_MINUS_ONE, 2 * unitFloat(words[index]!) + ABOVE_MINUS_ONE);
    out[index] = mean + standardDeviation * Math.SQRT2 * inverseErrorFunction(u);
  }
  return out;
}

/** Float64 normal draws by the Box-Muller transform of 53-bit uniforms, for code that computes in double precision. */
export function normalFloat64(
  key: RandomKey,
  count: number,
  { mean = 0, standardDeviation = 1 }: NormalOptions = {},
): Float64Array {
  assertScale(standardDeviation);
  const uniforms = uniformFloat64(key, count + (count % 2));
  const out = new Float64Array(count);
  for (let index = 0; index < count; index += 2) {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    const radius = standardDeviation * Math.sqrt(-2 * Math.log(1 - uniforms[index]!));
    const angle = 2 * Math.PI * uniforms[index + 1]!;
    out[index] = mean + radius * Math.cos(angle);
    if (index + 1 < count) out[index + 1] = mean + radius * Math.sin(angle);
  }
  return out;
}

function assertScale(standardDeviation: number): void {
  if (!(standardDeviation >= 0)) {
    throw new RangeError(`standardDeviation: expected a number >= 0, got ${standardDeviation}`);
  }
}

/** Integers from [minimum, maximum), each equally likely (to 2^-53 of the range). */
export function integers(key: RandomKey, count: number, minimum: number, maximum: number): Int32Array {
  if (!Number.isInteger(minimum) || !Number.isInteger(maximum) || minimum >= maximum) {
    throw new RangeError(`integers: expected integers minimum < maximum, got [${minimum}, ${maximum})`);
  }
  return Int32Array.from(uniformFloat64(key, count), (unit) => minimum + Math.floor(unit * (maximum - minimum)));
}

/** A random order of 0 .. count - 1, all orders equally likely (Fisher-Yates). */
export function permutation(key: RandomKey, count: number): Int32Array {
  return choice(key, count, count);
}

/** `drawn` distinct indices out of 0 .. count - 1, in random order. */
export function choice(key: RandomKey, count: number, drawn: number): Int32Array {
  assertCount(count);
  if (!Number.isInteger(drawn) || drawn < 0 || drawn > count) {
    throw new RangeError(`choice: expected to draw between 0 and ${count} distinct indices, got ${drawn}`);
  }
  const order = Int32Array.from({ length: count }, (_, index) => index);
  const units = uniformFloat64(key, drawn);
  for (let index = 0; index < drawn; index++) {
    const other = index + Math.floor(units[index]! * (count - index));
    const held = order[index]!;
    order[index] = order[other]!;
    order[other] = held;
  }
  return order.slice(0, drawn);
}

/**
 * Independent draws of an index with probability proportional to its weight.
 *
 * @param weights - finite, >= 0, not all zero; need not sum to 1.
 * @throws RangeError if the weights are not such.
 */
export function categorical(key: RandomKey, weights: ArrayLike<number>, count: number): Int32Array {
  const cumulative = new Float64Array(weights.length);
  let total = 0;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index]!;
    if (!(weight >= 0) || !Number.isFinite(weight)) {
      throw new RangeError(`weights: expected finite numbers >= 0, got ${weight} at index ${index}`);
    }
    total += weight;
    cumulative[index] = total;
  }
  if (!(total > 0)) throw new RangeError("weights: expected at least one positive weight, got none");
  return Int32Array.from(uniformFloat64(key, count), (unit) => firstAbove(cumulative, unit * total));
}

/** Index of the first entry of an ascending array that is greater than `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Zeros and ones; one with the given probability in [0, 1]. */
export function bernoulli(key: RandomKey, count: number, probability: number): Float32Array {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`probability: expected a number in [0, 1], got ${probability}`);
  }
  return Float32Array.from(uniform(key, count), (unit) => (unit < probability ? 1 : 0));
}
