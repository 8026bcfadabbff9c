/** Adam on one array of float64 unknowns. */
export interface Adam {
  /** Moves `unknowns` in place against the gradient. */
  update(unknowns: Float64Array, gradient: Float64Array, learningRate: number): void;
}

/** @see Kingma and Ba, "Adam: a method for stochastic optimization", 2014; default betas, epsilon 1e-8. */
export function createAdam(size: number, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8): Adam {
  const first = new Float64Array(size);
  const second = new Float64Array(size);
  let step = 0;
  return {
    update: (unknowns, gradient, learningRate) => {
      step++;
      const rate = learningRate / (1 - beta1 ** step);
      const correction = 1 / Math.sqrt(1 - beta2 ** step);
      for (let index = 0; index < size; index++) {
        const slope = gradient[index]!;
        const mean = beta1 * first[index]! + (1 - beta1) * slope;
        const square = beta2 * second[index]! + (1 - beta2) * slope * slope;
        first[index] = mean;
        second[index] = square;
        unknowns[index]! -= (rate * mean) / (Math.sqrt(square) * correction + epsilon);
      }
    },
  };
}
