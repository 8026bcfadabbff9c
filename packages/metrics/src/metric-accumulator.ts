import type { MetricResult } from "./metric-result.ts";

/** A metric that takes in samples batch by batch. */
export interface MetricAccumulator<Samples> {
  /** Takes in a batch, which is borrowed. */
  update(samples: Samples): void;
  /** The values of all samples since the start or the last `reset`. */
  compute(): MetricResult[];
  /** Forgets all samples. */
  reset(): void;
}

/**
 * A metric whose samples may be taken in by several workers. States of consecutive parts, merged in their order, give the
 * bits of one pass, however the samples were cut: a state holds counts (integers, exact below 2^53) or the numbers
 * themselves in order, never a rounded sum.
 */
export interface MergeableMetric<Samples, State> extends MetricAccumulator<Samples> {
  /** What has been taken in: plain data that can be sent to another thread; a copy, owned by the caller. */
  state(): State;
  /**
   * Takes in another accumulator's state (borrowed), as if its samples came after all so far.
   *
   * @throws RangeError for a state of another size.
   */
  merge(state: State): void;
}

/** What a mergeable metric is made of: the steps of its pure function. */
export interface MetricSteps<Samples, State> {
  readonly empty: () => State;
  /** What a batch adds. An error here leaves the accumulator as it was. */
  readonly measure: (samples: Samples) => State;
  /** The state of both; may write to `own` and return it. */
  readonly absorb: (own: State, more: State) => State;
  /** Samples, or pairs, taken in. */
  readonly countOf: (state: State) => number;
  readonly describe: (state: State, count: number) => MetricResult[];
}

/**
 * An accumulator over the steps of a pure function, which both share.
 *
 * @throws RangeError from `compute` if nothing was taken in.
 */
export function createMergeableMetric<Samples, State>({
  empty,
  measure,
  absorb,
  countOf,
  describe,
}: MetricSteps<Samples, State>): MergeableMetric<Samples, State> {
  let own = empty();
  return {
    update: (samples) => {
      own = absorb(own, measure(samples));
    },
    compute: () => {
      const count = countOf(own);
      if (count === 0) throw new RangeError(nothingTakenIn);
      return describe(own, count);
    },
    reset: () => {
      own = empty();
    },
    state: () => absorb(empty(), own),
    merge: (state) => {
      own = absorb(own, state);
    },
  };
}

/** Message for `compute` before any sample. */
export const nothingTakenIn = "samples: expected at least one batch, got none; call update before compute";

/**
 * Adds counts to counts of the same things.
 *
 * @param own - changed.
 * @throws RangeError for another number of them.
 */
export function addCounts(own: Float64Array | Int32Array, more: ArrayLike<number>, things: string): void {
  if (more.length !== own.length) {
    throw new RangeError(`state: expected ${own.length} ${things}, got ${more.length}; merge states of one metric`);
  }
  for (let index = 0; index < own.length; index++) own[index]! += more[index]!;
}
