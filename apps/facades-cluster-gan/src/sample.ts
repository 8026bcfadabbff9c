import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import type { PairedExample } from "@divgen/datasets";
import type { Output, RunSampleRequest } from "@divgen/experiment";
import { readImage, resizeImage, toRgb, writePng } from "@divgen/image-files";
import { categorical, randomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import { drawImages } from "./pictures.ts";
import { openTrained } from "./run.ts";

/** What `sample` is asked for. */
export interface SampleRequest extends RunSampleRequest<Config> {
  /** Label images; the run's own test inputs if there are none. */
  readonly inputs: readonly string[];
  /** Cluster of all images; drawn by cluster sizes if absent. */
  readonly cluster?: number | undefined;
  /** Images for each input. */
  readonly count: number;
  readonly seed: number;
}

/** Makes images for label images with a trained run and writes them as PNG files; returns their paths. */
export async function sampleRun(request: SampleRequest, output: Output): Promise<string[]> {
  const { config, cluster, count } = request;
  if (cluster !== undefined && cluster >= config.clusters.count) {
    throw new DataError(`--cluster: expected a number from 0 to ${config.clusters.count - 1}, got ${cluster}`);
  }
  const { prepared } = await openTrained(request.runPath, config, output, request.step);
  try {
    const { setup, models } = prepared;
    const key = randomKey(request.seed).split("sample");
    const examples = await openInputs(request, setup.data.test.load);
    await mkdir(request.outputPath, { recursive: true });
    const paths: string[] = [];
    for (const [index, example] of examples.entries()) {
      const drawn = categorical(key.split("clusters").fold(index), setup.clusters.partition.counts, count);
      const clusterIds = Array.from(drawn, (own) => cluster ?? own);
      const images = await drawImages(models, example, clusterIds, config, key.split("latents").fold(index));
      for (const [sample, image] of images.entries()) {
        const path = join(request.outputPath, `${example.name}-cluster${clusterIds[sample]}-${sample}.png`);
        await writePng(path, image);
        paths.push(path);
      }
    }
    return paths;
  } finally {
    prepared.dispose();
  }
}

async function openInputs(
  { inputs, config }: SampleRequest,
  loadTest: (index: number) => Promise<PairedExample>,
): Promise<PairedExample[]> {
  const { size } = config.data;
  if (inputs.length === 0) return Promise.all([0, 1, 2, 3].map(loadTest));
  return Promise.all(
    inputs.map(async (path) => {
      const image = resizeImage(toRgb(await readImage(path)), { width: size, height: size }, "nearest");
      return { name: basename(path, extname(path)), input: image, target: image };
    }),
  );
}
