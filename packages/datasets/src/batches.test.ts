import { fromUint8, toUint8 } from "@divgen/core-tensors";
import {
  cmpPngPalette,
  cropImage,
  flipHorizontally,
  labelMapToColors,
  type PixelImage,
  pixelImage,
  resizeImage,
} from "@divgen/image-files/pixels";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { augmentPair } from "./augment-pair.ts";
import { createBatchSchedule } from "./batch-schedule.ts";
import { createDatasetBatches } from "./batch-source.ts";
import { cacheInMemory, loadAll, selectExamples, verifyDataset } from "./dataset-tools.ts";
import { createProceduralFacades } from "./facades/procedural-facades.ts";
import { toImageBatch } from "./image-batches.ts";
import { toPairedBatch } from "./paired-batch.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(3);

/** Value of a pixel tells its place: red the column, green the row, blue which image. */
function places(size: number, blue: number): PixelImage {
  const pixels = Uint8Array.from({ length: size * size * 3 }, (_, index) => {
    const place = Math.floor(index / 3);
    return [place % size, Math.floor(place / size), blue][index % 3]!;
  });
  return pixelImage(pixels, { width: size, height: size, channels: 3 });
}

const pair = {
  name: "pair",
  input: places(12, 1),
  target: places(12, 2),
  labels: { classIds: places(12, 0).pixels.filter((_, index) => index % 3 === 0), width: 12, height: 12 },
};

describe("createBatchSchedule", () => {
  it("shows every example once an epoch, in a new order each time", () => {
    const { stepsPerEpoch, batchForStep } = createBatchSchedule({ size: 10, batchSize: 3, key, lastBatch: "keep" });
    expect(stepsPerEpoch).toBe(4);
    const epochs = [0, 1].map((epoch) =>
      Array.from({ length: 4 }, (_, step) => [...batchForStep(epoch * 4 + step).indices]).flat(),
    );
    for (const order of epochs) expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(batchForStep(7)).toMatchObject({ epoch: 1 });
    expect(batchForStep(3).indices.length).toBe(1);
  });

  it("gives the batch of a step whatever was asked before", () => {
    const options = { size: 50, batchSize: 8, key };
    const run = createBatchSchedule(options);
    const uninterrupted = Array.from({ length: 30 }, (_, step) => run.batchForStep(step));
    expect(createBatchSchedule(options).batchForStep(17)).toEqual(uninterrupted[17]);
    expect(run.batchForStep(4)).toEqual(uninterrupted[4]);
    expect(run.stepsPerEpoch).toBe(6);
    expect(uninterrupted.every(({ indices }) => new Set(indices).size === 8)).toBe(true);
  });

  it("refuses batches that the data cannot fill", () => {
    expect(() => createBatchSchedule({ size: 3, batchSize: 4, key })).toThrow("expected at most 3");
    expect(() => createBatchSchedule({ size: 0, batchSize: 1, key })).toThrow("at least one example");
    expect(() => createBatchSchedule({ size: 3, batchSize: 1, key }).batchForStep(-1)).toThrow("got -1");
  });
});

describe("augmentPair", () => {
  it("cuts and mirrors both halves and the labels alike", () => {
    const seen = new Set<string>();
    for (let index = 0; index < 60; index++) {
      const { input, target, labels, flipped, left, top } = augmentPair(
        pair,
        { loadSize: 12, cropSize: 9, flip: true },
        key.fold(index),
      );
      const cut = cropImage(pair.input, { left, top, width: 9, height: 9 });
      expect(input).toEqual(flipped ? flipHorizontally(cut) : cut);
      expect(target.pixels.filter((_, place) => place % 3 !== 2)).toEqual(
        input.pixels.filter((_, place) => place % 3 !== 2),
      );
      expect(labels!.classIds).toEqual(input.pixels.filter((_, place) => place % 3 === 0));
      seen.add(`${left} ${top} ${flipped}`);
      expect(Math.max(left, top)).toBeLessThanOrEqual(3);
    }
    // 4 x 4 places, mirrored or not.
    expect(seen.size).toBeGreaterThan(24);
  });

  it("reaches the first and the last place and mirrors about half", () => {
    const draws = Array.from({ length: 300 }, (_, index) =>
      augmentPair(pair, { loadSize: 12, cropSize: 10, flip: true }, key.fold(index)),
    );
    expect(new Set(draws.map(({ left }) => left))).toEqual(new Set([0, 1, 2]));
    const flips = draws.filter(({ flipped }) => flipped).length;
    expect(Math.abs(flips - 150)).toBeLessThan(40);
  });

  it("resizes first, labels to the nearest", () => {
    const { input, labels } = augmentPair(pair, { loadSize: 24, cropSize: 24, flip: false }, key);
    expect(input).toEqual(resizeImage(pair.input, { width: 24, height: 24 }, "bicubic"));
    expect([...labels!.classIds.subarray(0, 6)]).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("refuses a crop larger than the picture", () => {
    expect(() => augmentPair(pair, { loadSize: 8, cropSize: 9, flip: false }, key)).toThrow("got 9 and 8");
  });
});

describe("toPairedBatch", () => {
  it("stacks what augmentPair makes under the folded key", () => {
    const augmentation = { loadSize: 12, cropSize: 8, flip: true };
    const batch = toPairedBatch([pair, pair, pair], augmentation, key);
    const pairs = [0, 1, 2].map((index) => augmentPair(pair, augmentation, key.fold(index)));
    expect(batch.input.shape).toEqual([3, 8, 8, 3]);
    expectClose(
      batch.input,
      pairs.flatMap(({ input }) => Array.from(input.pixels, (v) => v / 127.5 - 1)),
      { absolute: 1e-6 },
    );
    expectClose(
      batch.target,
      pairs.flatMap(({ target }) => Array.from(target.pixels, (v) => v / 127.5 - 1)),
      { absolute: 1e-6 },
    );
    expect([...batch.labels!.dataSync()]).toEqual(pairs.flatMap(({ labels }) => [...labels!.classIds]));
    expect(batch.labels!.dtype).toBe("int32");
    expect(batch.flipped).toEqual(pairs.map(({ flipped }) => flipped));
    dispose([batch.input, batch.target, batch.labels!]);
  });

  it("has no labels where examples have none, and refuses an empty batch", () => {
    const { labels, ...plain } = pair;
    expect(labels).toBeDefined();
    const batch = toPairedBatch([plain], { loadSize: 4, cropSize: 4, flip: false }, key);
    expect(batch.labels).toBeUndefined();
    dispose([batch.input, batch.target]);
    expect(() => toPairedBatch([], { loadSize: 4, cropSize: 4, flip: false }, key)).toThrow("got none");
  });
});

describe("batches of a data set", () => {
  const numbers = { name: "numbers", size: 7, load: async (index: number) => index * 10 };

  it("follow from the step alone", async () => {
    const options = {
      batchSize: 2,
      key,
      collate: (examples: readonly number[], stepKey: typeof key) => ({
        examples: [...examples],
        words: stepKey.words,
      }),
    };
    const first = createDatasetBatches(numbers, options);
    expect(first.stepsPerEpoch).toBe(3);
    const batches = [await first.load(0), await first.load(1), await first.load(5)];
    expect(await createDatasetBatches(numbers, options).load(5)).toEqual(batches[2]);
    expect(new Set([...batches[0]!.examples, ...batches[1]!.examples]).size).toBe(4);
    expect(batches[0]!.words).not.toEqual(batches[1]!.words);
  });

  it("are made of images of one size", () => {
    const batch = toImageBatch([places(2, 9), places(2, 8)]);
    const direct = fromUint8(Uint8Array.from([...places(2, 9).pixels, ...places(2, 8).pixels]), {
      batch: 2,
      height: 2,
      width: 2,
      channels: 3,
    });
    expectClose(batch, direct.dataSync(), {});
    dispose([batch, direct]);
    expect(() => toImageBatch([places(2, 9), places(3, 9)])).toThrow("got 3 x 3 x 3 at index 1");
  });
});

describe("batches of drawn facades", () => {
  it("hold pictures, labels and flips that belong together", async () => {
    const facades = cacheInMemory(createProceduralFacades({ size: 32, count: 8, key, split: "train" }));
    const batches = createDatasetBatches(facades, {
      batchSize: 4,
      key: key.split("batches"),
      collate: (examples, stepKey) =>
        toPairedBatch(examples, { loadSize: 32, cropSize: 32, flip: true, inputFilter: "nearest" }, stepKey),
    });
    const { input, target, labels, flipped, names } = await batches.load(1);
    expect([input.shape, target.shape, labels!.shape]).toEqual([
      [4, 32, 32, 3],
      [4, 32, 32, 3],
      [4, 32, 32],
    ]);
    const ids = labels!.dataSync();
    const colors = await toUint8(input);
    for (const [row, name] of names.entries()) {
      const example = await facades.load(Number(name.slice(-5)));
      const first = example.labels.classIds.subarray(0, 32 * 32);
      const own = { classIds: Uint8Array.from(ids.subarray(row * 1024, (row + 1) * 1024)), width: 32, height: 32 };
      expect(own.classIds[15 * 32]).toBe(first[15 * 32 + (flipped[row] ? 31 : 0)]);
      const drawn = labelMapToColors(own, cmpPngPalette).pixels;
      expect(Buffer.from(colors.subarray(row * 3072, (row + 1) * 3072)).equals(drawn)).toBe(true);
    }
    dispose([input, target, labels!]);
  });
});

describe("tools", () => {
  it("caches what was loaded, but no failure", async () => {
    let loads = 0;
    const flaky = cacheInMemory({
      name: "flaky",
      size: 2,
      load: async (index: number) => {
        loads++;
        if (loads === 1) throw new Error("first try");
        return { index };
      },
    });
    await expect(flaky.load(1)).rejects.toThrow("first try");
    const example = await flaky.load(1);
    expect(await flaky.load(1)).toBe(example);
    expect(loads).toBe(2);
  });

  it("selects, loads all and verifies", async () => {
    const numbers = { name: "numbers", size: 5, load: async (index: number) => index };
    expect(await loadAll(selectExamples(numbers, [4, 0, 4]))).toEqual([4, 0, 4]);
    expect(() => selectExamples(numbers, [5])).toThrow("[0, 5), got 5");
    await expect(verifyDataset(numbers)).resolves.toBeUndefined();
  });
});
