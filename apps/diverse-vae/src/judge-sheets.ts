import type { FeatureExtractor } from "@divgen/core-tensors";
import { argMax, dispose, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { DigitGenerator } from "./digit-generator.ts";
import type { Sheet } from "./draw-sheets.ts";

/** Images that go through the networks at once. */
const BATCH = 500;

/** What the images of a sheet are like. */
export interface SheetJudgement {
  /** Classes, of ten, that its images show. */
  readonly distinct: number;
  /** Mean Euclidean distance between the classifier's pooled features of two of its images. */
  readonly meanDistance: number;
  readonly squaredDistance: number;
}

/** Classes and features of the images of all sheets, batch by batch. */
export async function judgeSheets(
  generator: DigitGenerator,
  classifier: FeatureExtractor,
  sheets: readonly Sheet[],
): Promise<SheetJudgement[]> {
  const { rows, columns } = sheets[0]!.latents;
  const latents = new Float32Array(sheets.length * rows * columns);
  for (const [index, sheet] of sheets.entries()) latents.set(sheet.latents.values, index * rows * columns);
  const count = sheets.length * rows;
  const classes = new Int32Array(count);
  const features: Float32Array[] = [];
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    const [pooled, guesses] = tidy(() => {
      const part = tensor2d(latents.subarray(start * columns, (start + size) * columns), [size, columns]);
      const [map, logits] = classifier.extract(generator.generate(part), ["pooled", "logits"]);
      return [map!, argMax(logits!, 1)] as const;
    });
    classes.set(await guesses.data(), start);
    features.push((await pooled.data()) as Float32Array);
    dispose([pooled, guesses]);
  }
  const width = features[0]!.length / Math.min(BATCH, count);
  const featureOf = (image: number): Float32Array => {
    const part = features[Math.floor(image / BATCH)]!;
    const first = (image % BATCH) * width;
    return part.subarray(first, first + width);
  };
  return sheets.map(({ squaredDistance }, index) => ({
    distinct: new Set(classes.subarray(index * rows, (index + 1) * rows)).size,
    meanDistance: meanPairDistance(Array.from({ length: rows }, (_, row) => featureOf(index * rows + row))),
    squaredDistance,
  }));
}

function meanPairDistance(rows: readonly Float32Array[]): number {
  let sum = 0;
  for (let first = 0; first < rows.length; first++) {
    for (let second = first + 1; second < rows.length; second++) {
      let squares = 0;
      for (const [index, value] of rows[first]!.entries()) squares += (value - rows[second]![index]!) ** 2;
      sum += Math.sqrt(squares);
    }
  }
  return (2 * sum) / (rows.length * (rows.length - 1));
}
