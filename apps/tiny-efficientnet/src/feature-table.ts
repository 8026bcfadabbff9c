import type { FeatureExtractor } from "@divgen/core-tensors";
import { reshape } from "@tensorflow/tfjs-core";
import { type LabeledPictures, plainBatch } from "./data.ts";
import type { FeatureTable } from "./nearest-neighbors.ts";

/** Features of the first `perClass` pictures of each class. */
export async function tabulate(
  extractor: FeatureExtractor,
  layer: string,
  pictures: LabeledPictures,
  perClass: number,
  batchSize: number,
): Promise<FeatureTable> {
  const seen = new Map<number, number>();
  const indices: number[] = [];
  pictures.labels.forEach((label, index) => {
    const count = seen.get(label) ?? 0;
    seen.set(label, count + 1);
    if (count < perClass) indices.push(index);
  });
  const rows: Float32Array[] = [];
  for (let start = 0; start < indices.length; start += batchSize) {
    const images = plainBatch(pictures, indices.slice(start, start + batchSize));
    const [features] = extractor.extract(images, [layer]);
    const flat = reshape(features!, [images.shape[0], -1]);
    rows.push(Float32Array.from(await flat.data()));
    for (const used of [images, features!, flat]) used.dispose();
  }
  const width = rows[0]!.length / Math.min(batchSize, indices.length);
  const values = new Float32Array(indices.length * width);
  let offset = 0;
  for (const row of rows) {
    values.set(row, offset);
    offset += row.length;
  }
  return { values, width, labels: Int32Array.from(indices, (index) => pictures.labels[index]!) };
}
