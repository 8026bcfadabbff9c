import { createMergeableMetric, type MergeableMetric } from "./metric-accumulator.ts";
import { describeMetric, type Provenance } from "./metric-result.ts";
import { assertDistances, pairwiseDiversity } from "./pairwise-distance.ts";

/** Distances of some pairs of one condition. */
export interface ConditionDistances {
  /** Number of the condition (input image, class, text), an integer >= 0. */
  readonly condition: number;
  /** One a pair (of `pairsOf`), each finite and >= 0, such as `pairDistances` or perceptual distances. */
  readonly distances: ArrayLike<number>;
}

/** Distances taken in, by condition, in order: 8 bytes a pair. */
export type DistancesByCondition = ReadonlyMap<number, readonly number[]>;

/**
 * `pairwiseDiversity` of streamed distances, in ascending order of the conditions' numbers. Pairs of a condition may come
 * in several batches and conditions in any order. Merged states give the bits of one pass, if pairs within each condition
 * keep their order.
 *
 * @returns takes lists of distances by condition; nothing of a list with an error counts.
 */
export function createPairwiseDiversity(
  provenance: Provenance,
): MergeableMetric<readonly ConditionDistances[], DistancesByCondition> {
  return createMergeableMetric<readonly ConditionDistances[], Map<number, number[]>>({
    empty: () => new Map(),
    measure: (batch) => {
      const lists = new Map<number, number[]>();
      for (const { condition, distances } of batch) {
        if (!Number.isInteger(condition) || condition < 0) {
          throw new RangeError(`condition: expected an integer >= 0, got ${condition}; number the conditions`);
        }
        assertDistances(distances, condition);
        appendTo(lists, condition, Array.from(distances));
      }
      return lists;
    },
    absorb: (own, more) => {
      for (const [condition, distances] of more) appendTo(own, condition, distances);
      return own;
    },
    countOf: (lists) => [...lists.values()].reduce((sum, { length }) => sum + length, 0),
    describe: (lists, pairCount) => {
      const ordered = [...lists].sort(([first], [second]) => first - second).map(([, distances]) => distances);
      const { value, standardDeviation, conditionCount } = pairwiseDiversity(ordered);
      // Over conditions; one condition has none.
      const spread = conditionCount > 1 ? { standardDeviation } : {};
      const extras = { details: { conditions: conditionCount, ...spread } };
      return [describeMetric("pairwise-distance", value, pairCount, provenance, extras)];
    },
  });
}

function appendTo(lists: Map<number, number[]>, condition: number, distances: readonly number[]): void {
  const known = lists.get(condition) ?? [];
  for (const distance of distances) known.push(distance);
  lists.set(condition, known);
}
