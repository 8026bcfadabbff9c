import { normalFloat64 } from "@divgen/random";
import { inverseNormalDistribution } from "../error-function.ts";
import { normalPotential, normalSelfEnergy, type RadialPotential } from "../normal-potential.ts";
import { assertPositiveInteger } from "../points.ts";
import type { Target } from "../target.ts";

/**
 * N(0, I_L), the latent distribution of VAEs and GANs, with its exact potential.
 *
 * @param dimension - L >= 1; distances say little beyond about 64 (all are nearly sqrt(2 L)): there, compress in feature
 * space.
 */
export function standardNormal(dimension: number): Target {
  assertPositiveInteger(dimension, "dimension");
  const radial: RadialPotential = { value: 0, slope: 0 };
  return {
    name: "standard-normal",
    dimension,
    scale: Math.sqrt(dimension),
    sample: (key, count) => normalFloat64(key, count * dimension),
    score: ({ values }) => Float64Array.from(values, (value) => -value),
    uniformMap: { dimension, map: (uniforms) => uniforms.map(inverseNormalDistribution) },
    potential: {
      selfEnergy: (smoothing) => normalSelfEnergy(dimension, smoothing),
      add: ({ values: x, rows }, smoothing, { values, gradients }, curvatures) => {
        for (let row = 0; row < rows; row++) {
          const start = row * dimension;
          let squared = 0;
          for (let index = start; index < start + dimension; index++) squared += x[index]! * x[index]!;
          const { value, slope } = normalPotential(Math.sqrt(squared), dimension, smoothing, radial);
          values[row]! += value;
          // The potential is concave in r^2, so its tangent there bounds it: h is the slope.
          curvatures[row]! += slope;
          for (let index = start; index < start + dimension; index++) gradients[index]! += slope * x[index]!;
        }
      },
    },
  };
}
