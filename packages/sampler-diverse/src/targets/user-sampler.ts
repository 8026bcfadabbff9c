import { randomKey } from "@divgen/random";
import { assertPositive, assertPositiveInteger } from "../points.ts";
import type { Target } from "../target.ts";

/** A distribution known by its draws alone. */
export interface SamplerDefinition
  extends Pick<Target, "dimension" | "sample">,
    Partial<Pick<Target, "project" | "score">> {
  /** @defaultValue "sampler" */
  readonly name?: string;
  /** Root mean squared distance from the mean; @defaultValue measured on 512 draws */
  readonly scale?: number;
}

/**
 * Any sampler as a target. It has no exact potential: use the stochastic method, or `freezeTarget` for the others.
 *
 * @throws RangeError if a draw is not finite or has not `count` times `dimension` values (here and whenever it is used).
 */
export function samplerTarget({ name = "sampler", dimension, scale, sample, ...more }: SamplerDefinition): Target {
  assertPositiveInteger(dimension, "dimension");
  const checked: Target["sample"] = (key, count) => {
    const values = sample(key, count);
    if (values.length !== count * dimension) {
      throw new RangeError(`${name}: expected ${count} x ${dimension} values a draw, got ${values.length}`);
    }
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      throw new RangeError(
        `${name}: expected finite values, got ${values[wrong]} in row ${Math.floor(wrong / dimension)}`,
      );
    }
    return values;
  };
  if (scale !== undefined) assertPositive(scale, "scale");
  return {
    name,
    dimension,
    scale: scale ?? measuredScale(checked(randomKey(0).split("scale of a sampler"), 512), dimension),
    sample: checked,
    ...more,
  };
}

function measuredScale(values: Float64Array, dimension: number): number {
  const rows = values.length / dimension;
  let total = 0;
  for (let column = 0; column < dimension; column++) {
    let sum = 0;
    let squares = 0;
    for (let index = column; index < values.length; index += dimension) {
      sum += values[index]! - values[column]!;
      squares += (values[index]! - values[column]!) ** 2;
    }
    total += Math.max(0, squares / rows - (sum / rows) ** 2);
  }
  return total > 0 ? Math.sqrt(total) : 1;
}
