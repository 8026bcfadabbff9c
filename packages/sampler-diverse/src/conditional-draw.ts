import type { RandomKey } from "@divgen/random";
import type { AvoidedPoints } from "./avoided-points.ts";
import type { DiverseSampler } from "./diverse-sampler.ts";
import { type DiverseSample, drawDiverse } from "./draw-diverse.ts";
import { normalizedWeights, type Points } from "./points.ts";
import type { Target } from "./target.ts";

/** A class or cluster with its own target. */
export interface ConditionalTarget {
  /** Relative probability of the condition, >= 0. */
  readonly probability: number;
  readonly target: Target;
  readonly avoid?: AvoidedPoints;
}

/** Points of all conditions. */
export interface ConditionalSample {
  /** Those of the first condition first. */
  readonly points: Points<Float64Array>;
  /** Number of the condition of each point. */
  readonly conditionIds: Int32Array;
  /** One a condition; undefined where no point falls to it. */
  readonly samples: readonly (DiverseSample | undefined)[];
}

/**
 * Whole numbers in proportion to probabilities, by largest remainder; of equal remainders the first wins.
 *
 * @param probabilities - finite, >= 0, not all zero; need not sum to 1.
 * @returns as many counts, with the sum `count`.
 * @throws RangeError if the probabilities are not such.
 */
export function allocateCounts(probabilities: ArrayLike<number>, count: number): Int32Array {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`count: expected an integer >= 0, got ${count}`);
  const shares = normalizedWeights(probabilities, probabilities.length, "probabilities");
  // Rounding must not turn a share of exactly 3 into 2.999...
  const counts = Int32Array.from(shares, (share) => Math.floor(share * count + 1e-9));
  const missing = count - counts.reduce((sum, part) => sum + part, 0);
  const remainders = shares.map((share, index) => share * count - counts[index]!);
  const order = Array.from(remainders.keys()).sort((a, b) => remainders[b]! - remainders[a]! || a - b);
  for (const index of order.slice(0, missing)) counts[index]!++;
  return counts;
}

/**
 * Diverse points for a conditional generator: counts by largest remainder of the probabilities, then one compression a
 * condition.
 *
 * @throws RangeError as `allocateCounts` and `drawDiverse`, or if the conditions differ in dimension.
 */
export function drawConditional(
  conditions: readonly ConditionalTarget[],
  count: number,
  { key, sampler, measure }: { readonly key: RandomKey; readonly sampler?: DiverseSampler; readonly measure?: boolean },
): ConditionalSample {
  const columns = conditions[0]?.target.dimension ?? 0;
  conditions.forEach(({ target }, condition) => {
    if (target.dimension !== columns) {
      throw new RangeError(`conditions[${condition}]: expected the dimension ${columns}, got ${target.dimension}`);
    }
  });
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`count: expected an integer >= 1, got ${count}`);
  const counts = allocateCounts(
    conditions.map(({ probability }) => probability),
    count,
  );
  const values = new Float64Array(count * columns);
  const conditionIds = new Int32Array(count);
  let first = 0;
  const samples = conditions.map(({ target, avoid }, condition) => {
    const part = counts[condition]!;
    if (part === 0) return undefined;
    const sample = drawDiverse(target, part, {
      key: key.fold(condition),
      ...(sampler === undefined ? {} : { sampler }),
      ...(measure === undefined ? {} : { measure }),
      ...(avoid === undefined ? {} : { avoid }),
    });
    values.set(sample.points.values, first * columns);
    conditionIds.fill(condition, first, first + part);
    first += part;
    return sample;
  });
  return { points: { values, rows: count, columns }, conditionIds, samples };
}
