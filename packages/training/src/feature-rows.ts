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
  return (await extractLayerRows(extractor, [layer], batches))[0]!;
}

/** The same of several layers, in one pass over the images: rows of each layer, in the order of `layers`. */
export async function extractLayerRows(
  extractor: FeatureExtractor,
  layers: readonly string[],
  batches: AsyncIterable<ImageBatch> | Iterable<ImageBatch>,
): Promise<FeatureRows[]> {
  const parts = layers.map((): Float32Array[] => []);
  let rows = 0;
  for await (const images of batches) {
    const batch = images.shape[0];
    const features = tidy(() => extractor.extract(images, layers).map((values) => reshape(values, [batch, -1])));
    images.dispose();
    rows += batch;
    for (const [place, values] of features.entries()) {
      parts[place]!.push((await values.data()) as Float32Array);
      values.dispose();
    }
  }
  if (rows === 0) throw new RangeError("images: expected at least one batch, got none");
  return parts.map((own) => joined(own, rows));
}

function joined(parts: readonly Float32Array[], rows: number): FeatureRows {
  const values = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, rows, columns: values.length / rows };
}
