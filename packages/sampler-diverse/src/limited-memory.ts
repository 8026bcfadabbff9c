/** The inverse Hessian of L-BFGS: the last few steps and changes of the gradient. */
export class LimitedMemory {
  readonly #capacity: number;
  #pairs: { readonly step: Float64Array; readonly change: Float64Array; readonly inverse: number }[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  clear(): void {
    this.#pairs = [];
  }

  /** Remembers a step, unless the gradient did not grow along it (the objective is not convex there). */
  add(from: Float64Array, to: Float64Array, gradientFrom: Float64Array, gradientTo: Float64Array): void {
    const step = to.map((value, index) => value - from[index]!);
    const change = gradientTo.map((value, index) => value - gradientFrom[index]!);
    const product = inner(step, change);
    if (!(product > 1e-12 * Math.sqrt(inner(step, step) * inner(change, change)))) return;
    this.#pairs.push({ step, change, inverse: 1 / product });
    if (this.#pairs.length > this.#capacity) this.#pairs.shift();
  }

  /** Minus the inverse Hessian times the gradient, by the two-loop recursion from the given diagonal, which is scaled to the last step. */
  direction(gradient: Float64Array, diagonal: Float64Array): Float64Array {
    const out = gradient.map((value) => -value);
    const factors = new Float64Array(this.#pairs.length);
    for (let index = this.#pairs.length - 1; index >= 0; index--) {
      const { step, change, inverse } = this.#pairs[index]!;
      factors[index] = inverse * inner(step, out);
      addScaled(out, change, -factors[index]!);
    }
    const last = this.#pairs.at(-1);
    const scale = last === undefined ? 1 : 1 / (last.inverse * inner(last.change, last.change, diagonal));
    for (let index = 0; index < out.length; index++) out[index]! *= scale * diagonal[index]!;
    this.#pairs.forEach(({ step, change, inverse }, index) => {
      addScaled(out, step, factors[index]! - inverse * inner(change, out));
    });
    return out;
  }
}

function inner(first: Float64Array, second: Float64Array, weights?: Float64Array): number {
  let sum = 0;
  if (weights === undefined) for (let index = 0; index < first.length; index++) sum += first[index]! * second[index]!;
  else for (let index = 0; index < first.length; index++) sum += weights[index]! * first[index]! * second[index]!;
  return sum;
}

function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let index = 0; index < to.length; index++) to[index]! += factor * from[index]!;
}
