import type { CompressionProblem, Evaluation, PointMasses } from "./compression-problem.ts";

/** exp(logits), scaled to the sum 1. */
export function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const shares = logits.map((logit) => Math.exp(logit - largest));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

/** Derivatives of d^2 by the logits of the shares: alpha_j (D_j - sum_i share_i D_i). */
export function logitGradients({ masses, massGradients }: Evaluation, shares: Float64Array): Float64Array {
  let mean = 0;
  for (let row = 0; row < shares.length; row++) mean += shares[row]! * massGradients[row]!;
  return masses.map((mass, row) => mass * (massGradients[row]! - mean));
}

/**
 * One multiplicative step of the shares at fixed positions, share_j <- share_j exp(-step D_j / scale), shortened until d^2 does
 * not rise (the old shares, if that takes too long).
 *
 * @param step - what to try first; the returned one is for the next call.
 */
export function improveShares(
  problem: CompressionProblem,
  state: PointMasses,
  evaluation: Evaluation,
  step: number,
): { readonly state: PointMasses; readonly evaluation: Evaluation; readonly step: number } {
  const { massGradients } = evaluation;
  const least = massGradients.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
  const scale = problem.target.scale / state.shares.length;
  for (let attempt = 0, tried = step; attempt < 12; attempt++, tried /= 2) {
    const logits = state.shares.map((share, row) => Math.log(share) - (tried * (massGradients[row]! - least)) / scale);
    const next = { positions: state.positions, shares: softmax(logits) };
    const nextEvaluation = problem.evaluate(next);
    if (nextEvaluation.squaredDistance <= evaluation.squaredDistance) {
      return { state: next, evaluation: nextEvaluation, step: tried * 2 };
    }
  }
  return { state, evaluation, step: step / 16 };
}
