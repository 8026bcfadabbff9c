import type { FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import { reshape, tidy } from "@tensorflow/tfjs-core";

/** Features as rows, one an image; the shape of clustering's `RowMatrix`. */
export interface FeatureRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Features of many images, read back batch by batch.
 *
 * @param batches - each batch is disposed after use.
 * @returns one row an image, the layer's features flattened.
 * @throws RangeError if there is no image at all.
 */
export async function extractFeatureRows(
  extractor: FeatureExtractor,
  layer: string,
  batches: AsyncIterable<ImageBatch> | Iterable<ImageBatch>,
): Promise<FeatureRows> {
  const parts: Float32Array[] = [];
  let rows = 0;
  for await (const images of batches) {
    const batch = images.shape[0];
    const features = tidy(() => reshape(extractor.extract(images, [layer])[0]!, [batch, -1]));
    images.dispose();
    rows += batch;
    parts.push((await features.data()) as Float32Array);
    features.dispose();
  }
  if (rows === 0) throw new RangeError("images: expected at least one batch, got none");
  const values = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, rows, columns: values.length / rows };
}
