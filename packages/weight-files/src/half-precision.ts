const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The value of an IEEE 754 binary16 pattern, subnormals, infinities and NaN included. */
export function decodeHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The value of a bfloat16 pattern: the upper half of a float32. */
export function decodeBfloat16(pattern: number): number {
  word[0] = pattern << 16;
  return float[0]!;
}

/** The nearest binary16 pattern of a number, ties to even; infinity from 65520 on. One rounding, from float64. */
export function encodeHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // Below 2^-14 the spacing stays 2^-24 (subnormal numbers).
  const exponent = Math.max(-14, Math.min(15, exponentOf(magnitude)));
  const steps = roundTiesToEven(magnitude * 2 ** (10 - exponent));
  // Carries run into the exponent field by themselves: 2048 steps are the next power of two.
  return sign | (steps < 1024 ? steps : ((exponent + 14) << 10) + steps);
}

/** floor(log2(magnitude)) for finite positive numbers that are not tiny, exact. */
function exponentOf(magnitude: number): number {
  float[0] = magnitude;
  const exponent = (word[0]! >>> 23) - 127;
  // The conversion to float32 may have rounded up to the next power of two.
  return magnitude < 2 ** exponent ? exponent - 1 : exponent;
}

function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
