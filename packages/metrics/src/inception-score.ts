import { assertRowMatrix, type RowMatrix } from "@divgen/clustering";
import { permutation, type RandomKey } from "@divgen/random";
import { meanAndDeviation } from "./mean-and-deviation.ts";
import { takeRows } from "./take-rows.ts";

/** How samples are split. */
export interface InceptionScoreOptions {
  /** @defaultValue 10 */
  readonly splits?: number;
  /** Shuffles the samples before they are split; without it they keep their order. */
  readonly key?: RandomKey;
}

/** Mean and spread over splits. */
export interface InceptionScore {
  readonly value: number;
  /** Population standard deviation over splits. */
  readonly standardDeviation: number;
}

/**
 * exp( mean_x KL( p(y|x) || p(y) ) ) of a classifier's predictions, per split. Named Inception score only with the
 * original network's logits.
 *
 * @param logits - [sample, class], before the softmax.
 * @returns value in [1, classes].
 * @throws RangeError for fewer samples than splits or values that are not finite.
 * @see Salimans et al., "Improved Techniques for Training GANs", 2016. Equals torch-fidelity without its shuffle.
 */
export function inceptionScore(logits: RowMatrix, { splits = 10, key }: InceptionScoreOptions = {}): InceptionScore {
  assertRowMatrix(logits, "logits");
  if (!Number.isInteger(splits) || splits < 1 || splits > logits.rows) {
    throw new RangeError(`splits: expected an integer in [1, ${logits.rows}], got ${splits}`);
  }
  const ordered = key ? takeRows(logits, permutation(key, logits.rows)) : logits;
  const scores = Array.from({ length: splits }, (_, split) => {
    const from = Math.floor((split * logits.rows) / splits);
    const to = Math.floor(((split + 1) * logits.rows) / splits);
    return scoreOfRows(ordered, from, to);
  });
  return meanAndDeviation(scores);
}

function scoreOfRows({ values, columns }: RowMatrix, from: number, to: number): number {
  const marginal = new Float64Array(columns);
  let negativeEntropy = 0;
  for (let row = from; row < to; row++) {
    const logits = values.subarray(row * columns, (row + 1) * columns);
    let largest = Number.NEGATIVE_INFINITY;
    for (const logit of logits) largest = Math.max(largest, logit);
    let total = 0;
    for (const logit of logits) total += Math.exp(logit - largest);
    const logTotal = largest + Math.log(total);
    for (let column = 0; column < columns; column++) {
      const logShare = logits[column]! - logTotal;
      const share = Math.exp(logShare);
      marginal[column]! += share;
      negativeEntropy += share * logShare;
    }
  }
  const count = to - from;
  // mean KL = mean sum p ln p - sum q ln q, q the mean of p.
  let divergence = negativeEntropy / count;
  for (const sum of marginal) if (sum > 0) divergence -= (sum / count) * Math.log(sum / count);
  return Math.exp(divergence);
}
