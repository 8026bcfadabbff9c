import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory, type RunSampleRequest, UsageError } from "@divgen/experiment";
import { randomKey } from "@divgen/random";
import type { GeneratedSamples } from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { openTrained } from "./open-trained.ts";

/** What `sample --by-mass` is asked for. */
export interface MassSampleRequest extends Omit<RunSampleRequest<Config>, "inputs"> {
  /** Samples of all clusters together. */
  readonly byMass: number;
  readonly seed: number;
}

/**
 * Samples as a run's own numbers are measured by: clusters drawn by their masses, latents from N(0, I). They lie in
 * `by-mass/`, a file an image and nothing else, so that other programs can measure the folder; `by-mass.json` beside it tells
 * the cluster of each. The n-th sample depends on the seed and n alone. Returns the paths of both.
 *
 * @throws UsageError for a folder that holds files already: they would be measured as well.
 */
export async function sampleByMass(request: MassSampleRequest): Promise<string[]> {
  const { runPath, config, outputPath, byMass, seed } = request;
  const folder = join(outputPath, "by-mass");
  makeDirectory(folder);
  const held = (await readdir(folder)).length;
  if (held > 0) {
    throw new UsageError(`${folder}: expected an empty folder, got ${held} files; move them, or give another --out`);
  }
  const { opened, step } = await openTrained(runPath, config, request.step);
  try {
    const clusterIds: number[] = [];
    await opened.withSamplingWeights(async () => {
      const { key, source } = opened.shown(randomKey(seed).split("samples-by-mass"));
      await opened.task.saveAll(folder, noting(source(key, byMass), clusterIds));
    });
    const list = { run: runPath, step, seed, count: byMass, ...(clusterIds.length === 0 ? {} : { clusterIds }) };
    const listPath = join(outputPath, "by-mass.json");
    await writeFile(listPath, `${JSON.stringify(list)}\n`);
    return [folder, listPath];
  } finally {
    opened.dispose();
  }
}

/** The batches as they are, their clusters being noted. */
function* noting(
  batches: Iterable<GeneratedSamples<Tensor>>,
  clusterIds: number[],
): Generator<GeneratedSamples<Tensor>> {
  for (const batch of batches) {
    clusterIds.push(...(batch.clusterIds ?? []));
    yield batch;
  }
}
