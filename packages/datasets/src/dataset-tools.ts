import { DataError, type Dataset } from "@divgen/core-tensors";

/**
 * Keeps examples in memory once loaded. Examples must hold no tensors: the same one is handed out again.
 *
 * A load that fails is tried anew the next time.
 */
export function cacheInMemory<Example>(dataset: Dataset<Example>): Dataset<Example> {
  const loaded = new Map<number, Promise<Example>>();
  return {
    name: dataset.name,
    size: dataset.size,
    load: (index) => {
      const known = loaded.get(index);
      if (known) return known;
      const example = dataset.load(index);
      loaded.set(index, example);
      example.catch(() => loaded.delete(index));
      return example;
    },
  };
}

/**
 * The examples with the given numbers, in that order.
 *
 * @throws RangeError naming a number that the data set does not have.
 */
export function selectExamples<Example>(dataset: Dataset<Example>, indices: ArrayLike<number>): Dataset<Example> {
  const chosen = Int32Array.from(indices);
  for (const index of chosen) assertIndex(index, dataset.size);
  return {
    name: dataset.name,
    size: chosen.length,
    load: async (index) => {
      assertIndex(index, chosen.length);
      return dataset.load(chosen[index]!);
    },
  };
}

/** All examples, loaded four at a time, in order. */
export async function loadAll<Example>(dataset: Dataset<Example>): Promise<Example[]> {
  const examples: Example[] = [];
  for (let start = 0; start < dataset.size; start += 4) {
    const indices = Array.from({ length: Math.min(4, dataset.size - start) }, (_, offset) => start + offset);
    examples.push(...(await Promise.all(indices.map((index) => dataset.load(index)))));
  }
  return examples;
}

/**
 * Loads every example once and names all that cannot be used, before a long run finds the first of them.
 *
 * @throws DataError listing up to 20 failures and their number.
 */
export async function verifyDataset<Example>(dataset: Dataset<Example>): Promise<void> {
  const failures: string[] = [];
  for (let index = 0; index < dataset.size; index++) {
    try {
      await dataset.load(index);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length === 0) return;
  const shown = failures.slice(0, 20).join("\n  ");
  const more = failures.length > 20 ? `\n  and ${failures.length - 20} more` : "";
  throw new DataError(
    `${dataset.name}: ${failures.length} of ${dataset.size} examples cannot be used:\n  ${shown}${more}`,
  );
}

/** @throws RangeError unless 0 <= index < size. */
export function assertIndex(index: number, size: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`index: expected an integer in [0, ${size}), got ${index}`);
  }
}
