import { normalFloat64 } from "@divgen/random";
import { inverseNormalDistribution } from "../error-function.ts";
import type { RadialPotential } from "../normal-potential.ts";
import { assertPositive, assertPositiveInteger } from "../points.ts";
import { spherePotential } from "../sphere-potential.ts";
import type { Target } from "../target.ts";

/**
 * The uniform distribution on the sphere around the origin, as of normalised latents. Points stay on it.
 *
 * @param dimension - L >= 1 of the space around; the sphere itself has one less.
 * @param options.radius - default sqrt(L), the length of typical normal latents.
 */
export function uniformSphere(
  dimension: number,
  { radius = Math.sqrt(dimension) }: { readonly radius?: number } = {},
): Target {
  assertPositiveInteger(dimension, "dimension");
  assertPositive(radius, "radius");
  const project = (values: Float64Array): void => projectRows(values, dimension, radius);
  const projected = (values: Float64Array): Float64Array => {
    project(values);
    return values;
  };
  const onSphere = new Map<number, RadialPotential>();
  const potentialAt = (distance: number, smoothing: number): RadialPotential => {
    if (Math.abs(distance - radius) > 1e-9 * radius) return spherePotential(distance, radius, dimension, smoothing);
    let known = onSphere.get(smoothing);
    if (known === undefined) {
      known = spherePotential(radius, radius, dimension, smoothing);
      onSphere.set(smoothing, known);
    }
    return known;
  };
  return {
    name: `sphere(radius ${radius})`,
    dimension,
    scale: radius,
    project,
    sample: (key, count) => projected(normalFloat64(key, count * dimension)),
    uniformMap: { dimension, map: (uniforms) => projected(uniforms.map(inverseNormalDistribution)) },
    potential: {
      selfEnergy: (smoothing) => potentialAt(radius, smoothing).value,
      add: ({ values: x, rows }, smoothing, { values, gradients }, curvatures) => {
        for (let row = 0; row < rows; row++) {
          const start = row * dimension;
          let squared = 0;
          for (let index = start; index < start + dimension; index++) squared += x[index]! * x[index]!;
          const { value, slope } = potentialAt(Math.sqrt(squared), smoothing);
          values[row]! += value;
          // On the sphere the potential is constant and x (y - x) = -|y - x|^2 / 2, so the slope is a valid h there.
          curvatures[row]! += slope;
          for (let index = start; index < start + dimension; index++) gradients[index]! += slope * x[index]!;
        }
      },
    },
  };
}

/** Scales rows to one length; a row of zeros becomes the first axis. */
function projectRows(values: Float64Array, dimension: number, radius: number): void {
  for (let start = 0; start < values.length; start += dimension) {
    let squared = 0;
    for (let index = start; index < start + dimension; index++) squared += values[index]! * values[index]!;
    const factor = squared > 0 ? radius / Math.sqrt(squared) : 0;
    if (factor === 0) values[start] = radius;
    else for (let index = start; index < start + dimension; index++) values[index]! *= factor;
  }
}
