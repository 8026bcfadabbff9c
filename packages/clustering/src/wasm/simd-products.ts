import { loadSimdModule } from "./load-simd-module.ts";
import { rowProductsBinary } from "./row-products-binary.ts";

/** Addresses are bytes from the start of the memory. */
type Products = (left: number, rows: number, panel: number, points: number, columns: number, out: number) => void;

const PAGE = 65_536;
const DOUBLE = 8;
/** Points of a panel: with some hundred columns it stays in the second-level cache. */
const PANEL_POINTS = 64;
/** Where data begins: the addresses below belong to the kernel's stack. */
const START = 64 * 1024 * 4;

/** Inner products by 128-bit SIMD. */
export interface SimdProducts {
  /**
   * out[i * rightCount + j] = sum over the columns [from, to) of left row i times right row j, summed in their order.
   *
   * @param left - row-major, of rows of `columns` numbers, from `leftStart` (a number of values) on.
   */
  multiply(
    left: { readonly values: Float64Array; readonly start: number; readonly count: number },
    right: { readonly values: Float64Array; readonly start: number; readonly count: number },
    columns: number,
    from: number,
    to: number,
    out: Float64Array,
  ): void;
}

let loaded: SimdProducts | null | undefined;

/** The kernel, or null where there is no WebAssembly with SIMD. It keeps a few megabytes of memory. */
export function simdProducts(): SimdProducts | null {
  loaded ??= load();
  return loaded;
}

function load(): SimdProducts | null {
  const module = loadSimdModule<{ readonly products: Products }>(rowProductsBinary, 16);
  if (module === null) return null;
  const { products } = module.exports;
  const grow = (bytesNeeded: number): Float64Array => {
    const missing = bytesNeeded - module.buffer.byteLength;
    if (missing > 0) module.grow(Math.ceil(missing / PAGE));
    return new Float64Array(module.buffer);
  };
  return {
    multiply: (left, right, columns, from, to, out) => {
      const length = to - from;
      const leftAt = START;
      const panelAt = leftAt + left.count * length * DOUBLE;
      const outAt = panelAt + PANEL_POINTS * length * DOUBLE;
      const heap = grow(outAt + left.count * PANEL_POINTS * DOUBLE);
      for (let row = 0; row < left.count; row++) {
        const source = (left.start + row) * columns + from;
        heap.set(left.values.subarray(source, source + length), leftAt / DOUBLE + row * length);
      }
      for (let first = 0; first < right.count; first += PANEL_POINTS) {
        const points = Math.min(PANEL_POINTS, right.count - first);
        // Whole groups of four: what is left over of a last one is computed and not read.
        const padded = (points + 3) & ~3;
        packPanel(
          right.values,
          (right.start + first) * columns + from,
          columns,
          { points, length },
          heap,
          panelAt / DOUBLE,
        );
        products(leftAt, left.count, panelAt, padded, length, outAt);
        const results = outAt / DOUBLE;
        for (let row = 0; row < left.count; row++) {
          const found = results + row * padded;
          out.set(heap.subarray(found, found + points), row * right.count + first);
        }
      }
    },
  };
}

/** Lays points out as [group of four][column][point]. */
function packPanel(
  values: Float64Array,
  start: number,
  columns: number,
  { points, length }: { readonly points: number; readonly length: number },
  heap: Float64Array,
  at: number,
): void {
  for (let first = 0; first < points; first += 4) {
    // The last point stands for those that are missing in its group.
    const p0 = start + first * columns;
    const p1 = start + Math.min(first + 1, points - 1) * columns;
    const p2 = start + Math.min(first + 2, points - 1) * columns;
    const p3 = start + Math.min(first + 3, points - 1) * columns;
    for (let column = 0, target = at + first * length; column < length; column++, target += 4) {
      heap[target] = values[p0 + column]!;
      heap[target + 1] = values[p1 + column]!;
      heap[target + 2] = values[p2 + column]!;
      heap[target + 3] = values[p3 + column]!;
    }
  }
}
