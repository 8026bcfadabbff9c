import { reshape, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { FeatureRows } from "./feature-rows.ts";

/**
 * Features of many samples of any kind, read back batch by batch.
 *
 * @param batches - each batch is disposed after use.
 * @param toFeatures - [batch, ...] of a batch; what else it makes is freed.
 * @returns one row a sample, its features flattened.
 * @throws RangeError if there is no sample at all, or not one row a sample.
 */
export async function collectSampleRows<Sample extends Tensor>(
  batches: AsyncIterable<Sample> | Iterable<Sample>,
  toFeatures: (samples: Sample) => Tensor,
): Promise<FeatureRows> {
  const parts: Float32Array[] = [];
  let rows = 0;
  for await (const samples of batches) {
    let features: Tensor;
    try {
      features = featureRows(samples, toFeatures);
      rows += samples.shape[0]!;
    } finally {
      samples.dispose();
    }
    try {
      parts.push((await features.data()) as Float32Array);
    } finally {
      features.dispose();
    }
  }
  if (rows === 0) throw new RangeError("samples: expected at least one batch, got none");
  const values = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, rows, columns: values.length / rows };
}

/**
 * Features of a batch as [batch, features].
 *
 * @returns owned by the caller.
 * @throws RangeError if there is not one row a sample, as with a discriminator that packs several.
 */
export function featureRows<Sample extends Tensor>(samples: Sample, toFeatures: (samples: Sample) => Tensor): Tensor {
  const batch = samples.shape[0]!;
  return tidy(() => {
    const features = toFeatures(samples);
    if (features.shape[0] !== batch) {
      throw new RangeError(`features: expected one row for each of ${batch} samples, got ${features.shape[0]}`);
    }
    return reshape(features, [batch, -1]);
  });
}
