import { type DiverseSampler, refuseAvoided } from "../diverse-sampler.ts";
import { sobolPoints } from "../sobol-sequence.ts";

/**
 * Scrambled Sobol points, mapped to the target: randomised quasi-Monte-Carlo. Best with a power of two as the count and
 * up to about 20 dimensions.
 *
 * @throws RangeError for a target that uniform numbers cannot be mapped to (a user's sampler), or above 512 dimensions.
 */
export function sobolSampler(): DiverseSampler {
  return {
    name: "sobol",
    draw: (request) => {
      refuseAvoided(request, "sobol");
      const { target, count, key } = request;
      if (target.uniformMap === undefined) {
        throw new RangeError(
          `target ${target.name}: uniform points cannot be mapped to it; take another method, or freezeTarget`,
        );
      }
      return { positions: target.uniformMap.map(sobolPoints(count, target.uniformMap.dimension, key), count) };
    },
  };
}
