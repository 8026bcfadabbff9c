import type { FittedClusterGaussians } from "@divgen/clustering";
import type { Dataset } from "@divgen/core-tensors";
import { type PairedExample, toImageBatch } from "@divgen/datasets";
import { toPixelImages } from "@divgen/evaluation";
import type { PixelImage } from "@divgen/image-files";
import type { RandomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import type { FacadesData } from "./data.ts";
import { generateFor } from "./evaluate.ts";
import type { Models } from "./models.ts";

/** Images of one input as pixels, one a cluster number. */
export async function drawImages(
  models: Models,
  example: PairedExample,
  clusterIds: readonly number[],
  config: Config,
  key: RandomKey,
): Promise<PixelImage[]> {
  const input = toImageBatch([example.input]);
  const images = generateFor(models, input, clusterIds, config, key);
  input.dispose();
  try {
    return await toPixelImages(images);
  } finally {
    images.dispose();
  }
}

/** Numbers of the clusters, largest first. */
export function clustersBySize({ partition }: FittedClusterGaussians): number[] {
  const order = Array.from(partition.counts, (_, cluster) => cluster);
  return order.sort((first, second) => partition.counts[second]! - partition.counts[first]!);
}

/** Figure 6: example photographs of each cluster, one row a cluster. */
export async function clusterExamples(
  train: Dataset<PairedExample>,
  clusters: FittedClusterGaussians,
  examplesPerCluster: number,
): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (const cluster of clustersBySize(clusters)) {
    const members = [...clusters.partition.labels.keys()].filter(
      (index) => clusters.partition.labels[index] === cluster,
    );
    const examples = await Promise.all(members.slice(0, examplesPerCluster).map((index) => train.load(index)));
    rows.push(examples.map(({ target }) => target));
  }
  return rows;
}

/** Figures 7 and 8: for each input its label map, its photograph, and an image for each cluster (or noise). */
export async function sampleRows(
  models: Models,
  data: FacadesData,
  clusterIds: readonly number[],
  inputCount: number,
  config: Config,
  key: RandomKey,
): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (let index = 0; index < Math.min(inputCount, data.test.size); index++) {
    const example = await data.test.load(index);
    const drawn = await drawImages(models, example, clusterIds, config, key.fold(index));
    rows.push([example.input, example.target, ...drawn]);
  }
  return rows;
}
