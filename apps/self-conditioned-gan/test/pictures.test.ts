import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asImageBatch, type ImageBatch } from "@divgen/core-tensors";
import {
  type BarPlot,
  createRunDirectory,
  type ImageGrid,
  type LinePlot,
  type Report,
  saveCheckpoint,
} from "@divgen/experiment";
import { type PixelImage, readImage } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose, fill, memory } from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { addClusterPictures } from "../src/cluster-pictures.ts";
import type { Config } from "../src/config.ts";
import { addStackedHistograms } from "../src/mode-histogram.ts";
import { openRun } from "../src/open-run.ts";
import { openTrained } from "../src/open-trained.ts";
import { presets } from "../src/presets.ts";
import type { ShownRun } from "../src/task.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(4);
const folder = mkdtempSync(join(tmpdir(), "self-conditioned pictures "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A report that keeps what it is given. */
function createKeepingReport() {
  const kept = { grids: [] as ImageGrid[], bars: [] as BarPlot[], lines: [] as LinePlot[] };
  const report = {
    imageGrid: (grid: ImageGrid) => kept.grids.push(grid),
    barPlot: (plot: BarPlot) => kept.bars.push(plot),
    linePlot: (plot: LinePlot) => kept.lines.push(plot),
  };
  return { report: report as unknown as Report, kept };
}

describe("pictures by cluster", () => {
  const size = 16;
  /** Grey images, as bright as their number times 10. */
  const greyOf = (index: number): PixelImage => ({
    ...{ width: size, height: size, channels: 3 },
    pixels: new Uint8Array(3 * size * size).fill(10 * index),
  });
  const order = Int32Array.of(9, 8, 7, 6, 5, 4, 3);
  const images = {
    name: "grey",
    size: 10,
    load: async (index: number) => ({ name: "", image: greyOf(index), classId: 0 }),
  };
  const asked: [classId: number, count: number][] = [];
  /** Images of class c have c / 10 everywhere. */
  const ofClass = (classId: number, count: number): ImageBatch => {
    asked.push([classId, count]);
    return asImageBatch(fill([count, size, size, 3], classId / 10));
  };
  const shownRun = (changes: Partial<ShownRun<ImageBatch>>): ShownRun<ImageBatch> => ({
    ...{ key, source: () => [], ofClass, classCount: 4, subsetConditions: undefined },
    ...changes,
  });
  const draw = async (run: ShownRun<ImageBatch>, method: Config["method"], pixels = size) => {
    const { report, kept } = createKeepingReport();
    asked.length = 0;
    const data = { ...presets["paper-image-folder"].data, size: pixels };
    await addClusterPictures(report, run, { images, order }, { data, method });
    return kept.grids;
  };
  /** Brightness at the middle of each image of a block: tiles of 16 pixels, twice as large, 2 apart. */
  const tilesOf = async (png: Uint8Array): Promise<number[]> => {
    const path = join(folder, "block.png");
    await writeFile(path, png);
    const { pixels, width, height } = await readImage(path);
    const at = (column: number, row: number) => pixels[3 * ((18 + 34 * row) * width + 18 + 34 * column)]!;
    return Array.from({ length: (height - 2) / 34 }, (_, row) =>
      Array.from({ length: (width - 2) / 34 }, (_, column) => at(column, row)),
    ).flat();
  };

  test("real images of a cluster stand left of generated ones, the largest cluster first, empty ones left out", async () => {
    const subsetConditions = Int32Array.of(3, 1, 3, 3, 0, 1, 3);
    const [grid, ...further] = await draw(shownRun({ subsetConditions }), "online");
    expect(further).toEqual([]);
    expect(grid).toMatchObject({
      ...{ columns: 2, columnTitles: ["real", "generated"], rowTitles: ["3 (4)", "1 (2)", "0 (1)"] },
      caption: expect.stringContaining("The 3 largest clusters"),
    });
    expect(asked).toEqual([3, 1, 0].map((classId) => [classId, 12]));
    const blocks: number[][] = [];
    for (const { png } of grid!.images) blocks.push(await tilesOf(png));
    // Missing real images are white.
    const filled = (real: number[]) => [...real, ...Array<number>(6 - real.length).fill(255)];
    expect([blocks[0], blocks[2], blocks[4]]).toEqual([filled([90, 70, 60, 30]), filled([80, 40]), filled([50])]);
    const grey = (classId: number) => Array<number>(12).fill(Math.round((classId / 10 + 1) * 127.5));
    expect([blocks[1], blocks[3], blocks[5]]).toEqual([grey(3), grey(1), grey(0)]);
  });

  test("without classes of real images there are generated ones alone; without classes, nothing", async () => {
    const [grid] = await draw(shownRun({}), "mgan");
    expect(grid).toMatchObject({ columns: 1, rowTitles: ["0", "1", "2", "3"] });
    expect(grid!.caption).toBe("Generated images of 4 generators, a row each.");
    expect(grid!.images).toHaveLength(4);
    expect(await draw(shownRun({ ofClass: undefined, classCount: 0 }), "gan")).toEqual([]);
  });

  test.each([
    [32, 12],
    [64, 12],
    [128, 6],
    [256, 4],
  ])("of %i pixels there are %i beside each other", async (pixels, count) => {
    await draw(shownRun({ classCount: 1 }), "random-labels", pixels);
    expect(asked).toEqual([[0, count]]);
  });
});

test("stacked digits: shares of the digits by channel, and of the modes by rank", () => {
  const { report, kept } = createKeepingReport();
  addStackedHistograms(report, { generated: [123, 123, 120, 923], real: [123, 4] }, "classifier");
  const sharesOf = (plot: BarPlot, group: string) =>
    plot.bars.flatMap(({ label, value, group: own }) => (own === group && value > 0 ? [[label, value]] : []));
  expect(kept.bars.map((plot) => sharesOf(plot, "generated"))).toEqual([
    [
      ["1", 0.75],
      ["9", 0.25],
    ],
    [["2", 1]],
    [
      ["0", 0.25],
      ["3", 0.75],
    ],
  ]);
  expect(kept.bars.map((plot) => sharesOf(plot, "training images"))).toEqual([
    [
      ["0", 0.5],
      ["1", 0.5],
    ],
    [
      ["0", 0.5],
      ["2", 0.5],
    ],
    [
      ["3", 0.5],
      ["4", 0.5],
    ],
  ]);
  expect(kept.bars.map(({ bars }) => bars.length)).toEqual([20, 20, 20]);
  const [{ series, caption }] = kept.lines as [LinePlot];
  expect(series.map(({ points }) => points.length)).toEqual([1000, 1000]);
  expect(series.map(({ points }) => points.slice(0, 4))).toEqual([
    [
      [1, 500],
      [2, 250],
      [3, 250],
      [4, 0],
    ],
    [
      [1, 500],
      [2, 500],
      [3, 0],
      [4, 0],
    ],
  ]);
  expect(caption).toContain("no generated one is of: 997.");
});

describe("a run's own pictures", () => {
  const { data, ...rest } = presets["short-stacked-mnist"];
  const config: Config = {
    ...{ ...rest, data: { ...data, size: 16, trainCount: 60 } },
    model: { latentSize: 3, embeddingSize: 2, generatorWidth: 1, discriminatorWidth: 2 },
    clustering: { ...rest.clustering, clusters: 3, subset: 40, restarts: 2 },
    mixture: { generators: 3, samplesPerGenerator: 2, classificationWeight: 0.1 },
    // Features move so fast that samples change their cluster.
    training: { ...rest.training, batchSize: 6, learningRate: 0.1 },
    evaluation: { samples: 20, samplesOnTheWay: 20, reference: 2 },
  };
  const train = async (method: Config["method"]) => {
    const opened = await openRun({ ...config, method });
    for (let step = 0; step < 4; step++) {
      const batch = await opened.batches.load(step);
      const report = await opened.objective.step(batch, { step, epoch: 0, key: key.fold(step) });
      dispose([...Object.values(report), ...Object.values(batch)]);
    }
    return opened;
  };

  test("online: clusters are told anew before samples are made, and nothing is left behind", async () => {
    const { method, withSamplingWeights, dispose: free } = await train("online");
    expect(method.drift()).toBe(0);
    const stale = [...method.subsetLabels()!];
    const before = memory().numTensors;
    await withSamplingWeights(async () => {
      const labels = [...method.subsetLabels()!];
      const moved = labels.filter((label, place) => label !== stale[place]).length;
      expect(moved).toBeGreaterThan(0);
      expect(method.drift()).toBe(moved / 40);
      const members = [0, 1, 2].map((cluster) => labels.filter((label) => label === cluster).length);
      expect(Array.from(method.masses()!)).toEqual(members);
    });
    expect(memory().numTensors).toBe(before);
    free();
  });

  test("online: a run opened from its checkpoint has the clusters of today, not those of the clustering", async () => {
    const { method, objective, withSamplingWeights, dispose: free } = await train("online");
    const path = join(folder, "online run");
    const directory = await createRunDirectory(path, { app: "test", preset: "test", config: config as never });
    await saveCheckpoint(directory, 4, objective.state);
    await withSamplingWeights(async () => undefined);
    const { opened } = await openTrained(path, { ...config, method: "online" });
    expect(opened.method.drift()).toBeGreaterThan(0);
    expect(opened.method.subsetLabels()).toEqual(method.subsetLabels());
    expect(opened.method.masses()).toEqual(method.masses());
    opened.dispose();
    free();
  });

  test.each([
    ["online", 2, "largest clusters"],
    ["class-conditional", 2, "largest true classes"],
    ["mgan", 1, "of 3 generators"],
    ["gan", 0, ""],
  ] as const)("%s: by class in %i columns, and the digits", async (method, columns, caption) => {
    const { task, shown, withSamplingWeights, dispose: free } = await train(method);
    const { report, kept } = createKeepingReport();
    const before = memory().numTensors;
    await withSamplingWeights(() => task.addPictures(report, shown(key)));
    expect(memory().numTensors).toBe(before);
    expect(kept.grids.slice(1).map((grid) => grid.columns)).toEqual(columns === 0 ? [] : [columns]);
    if (columns > 0) expect(kept.grids[1]!.caption).toContain(caption);
    expect(kept.bars).toHaveLength(3);
    expect(kept.bars[0]!.caption).toContain("20 generated images (digits by digit-classifier) and 20 training images");
    for (const { bars } of kept.bars) expect(bars.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(2, 9);
    free();
  });
});
