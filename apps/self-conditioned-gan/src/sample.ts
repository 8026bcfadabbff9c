import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oneHotCodes } from "@divgen/core-tensors";
import { makeDirectory, type RunSampleRequest, UsageError } from "@divgen/experiment";
import { normal, randomKey } from "@divgen/random";
import { concat, type Tensor, type Tensor2D, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import type { OpenedRun } from "./open-run.ts";
import { openTrained } from "./open-trained.ts";
import type { SampleRow } from "./task.ts";

/** What `sample` is asked for. */
export interface SampleRequest extends Omit<RunSampleRequest<Config>, "inputs"> {
  /** Clusters, the largest first; 10 if not given. */
  readonly clusters?: number | undefined;
  /** Samples of each, one a seed; 8 if not given. */
  readonly count?: number | undefined;
  /** Of the first sample; the next ones count on. */
  readonly seed: number;
}

/**
 * Samples of a trained run, a row a cluster and a column a seed: pictures, and `samples.json` with the latents of each seed.
 * A seed alone decides the latents, so that any sample can be made again, for any cluster. Returns the paths written.
 *
 * @throws UsageError for a number of clusters, where the run has none.
 */
export async function sampleRun(request: SampleRequest): Promise<string[]> {
  const { runPath, config, outputPath, count = 8, seed } = request;
  const { opened, step } = await openTrained(runPath, config, request.step);
  try {
    const { generator, masses: massesOf } = opened.method;
    const masses = massesOf();
    if (masses === undefined && request.clusters !== undefined) {
      throw new UsageError(`--clusters: expected a run with classes, got one of ${config.method}; leave it out`);
    }
    makeDirectory(outputPath);
    const seeds = Array.from({ length: count }, (_, column) => seed + column);
    const latents = seeds.map((one) => latentsOfSeed(one, generator.latentSize));
    const chosen = largestClusters(masses, request.clusters ?? 10);
    const paths = await opened.withSamplingWeights(() =>
      opened.task.saveSamples(outputPath, generateRows(opened, latents, chosen), seeds),
    );
    const list = {
      run: runPath,
      step,
      clusters: chosen.filter((cluster) => cluster !== undefined),
      seeds,
      latents: latents.map((values) => [...values]),
    };
    const listPath = join(outputPath, "samples.json");
    await writeFile(listPath, `${JSON.stringify(list)}\n`);
    return [...paths, listPath];
  } finally {
    opened.dispose();
  }
}

/** The latents of a seed: standard normal, the same for every cluster and every run of that width. */
export function latentsOfSeed(seed: number, latentSize: number): Float32Array {
  return Float32Array.from(normal(randomKey(seed).split("latents"), latentSize));
}

/** A cluster with its share of all samples. */
interface ShownCluster {
  readonly id: number;
  readonly share: number;
}

/** The largest clusters that have members; one undefined for an unconditional generator. */
function largestClusters(masses: ArrayLike<number> | undefined, count: number): (ShownCluster | undefined)[] {
  if (masses === undefined) return [undefined];
  const all = Array.from(masses);
  const total = all.reduce((sum, mass) => sum + mass, 0);
  return all
    .map((mass, id) => ({ id, share: mass / total }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, count);
}

/** The rows one after the other, so that no more than one is held. */
function* generateRows(
  opened: OpenedRun,
  latents: readonly Float32Array[],
  clusters: readonly (ShownCluster | undefined)[],
): Generator<SampleRow<Tensor>> {
  for (const cluster of clusters) {
    const samples = generateRow(opened, latents, cluster?.id);
    try {
      yield {
        name: cluster === undefined ? "samples" : `cluster-${cluster.id}`,
        title: cluster === undefined ? "" : `${cluster.id} (${(100 * cluster.share).toPrecision(2)} %)`,
        samples,
      };
    } finally {
      samples.dispose();
    }
  }
}

/** In batches, since what a network holds of all samples at once may not fit. */
function generateRow(
  { method, sampleBatchSize }: OpenedRun,
  latents: readonly Float32Array[],
  cluster: number | undefined,
): Tensor {
  const classCount = method.masses()?.length;
  const batches: Tensor[] = [];
  for (let start = 0; start < latents.length; start += sampleBatchSize) {
    const part = latents.slice(start, start + sampleBatchSize);
    batches.push(
      tidy(() => {
        const code = () => oneHotCodes(Array<number>(part.length).fill(cluster!), classCount!);
        const condition = cluster === undefined ? {} : { code: code() };
        return method.generator.generate(stackRows(part), condition, { mode: "inference" });
      }),
    );
  }
  const all = concat(batches, 0);
  for (const batch of batches) batch.dispose();
  return all;
}

function stackRows(rows: readonly Float32Array[]): Tensor2D {
  const width = rows[0]!.length;
  const values = new Float32Array(rows.length * width);
  for (const [row, own] of rows.entries()) values.set(own, row * width);
  return tensor2d(values, [rows.length, width]);
}
