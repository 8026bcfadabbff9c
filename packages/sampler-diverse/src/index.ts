export { type AvoidedPoints, type CheckedAvoided, forgettingWeights } from "./avoided-points.ts";
export {
  allocateCounts,
  type ConditionalSample,
  type ConditionalTarget,
  drawConditional,
} from "./conditional-draw.ts";
export { createSampler, type SamplerName, samplerNames } from "./create-sampler.ts";
export type { DiverseSampler, DrawOutcome, DrawRequest } from "./diverse-sampler.ts";
export { type DiverseSample, type DrawOptions, drawDiverse } from "./draw-diverse.ts";
export { inverseNormalDistribution } from "./error-function.ts";
export {
  compressInFeatureSpace,
  type FeatureMap,
  type FeatureSpaceOptions,
  type FeatureSpaceSample,
} from "./feature-space.ts";
export {
  type DistanceWithGradient,
  type KernelOptions,
  kernelDistanceGradient,
  squaredDistanceToTarget,
  squaredKernelDistance,
  targetDistanceGradient,
  type WeightedPoints,
} from "./kernel-distance.ts";
export type { KernelSums } from "./kernel-sums.ts";
export { normalPotential, normalSelfEnergy, type RadialPotential } from "./normal-potential.ts";
export { assertPoints, type Points, pointsFromRows } from "./points.ts";
export type { CandidateOptions } from "./samplers/candidates.ts";
export { type CompressionOptions, exactSampler, fixedPointSampler } from "./samplers/compression.ts";
export { type DeterminantalOptions, determinantalSampler } from "./samplers/determinantal.ts";
export { farthestSampler, type PoolOptions } from "./samplers/farthest-points.ts";
export { greedySampler } from "./samplers/greedy-energy.ts";
export { independentSampler } from "./samplers/independent.ts";
export { sobolSampler } from "./samplers/sobol.ts";
export { type SteinOptions, steinKernel, steinSampler } from "./samplers/stein-points.ts";
export { type StochasticOptions, stochasticSampler } from "./samplers/stochastic.ts";
export { sobolPoints } from "./sobol-sequence.ts";
export type { Target, TargetPotential, UniformMap } from "./target.ts";
export { type EmpiricalOptions, empiricalTarget, freezeTarget } from "./targets/empirical.ts";
export type { GaussianComponent } from "./targets/gaussian-component.ts";
export { gaussianMixture } from "./targets/gaussian-mixture.ts";
export { uniformSphere } from "./targets/sphere.ts";
export { standardNormal } from "./targets/standard-normal.ts";
export { type CubeOptions, uniformCube } from "./targets/uniform-cube.ts";
export { type SamplerDefinition, samplerTarget } from "./targets/user-sampler.ts";
