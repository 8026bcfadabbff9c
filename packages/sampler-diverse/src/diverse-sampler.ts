import type { RandomKey } from "@divgen/random";
import type { CheckedAvoided } from "./avoided-points.ts";
import type { Target } from "./target.ts";

/** What every method is asked. */
export interface DrawRequest {
  readonly target: Target;
  /** Number of new points. */
  readonly count: number;
  readonly key: RandomKey;
  /** Old points to stay away from; methods that cannot do so refuse them. */
  readonly avoided: CheckedAvoided | undefined;
}

/** What every method answers. */
export interface DrawOutcome {
  /** [count, dimension], row after row. */
  readonly positions: Float64Array;
  /** Shares of the points, summing to 1; undefined stands for equal ones. */
  readonly shares?: Float64Array;
  readonly iterations?: number;
  readonly converged?: boolean;
}

/** A way to draw a number of points for a target. */
export interface DiverseSampler {
  /** For reports, such as "exact" or "sobol". */
  readonly name: string;
  draw(request: DrawRequest): DrawOutcome;
}

/** @throws RangeError if there are old points. */
export function refuseAvoided({ avoided }: DrawRequest, name: string): void {
  if (avoided !== undefined) {
    throw new RangeError(
      `avoid: ${name} draws without regard to old points; take exact, fixed-point, stochastic, greedy, farthest, stein or k-dpp`,
    );
  }
}
