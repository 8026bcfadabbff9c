import type { DiverseSampler } from "./diverse-sampler.ts";
import { exactSampler, fixedPointSampler } from "./samplers/compression.ts";
import { determinantalSampler } from "./samplers/determinantal.ts";
import { farthestSampler } from "./samplers/farthest-points.ts";
import { greedySampler } from "./samplers/greedy-energy.ts";
import { independentSampler } from "./samplers/independent.ts";
import { sobolSampler } from "./samplers/sobol.ts";
import { steinSampler } from "./samplers/stein-points.ts";
import { stochasticSampler } from "./samplers/stochastic.ts";

/** Names of the methods, for command lines and comparisons. */
export type SamplerName =
  | "exact"
  | "fixed-point"
  | "stochastic"
  | "iid"
  | "sobol"
  | "greedy"
  | "stein"
  | "farthest"
  | "k-dpp";

const constructors: Readonly<Record<SamplerName, () => DiverseSampler>> = {
  exact: exactSampler,
  "fixed-point": fixedPointSampler,
  stochastic: stochasticSampler,
  iid: independentSampler,
  sobol: sobolSampler,
  greedy: greedySampler,
  stein: steinSampler,
  farthest: farthestSampler,
  "k-dpp": determinantalSampler,
};

/** All of them: measure compression first, then its competitors. */
export const samplerNames: readonly SamplerName[] = Object.keys(constructors) as SamplerName[];

/**
 * A method by its name, with its defaults. Code that knows its method calls its constructor, which takes options.
 *
 * @throws RangeError naming the known methods.
 */
export function createSampler(name: string): DiverseSampler {
  if (!Object.hasOwn(constructors, name)) {
    throw new RangeError(`method: expected one of ${samplerNames.join(", ")}, got "${name}"`);
  }
  return constructors[name as SamplerName]();
}
