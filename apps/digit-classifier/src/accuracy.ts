import type { FeatureExtractor } from "@divgen/core-tensors";
import type { GreyImages } from "@divgen/datasets";
import { randomKey } from "@divgen/random";
import { argMax, dispose } from "@tensorflow/tfjs-core";
import { digitBatch } from "./digit-batches.ts";

/** Share of digits that a classifier names right. */
export async function accuracyOf(classifier: FeatureExtractor, digits: GreyImages, batchSize = 250): Promise<number> {
  let hits = 0;
  for (let start = 0; start < digits.size; start += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, digits.size - start) }, (_, item) => start + item);
    const batch = digitBatch(digits, indices, { largestShift: 0, key: randomKey(0) });
    const [logits] = classifier.extract(batch.images, ["logits"]);
    const guesses = argMax(logits!, 1);
    (await guesses.data()).forEach((guess, item) => {
      if (guess === digits.labels[start + item]) hits++;
    });
    dispose([batch.images, batch.labels, logits!, guesses]);
  }
  return hits / digits.size;
}
