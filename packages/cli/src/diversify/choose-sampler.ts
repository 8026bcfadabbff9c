import { spellingHint, UsageError } from "@divgen/experiment";
import {
  createSampler,
  type DiverseSampler,
  exactSampler,
  fixedPointSampler,
  samplerNames,
  stochasticSampler,
} from "@divgen/sampler-diverse";

/** What can be set of the compression methods; undefined stands for their defaults. */
export interface SamplerSettings {
  readonly restarts: number | undefined;
  readonly iterations: number | undefined;
  readonly smoothing: number | undefined;
  readonly trainWeights: boolean | undefined;
}

const flags: Readonly<Record<keyof SamplerSettings, string>> = {
  restarts: "--restarts",
  iterations: "--iterations",
  smoothing: "--smoothing",
  trainWeights: "--train-weights",
};

/**
 * The method of a name with its settings.
 *
 * @throws UsageError for an unknown name, or a setting that the method does not have.
 */
export function chooseSampler(method: string, settings: SamplerSettings): DiverseSampler {
  const given = (Object.keys(flags) as (keyof SamplerSettings)[]).filter((name) => settings[name] !== undefined);
  const { restarts, iterations, smoothing, trainWeights } = settings;
  const shared = {
    ...(restarts === undefined ? {} : { restarts }),
    ...(smoothing === undefined ? {} : { smoothing }),
    ...(trainWeights === undefined ? {} : { trainWeights }),
  };
  switch (method) {
    case "exact":
      return exactSampler({ ...shared, ...(iterations === undefined ? {} : { maxIterations: iterations }) });
    case "fixed-point":
      return fixedPointSampler({ ...shared, ...(iterations === undefined ? {} : { maxIterations: iterations }) });
    case "stochastic":
      return stochasticSampler({ ...shared, ...(iterations === undefined ? {} : { iterations }) });
  }
  if (!(samplerNames as readonly string[]).includes(method)) {
    const names = samplerNames.join(", ");
    throw new UsageError(`--method: expected one of ${names}, got "${method}".${spellingHint(method, samplerNames)}`);
  }
  if (given.length > 0) {
    throw new UsageError(`${given.map((name) => flags[name]).join(", ")}: ${method} has no such setting`);
  }
  return createSampler(method);
}
