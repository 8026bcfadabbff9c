import { type DiverseSampler, refuseAvoided } from "../diverse-sampler.ts";

/** Independent draws: unbiased, and as repetitive as chance is. */
export function independentSampler(): DiverseSampler {
  return {
    name: "iid",
    draw: (request) => {
      refuseAvoided(request, "iid");
      return { positions: request.target.sample(request.key, request.count) };
    },
  };
}
