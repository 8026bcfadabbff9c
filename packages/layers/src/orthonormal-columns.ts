import { normalFloat64, type RandomKey } from "@divgen/random";

/**
 * `count` orthonormal vectors of the given length, uniformly distributed (Haar): Gaussian vectors, orthogonalised one
 * after the other. Each is projected twice, which keeps orthogonality at rounding level.
 *
 * @param length - at least `count`.
 */
export function orthonormalColumns(key: RandomKey, length: number, count: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  const draws = normalFloat64(key, length * count);
  for (let index = 0; index < count; index++) {
    const vector = draws.slice(index * length, (index + 1) * length);
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors) subtractProjection(vector, earlier);
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let entry = 0; entry < length; entry++) vector[entry] = vector[entry]! / norm;
    vectors.push(vector);
  }
  return vectors;
}

function dot(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let entry = 0; entry < first.length; entry++) sum += first[entry]! * second[entry]!;
  return sum;
}

function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  const length = dot(vector, unit);
  for (let entry = 0; entry < vector.length; entry++) vector[entry] = vector[entry]! - length * unit[entry]!;
}
