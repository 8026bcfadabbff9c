import { type ClassCondition, type Generator as GeneratorNetwork, oneHotCodes } from "@divgen/core-tensors";
import { categorical, normal, type RandomKey } from "@divgen/random";
import { type Tensor, tensor2d, tidy } from "@tensorflow/tfjs-core";

/**
 * How often each cluster is drawn: in proportion to mass^(1 / temperature).
 *
 * @param masses - members of each cluster; >= 0, not all zero.
 * @param temperature - 1: as the data are; above, small clusters are drawn more often, and with Infinity all alike that
 *   have members; below, large ones. Positive.
 * @returns probabilities, summing to 1.
 * @throws RangeError for masses or a temperature out of range.
 */
export function clusterProbabilities(masses: ArrayLike<number>, temperature = 1): Float64Array {
  if (!(temperature > 0)) throw new RangeError(`temperature: expected a number > 0, got ${temperature}`);
  const largest = Array.from(masses).reduce((top, mass) => Math.max(top, mass), 0);
  const weights = Float64Array.from(masses, (mass, cluster) => {
    if (!(mass >= 0 && mass < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`masses: expected finite numbers >= 0, got ${mass} of cluster ${cluster}`);
    }
    // An empty cluster stays out even where all others are drawn alike.
    return mass === 0 ? 0 : (mass / largest) ** (1 / temperature);
  });
  if (largest === 0) throw new RangeError("masses: expected at least one cluster with members, got none");
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** What is generated, and from which clusters. */
export interface ClusterSamplingOptions {
  /** The n-th sample depends on key and n alone, not on `count` and `batchSize`. */
  readonly key: RandomKey;
  readonly count: number;
  /** Samples made at once. */
  readonly batchSize: number;
  /** Weight of each cluster, such as `clusters.masses`; absent for an unconditional generator. */
  readonly masses?: ArrayLike<number>;
  /** See `clusterProbabilities`. @defaultValue 1 */
  readonly temperature?: number;
}

/** Generated samples. */
export interface GeneratedSamples<Sample extends Tensor> {
  /** Owned by whoever takes the batch. */
  readonly samples: Sample;
  /** Cluster of each; absent for an unconditional generator. */
  readonly clusterIds?: Int32Array;
}

/**
 * Samples of a trained generator, in inference mode: clusters drawn by their masses, latents from N(0, I).
 *
 *     for (const { samples } of generateFromClusters(generator, { key, count: 50_000, batchSize: 100, masses })) { ... }
 *
 * @throws RangeError for numbers out of range.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 3.1.
 */
export function* generateFromClusters<Sample extends Tensor>(
  generator: GeneratorNetwork<ClassCondition, Sample>,
  { key, count, batchSize, masses, temperature = 1 }: ClusterSamplingOptions,
): Generator<GeneratedSamples<Sample>, void, undefined> {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`count: expected an integer >= 0, got ${count}`);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batchSize: expected an integer >= 1, got ${batchSize}`);
  }
  const ids =
    masses === undefined
      ? undefined
      : categorical(key.split("clusters"), clusterProbabilities(masses, temperature), count);
  const latentKey = key.split("latents");
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    const clusterIds = ids?.slice(start, start + size);
    const samples = tidy(() => {
      const values = new Float32Array(size * generator.latentSize);
      for (let row = 0; row < size; row++) {
        values.set(normal(latentKey.fold(start + row), generator.latentSize), row * generator.latentSize);
      }
      const latents = tensor2d(values, [size, generator.latentSize], "float32");
      const condition = clusterIds === undefined ? {} : { code: oneHotCodes(clusterIds, masses!.length) };
      return generator.generate(latents, condition, { mode: "inference" });
    });
    yield { samples, ...(clusterIds === undefined ? {} : { clusterIds }) };
  }
}
