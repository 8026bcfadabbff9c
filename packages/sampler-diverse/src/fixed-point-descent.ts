import { type CompressionProblem, fixedPointStep, longestStep, type PointMasses } from "./compression-problem.ts";
import type { CompressionResult, StoppingRule } from "./stopping-rule.ts";
import { improveShares } from "./trained-shares.ts";

/**
 * Fixed point without step sizes: every point goes to the minimum of a quadratic majoriser of d^2, all at once; for the
 * standard normal distribution
 *
 *   X_j <- 1 / (J psi(|X_j|)) sum_j' (X_j - X_j') / |X_j - X_j'|
 *
 * d^2 never rises: the potential is concave in the squared distance and -k is concave. Convergence is linear. Shares, when
 * trained, improve after each step of the points.
 *
 * @see Mak and Joseph, "Support points", Annals of Statistics 2018, for sample targets.
 */
export function descendByFixedPoint(
  problem: CompressionProblem,
  start: PointMasses,
  { tolerance, maxIterations, onIteration }: StoppingRule,
  trainShares: boolean,
): CompressionResult {
  const { target } = problem;
  const limit = tolerance * target.scale;
  let state = start;
  let evaluation = problem.evaluate(state);
  let shareStep = 1;
  for (let iteration = 0; ; iteration++) {
    const positions = fixedPointStep(target, state.positions, evaluation);
    const step = longestStep(state.positions, positions, target.dimension);
    onIteration?.(iteration, evaluation.squaredDistance);
    if (step <= limit || iteration === maxIterations) {
      return { ...state, squaredDistance: evaluation.squaredDistance, iterations: iteration, converged: step <= limit };
    }
    state = { positions, shares: state.shares };
    evaluation = problem.evaluate(state);
    if (trainShares) {
      const improved = improveShares(problem, state, evaluation, shareStep);
      ({ state, evaluation } = improved);
      shareStep = improved.step;
    }
  }
}
