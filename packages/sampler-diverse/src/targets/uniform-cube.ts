import { uniformFloat64 } from "@divgen/random";
import { cubePotential, linePotential } from "../cube-potential.ts";
import { assertPositiveInteger } from "../points.ts";
import type { Target } from "../target.ts";

/** The interval that every coordinate fills. */
export interface CubeOptions {
  /** @defaultValue -1 */
  readonly minimum?: number;
  /** @defaultValue 1 */
  readonly maximum?: number;
}

/**
 * The uniform distribution on a cube, [-1, 1]^L unless said otherwise, with its exact potential. Points stay inside.
 *
 * @throws RangeError unless minimum < maximum, both finite.
 */
export function uniformCube(dimension: number, { minimum = -1, maximum = 1 }: CubeOptions = {}): Target {
  assertPositiveInteger(dimension, "dimension");
  if (!(minimum < maximum) || !Number.isFinite(maximum - minimum)) {
    throw new RangeError(`uniformCube: expected finite minimum < maximum, got [${minimum}, ${maximum}]`);
  }
  const half = (maximum - minimum) / 2;
  return {
    name: `cube(${minimum}, ${maximum})`,
    dimension,
    scale: half * Math.sqrt(dimension / 3),
    sample: (key, count) => uniformFloat64(key, count * dimension, { minimum, maximum }),
    uniformMap: { dimension, map: (uniforms) => uniforms.map((unit) => minimum + unit * (maximum - minimum)) },
    project: (values) => {
      for (let index = 0; index < values.length; index++) {
        values[index] = Math.min(maximum, Math.max(minimum, values[index]!));
      }
    },
    potential: dimension === 1 ? linePotential(minimum, half) : cubePotential(dimension, minimum, half),
  };
}
