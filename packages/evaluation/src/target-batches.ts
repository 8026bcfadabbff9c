import type { Dataset, ImageBatch } from "@divgen/core-tensors";
import { type PairedExample, toImageBatch } from "@divgen/datasets";

/** Target images of a data set, a batch at a time; each is owned by the caller. */
export async function* targetBatches(dataset: Dataset<PairedExample>, batchSize: number): AsyncGenerator<ImageBatch> {
  for (let start = 0; start < dataset.size; start += batchSize) {
    const count = Math.min(batchSize, dataset.size - start);
    const examples = await Promise.all(Array.from({ length: count }, (_, index) => dataset.load(start + index)));
    yield toImageBatch(examples.map(({ target }) => target));
  }
}
