import type { RowMatrix } from "@divgen/clustering";
import { DataError, type FeatureExtractor, fromUint8, withDisposed } from "@divgen/core-tensors";
import { InterruptedError } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import { dispose } from "@tensorflow/tfjs-core";
import type { CommandOutput } from "../command-output.ts";
import type { ImageSamples } from "../samples/sample-set.ts";
import { createTaskProgress } from "../task-progress.ts";

/** An image that could not be decoded. */
export interface SkippedImage {
  readonly name: string;
  readonly problem: string;
}

/** Features of the readable images of a set. */
export interface Extraction {
  /** By layer, one row a readable image, in order. */
  readonly features: ReadonlyMap<string, RowMatrix<Float32Array>>;
  /** Numbers of the readable images in the set. */
  readonly indices: Int32Array;
  readonly skipped: readonly SkippedImage[];
}

/** How features are extracted. */
export interface ExtractionOptions {
  readonly layers: readonly string[];
  /** Images that go through the network at once; does not change the features. */
  readonly batchSize: number;
  /** Whether unreadable images are left out; otherwise they end the command. */
  readonly skipUnreadable: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
}

/**
 * Runs images through an extractor (without layers: only decodes them, to know which can be read). Images of one batch are of one size; files are decoded while the batch before is at
 * work.
 *
 * @throws DataError listing all unreadable images unless they are to be skipped, or if features differ in width.
 * @throws InterruptedError when the signal fires.
 */
export async function extractFeatures(
  samples: ImageSamples,
  extractor: FeatureExtractor | undefined,
  { layers, batchSize, skipUnreadable, output, signal }: ExtractionOptions,
): Promise<Extraction> {
  const progress = createTaskProgress(output, {
    name: `${extractor?.name ?? "reading"} of ${samples.path}`,
    total: samples.count,
    unit: "images",
  });
  const collectors = layers.map((layer) => createRowCollector(samples, layer));
  const indices: number[] = [];
  const skipped: SkippedImage[] = [];
  let pending = decode(samples, 0, batchSize);
  for (let start = 0; start < samples.count; start += batchSize) {
    const decoded = await pending;
    const next = start + batchSize;
    if (next < samples.count) pending = decode(samples, next, batchSize);
    if (signal?.aborted) {
      await Promise.allSettled([pending]);
      throw new InterruptedError(start, `interrupted after ${start} of ${samples.count} images`);
    }
    const images: DecodedImage[] = [];
    for (const item of decoded) {
      if ("problem" in item) skipped.push({ name: samples.nameOf(item.index), problem: item.problem });
      else images.push(item);
    }
    // After an unreadable image the rest is decoded only to list all of them.
    if (skipped.length === 0 || skipUnreadable) {
      for (const run of runsOfOneSize(images)) {
        if (extractor !== undefined) await extractRun(run, extractor, layers, collectors);
        for (const { index } of run) indices.push(index);
      }
    }
    progress.update(Math.min(next, samples.count));
  }
  if (skipped.length > 0 && !skipUnreadable) throw unreadableImages(samples, skipped);
  if (indices.length === 0) throw new DataError(`${samples.path}: none of the ${samples.count} images can be read.`);
  return {
    features: new Map(layers.map((layer, position) => [layer, collectors[position]!.matrix()])),
    indices: Int32Array.from(indices),
    skipped,
  };
}

function unreadableImages({ path, count }: ImageSamples, skipped: readonly SkippedImage[]): DataError {
  const lines = skipped.map(({ name, problem }) => `  ${name}: ${problem}`).join("\n");
  return new DataError(
    `${path}: ${skipped.length} of ${count} images cannot be read (--skip-unreadable leaves them out):\n${lines}`,
  );
}

interface DecodedImage {
  readonly index: number;
  readonly image: PixelImage;
}

type DecodeOutcome = DecodedImage | { readonly index: number; readonly problem: string };

function decode(samples: ImageSamples, start: number, count: number): Promise<DecodeOutcome[]> {
  const end = Math.min(samples.count, start + count);
  return Promise.all(
    Array.from({ length: end - start }, async (_, offset): Promise<DecodeOutcome> => {
      const index = start + offset;
      try {
        return { index, image: await samples.load(index) };
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        // The list names the file already.
        return { index, problem: error.message.replace(/^.*?: expected /, "expected ") };
      }
    }),
  );
}

function runsOfOneSize(images: readonly DecodedImage[]): DecodedImage[][] {
  const runs: DecodedImage[][] = [];
  for (const item of images) {
    const previous = runs.at(-1)?.[0]?.image;
    const fits = previous?.width === item.image.width && previous.height === item.image.height;
    if (fits) runs.at(-1)!.push(item);
    else runs.push([item]);
  }
  return runs;
}

async function extractRun(
  run: readonly DecodedImage[],
  extractor: FeatureExtractor,
  layers: readonly string[],
  collectors: readonly RowCollector[],
): Promise<void> {
  const { width, height, channels } = run[0]!.image;
  const size = width * height * channels;
  const bytes = new Uint8Array(run.length * size);
  run.forEach(({ image }, position) => {
    bytes.set(image.pixels, position * size);
  });
  const batch = fromUint8(bytes, { batch: run.length, height, width, channels });
  const tensors = await withDisposed([batch], () => extractor.extract(batch, layers));
  try {
    for (const [position, tensor] of tensors.entries()) {
      collectors[position]!.add((await tensor.data()) as Float32Array, run.length);
    }
  } finally {
    dispose(tensors);
  }
}

interface RowCollector {
  add(values: Float32Array, rows: number): void;
  matrix(): RowMatrix<Float32Array>;
}

function createRowCollector({ path, count }: ImageSamples, layer: string): RowCollector {
  let values = new Float32Array();
  let columns = 0;
  let rows = 0;
  return {
    add: (added, addedRows) => {
      const width = added.length / addedRows;
      if (rows === 0) {
        columns = width;
        values = new Float32Array(count * width);
      }
      if (width !== columns) {
        throw new DataError(
          `${path}: expected images of one size, since layer ${layer} has ${columns} features for the first ones and ${width} for others. Take an extractor that resizes, such as pixels-64.`,
        );
      }
      values.set(added, rows * columns);
      rows += addedRows;
    },
    matrix: () => ({ values: values.subarray(0, rows * columns), rows, columns }),
  };
}
