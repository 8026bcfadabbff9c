import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oneHotCodes } from "@divgen/core-tensors";
import { makeDirectory, type RunSampleRequest, UsageError } from "@divgen/experiment";
import { normal, randomKey } from "@divgen/random";
import { type Tensor, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import type { OpenedRun } from "./open-run.ts";
import { openTrained } from "./open-trained.ts";
import type { SampleRow } from "./task.ts";

/** What `sample` is asked for. */
export interface SampleRequest extends RunSampleRequest<Config> {
  /** Clusters, the largest first. */
  readonly clusters: number;
  /** Samples of each: one a seed. */
  readonly count: number;
  /** Of the first sample; the next ones count on. */
  readonly seed: number;
}

/**
 * Samples of a trained run, a row a cluster and a column a seed: pictures, and `samples.json` with the latents of each seed.
 * A seed alone decides the latents, so that any sample can be made again, for any cluster. Returns the paths written.
 *
 * @throws UsageError for files to make samples from: there is nothing to do with them.
 */
export async function sampleRun(request: SampleRequest): Promise<string[]> {
  const { runPath, config, inputs, outputPath, count, seed } = request;
  if (inputs.length > 0) {
    throw new UsageError(
      `sample: expected no files, got ${inputs[0]}; to find images again in a generator give --invert`,
    );
  }
  const { opened, step } = await openTrained(runPath, config, request.step);
  try {
    makeDirectory(outputPath);
    const { generator, masses } = opened.method;
    const seeds = Array.from({ length: count }, (_, column) => seed + column);
    const latents = seeds.map((one) => latentsOfSeed(one, generator.latentSize));
    const chosen = largestClusters(masses(), request.clusters);
    const paths = await opened.withSamplingWeights(async () => {
      const rows: SampleRow<Tensor>[] = chosen.map((cluster) => ({
        name: cluster === undefined ? "samples" : `cluster-${cluster.id}`,
        title: cluster === undefined ? "" : `${cluster.id} (${(100 * cluster.share).toPrecision(2)} %)`,
        samples: generateRow(opened, latents, cluster?.id),
      }));
      try {
        return await opened.task.saveSamples(outputPath, rows, seeds);
      } finally {
        for (const { samples } of rows) samples.dispose();
      }
    });
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

function generateRow({ method }: OpenedRun, rows: readonly Float32Array[], cluster: number | undefined): Tensor {
  return tidy(() => {
    const latents = tensor2d(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, rows[0]!.length]);
    const ids = Array<number>(rows.length).fill(cluster ?? 0);
    const condition = cluster === undefined ? {} : { code: oneHotCodes(ids, method.masses()!.length) };
    return method.generator.generate(latents, condition, { mode: "inference" });
  });
}
