import { matMul, slice, type Tensor2D, tensor2d, topk } from "@tensorflow/tfjs-core";

/** Features of many pictures, row by row. */
export interface FeatureTable {
  readonly values: Float32Array;
  readonly width: number;
  readonly labels: Int32Array;
}

/**
 * Share of the queries whose class is the most frequent one among their k nearest references, by cosine similarity.
 * Ties between classes go to the class of the nearer neighbour.
 */
export function nearestNeighborAccuracy(references: FeatureTable, queries: FeatureTable, k: number): number {
  const referenceTensor = unitRows(references);
  const queryTensor = unitRows(queries);
  let hits = 0;
  const chunk = 500;
  for (let start = 0; start < queries.labels.length; start += chunk) {
    const count = Math.min(chunk, queries.labels.length - start);
    const part = slice(queryTensor, [start, 0], [count, queries.width]);
    const similarities = matMul(part, referenceTensor, false, true);
    const nearest = topk(similarities, k);
    const indices = nearest.indices.dataSync();
    for (let row = 0; row < count; row++) {
      const neighbors = Array.from(indices.subarray(row * k, row * k + k), (index) => references.labels[index]!);
      if (mostFrequent(neighbors) === queries.labels[start + row]) hits++;
    }
    for (const used of [part, similarities, nearest.values, nearest.indices]) used.dispose();
  }
  referenceTensor.dispose();
  queryTensor.dispose();
  return hits / queries.labels.length;
}

/** The value that occurs most often; among equals the one that occurs first. */
export function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Rows scaled to unit length. */
function unitRows({ values, width }: FeatureTable): Tensor2D {
  const scaled = values.slice();
  for (let start = 0; start < values.length; start += width) {
    let squares = 0;
    for (let index = start; index < start + width; index++) squares += values[index]! ** 2;
    const scale = 1 / Math.sqrt(Math.max(squares, 1e-30));
    for (let index = start; index < start + width; index++) scaled[index]! *= scale;
  }
  return tensor2d(scaled, [values.length / width, width]);
}
