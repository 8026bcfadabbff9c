import { loadSimdModule } from "@divgen/clustering";
import { reflectionBinary } from "./wasm/reflection-binary.ts";

/** A matrix that reflections make tridiagonal, with the vectors of two of them, and the step that takes the time. */
export interface Reflections {
  /** [n, n], row-major; the lower triangle counts. */
  readonly matrix: Float64Array;
  /** Four of n numbers, zero at first. */
  readonly vectors: readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  /**
   * On the lower triangle of the leading `size` rows: matrix -= u q^T + q u^T, then p = matrix v. Memory is read once.
   *
   * @param u - as q, v and p, one of `vectors`.
   */
  updateAndMultiply(size: number, u: Float64Array, q: Float64Array, v: Float64Array, p: Float64Array): void;
}

/** Where data begins: the addresses below belong to the kernel's stack. */
const START = 1 << 20;
const PAGE = 65_536;
/** Smaller matrices are done before a module is made. */
const SMALLEST = 64;

/** Room for a matrix of n rows: in WebAssembly's memory where there is such, with 128-bit SIMD. */
export function createReflections(n: number): Reflections {
  return (n < SMALLEST ? null : simdReflections(n)) ?? plainReflections(n);
}

/** `createReflections` in plain JavaScript. */
export function plainReflections(n: number): Reflections {
  const matrix = new Float64Array(n * n);
  const vector = () => new Float64Array(n);
  return {
    matrix,
    vectors: [vector(), vector(), vector(), vector()],
    updateAndMultiply: (size, u, q, v, p) => updateAndMultiply(matrix, n, size, u, q, v, p),
  };
}

type Update = (a: number, n: number, size: number, u: number, q: number, v: number, p: number) => void;

function simdReflections(n: number): Reflections | null {
  // Vectors begin at multiples of two numbers.
  const stride = n + (n % 2);
  const bytes = START + 8 * (n * n + 1 + 4 * stride);
  const module = loadSimdModule<{ readonly updateAndMultiply: Update }>(reflectionBinary, Math.ceil(bytes / PAGE));
  if (module === null) return null;
  const { buffer, exports } = module;
  const vectors = START + 8 * (n * n + (n % 2));
  const vector = (index: number) => new Float64Array(buffer, vectors + 8 * index * stride, n);
  return {
    matrix: new Float64Array(buffer, START, n * n),
    vectors: [vector(0), vector(1), vector(2), vector(3)],
    updateAndMultiply: (size, u, q, v, p) =>
      exports.updateAndMultiply(START, n, size, u.byteOffset, q.byteOffset, v.byteOffset, p.byteOffset),
  };
}

function updateAndMultiply(
  a: Float64Array,
  n: number,
  size: number,
  u: Float64Array,
  q: Float64Array,
  v: Float64Array,
  p: Float64Array,
): void {
  for (let r = 0; r < size; r++) {
    const row = r * n;
    const ur = u[r]!;
    const qr = q[r]!;
    const vr = v[r]!;
    let sum = 0;
    for (let j = 0; j < r; j++) {
      const value = a[row + j]! - (ur * q[j]! + qr * u[j]!);
      a[row + j] = value;
      sum += value * v[j]!;
      p[j]! += value * vr;
    }
    const value = a[row + r]! - 2 * ur * qr;
    a[row + r] = value;
    p[r] = sum + value * vr;
  }
}
