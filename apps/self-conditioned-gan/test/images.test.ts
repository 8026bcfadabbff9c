import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError, fromUint8, type ImageBatch } from "@divgen/core-tensors";
import { openMnist } from "@divgen/datasets";
import { createDigitClassifier } from "@divgen/feature-extractors";
import { writePng } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose, memory } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Config, configSchema } from "../src/config.ts";
import { findImages } from "../src/find-images.ts";
import { createImageBatches, type ImageData, imageSubset, openImageData } from "../src/image-data.ts";
import { measureStackedDigits, stackedModes } from "../src/measure-images.ts";
import { openRun } from "../src/open-run.ts";
import { presets } from "../src/presets.ts";
import golden from "./golden/stacked-modes.json" with { type: "json" };

useReferenceBackend();
leakCheck();

const key = randomKey(5);
const folder = mkdtempSync(join(tmpdir(), "self-conditioned images "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 8 x 8, bright on the left; blue in class "a", red in class "b". */
beforeAll(async () => {
  for (let index = 0; index < 12; index++) {
    const channel = index < 6 ? 2 : 0;
    const pixels = new Uint8Array(192);
    for (let place = 0; place < 64; place++) if (place % 8 < 4) pixels[3 * place + channel] = 128 + index;
    await writePng(join(folder, index < 6 ? "a" : "b", `${index}.png`), { pixels, width: 8, height: 8, channels: 3 });
  }
});

const small: Config = {
  ...presets["paper-image-folder"],
  data: { ...presets["paper-image-folder"].data, path: folder, size: 8, trainCount: 100 },
  model: { latentSize: 3, embeddingSize: 2, generatorWidth: 1, discriminatorWidth: 1 },
  clustering: { clusters: 2, subset: 12, features: "flattened", every: 1, restarts: 2 },
  training: { ...presets["paper-image-folder"].training, batchSize: 4, steps: 2 },
};

describe("photographs", () => {
  test("are mirrored at random and get noise of less than a level", async () => {
    const data = await openImageData(key, small);
    const batch = await createImageBatches(key, data, { ...small, method: "class-conditional" }).load(0);
    const values = await batch.samples.data<"float32">();
    const codes = await batch.code!.data();
    const sides = new Set<boolean>();
    for (let row = 0; row < 4; row++) {
      const image = values.subarray(192 * row, 192 * (row + 1));
      const channel = codes[2 * row] === 1 ? 2 : 0;
      const [left, right] = [image[channel]!, image[3 * 7 + channel]!];
      expect(Math.max(left, right)).toBeGreaterThan(0);
      const dark = Math.min(left, right);
      expect(dark).toBeGreaterThanOrEqual(-1);
      expect(dark).toBeLessThan(-1 + 1 / 128);
      sides.add(left > right);
    }
    expect(new Set(values).size).toBeGreaterThan(500); // noise of its own in every value
    expect(sides.size).toBe(2);
    dispose([batch.samples, batch.code!]);
  });

  test("a subset smaller than the data holds images of all folders, the same at every call", async () => {
    const data = await openImageData(key, small);
    const classes = Array.from(data.order.subarray(0, 6), (index) => data.classIds[index]);
    expect(new Set(classes).size).toBe(2);
    const read = async () => {
      const values: number[] = [];
      for await (const images of imageSubset(data, 6)) {
        values.push(...images.dataSync());
        images.dispose();
      }
      return values;
    };
    expect(await read()).toEqual(await read());
  });

  test("a subset larger than the data is all of it, and more clusters than images are refused", async () => {
    const large = { ...small, clustering: { ...small.clustering, subset: 50_000 } };
    const data = await openImageData(key, large);
    const sizes: number[] = [];
    for await (const images of imageSubset(data, large.clustering.subset)) {
      sizes.push(images.shape[0]);
      images.dispose();
    }
    expect(sizes).toEqual([12]);
    const crowded = (method: Config["method"]) =>
      openImageData(key, { ...large, method, clustering: { ...large.clustering, clusters: 13 } });
    await expect(crowded("self-conditioned")).rejects.toThrow(
      /as many images as clusters, 13, got 12.*clustering\.clusters/,
    );
    await expect(crowded("gan")).resolves.toMatchObject({ classCount: 2 });
  });

  test("train with R1, clusters and averaged weights, which make the samples", async () => {
    const opened = await openRun(small);
    const { objective, batches, shown, withSamplingWeights } = opened;
    for (let step = 0; step < 2; step++) {
      const batch = await batches.load(step);
      const report = await objective.step(batch, { step, epoch: 0, key: key.fold(step) });
      expect((await report["discriminator/r1"]!.data())[0]).toBeGreaterThan(0);
      dispose([...Object.values(report), ...Object.values(batch)]);
    }
    expect(Object.keys(objective.state.networks)).toContain("generator-average");
    const draw = async () => {
      const [batch] = [...shown(key).source(key, 2)];
      const values = Array.from(await batch!.samples.data());
      batch!.samples.dispose();
      return values;
    };
    const trained = await draw();
    expect(await withSamplingWeights(draw)).not.toEqual(trained);
    expect(await draw()).toEqual(trained);
    const png = await opened.task.drawSamples(shown(key));
    expect([...png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
    opened.dispose();
  });

  test.each(["logo-ae", "logo-rc", "rotnet"] as const)(
    "%s finds its clusters once, in features that stay",
    async (method) => {
      const config: Config = {
        ...{ ...small, method, pretraining: { ...small.pretraining!, steps: 2 } },
        training: { ...small.training, r1Weight: 0, weightAverageDecay: 0 },
      };
      const told: string[] = [];
      const {
        objective,
        batches,
        method: trained,
        dispose: free,
      } = await openRun(config, {
        onClustered: ({ step }) => told.push(`clustered ${step}`),
        onPretraining: ({ step }) => told.push(`features ${step}`),
      });
      const counts: number[] = [];
      for (let step = 0; step < 2; step++) {
        const batch = await batches.load(step);
        const report = await objective.step(batch, { step, epoch: 0, key: key.fold(step) });
        dispose([...Object.values(report), ...Object.values(batch)]);
        counts.push(memory().numTensors);
      }
      expect(counts[1]).toBe(counts[0]);
      expect(told).toEqual([...(method === "logo-rc" ? [] : ["features 1", "features 2"]), "clustered 0"]);
      expect(trained.subsetLabels()).toHaveLength(12);
      const saved = Object.keys(objective.state.networks).filter((name) => name.startsWith("feature-"));
      expect(saved).toHaveLength(method === "logo-rc" ? 0 : 1);
      free();
    },
  );

  test("features stop training at a signal, and nothing is clustered", async () => {
    const config: Config = { ...small, method: "rotnet" };
    const { objective, batches, method, dispose: free } = await openRun(config, { signal: { aborted: true } });
    const batch = await batches.load(0);
    await expect(objective.step(batch, { step: 0, epoch: 0, key })).rejects.toThrow("while features were trained");
    expect(() => method.masses()).toThrow("none before the first step");
    dispose([batch.samples]);
    free();
  });

  test.each(["self-conditioned", "gan"] as const)("are found again in the generator of %s", async (method) => {
    const opened = await openRun({ ...small, method });
    const batch = await opened.batches.load(0);
    const report = await opened.objective.step(batch, { step: 0, epoch: 0, key });
    const settings = { encoderSteps: 3, inversionSteps: 4, classCandidates: 1, seed: 1 };
    const steps: number[] = [];
    const before = memory().numTensors;
    const searched: number[][] = [];
    const found = await findImages(opened, batch.samples as ImageBatch, settings, {
      onEncoder: ({ step }) => steps.push(step),
      onSearch: (done, all) => searched.push([done, all]),
    });
    expect(memory().numTensors).toBe(before);
    expect(steps).toEqual([1, 2, 3]);
    expect(searched).toEqual([[4, 4]]);
    expect(found.pictures).toHaveLength(4);
    expect(found.classIds === null ? 0 : found.classIds.length).toBe(method === "gan" ? 0 : 4);
    for (const values of [found.l1, found.encoderL1, found.perceptual]) {
      expect(values).toHaveLength(4);
      for (const value of values) expect(value).toBeGreaterThan(0);
    }
    // Stopped at the encoder's first step, and half-way through the latents'.
    for (const [stopAt, last] of [
      ["encoder", 1],
      ["search", 10],
    ] as const) {
      const stop = new AbortController();
      const told = { encoder: 0, search: 0 };
      const tell = (part: "encoder" | "search", step: number) => {
        told[part] = step;
        if (part === stopAt) stop.abort(new Error("stopped"));
      };
      const stopping = {
        onEncoder: ({ step }: { step: number }) => tell("encoder", step),
        onSearch: (done: number) => tell("search", done),
        signal: stop.signal,
      };
      const longer = { ...settings, inversionSteps: 20 };
      await expect(findImages(opened, batch.samples as ImageBatch, longer, stopping)).rejects.toThrow("stopped");
      expect(told[stopAt]).toBe(last);
    }
    const silent = { onEncoder: () => undefined, onSearch: () => undefined };
    expect(await findImages(opened, batch.samples as ImageBatch, settings, silent)).toEqual(found);
    dispose([...Object.values(report), ...Object.values(batch)]);
    opened.dispose();
  });

  test("a missing folder is an error of the data", async () => {
    const missing = { ...small, data: { ...small.data, path: join(folder, "nowhere") } };
    await expect(openRun(missing)).rejects.toThrow(DataError);
  });
});

test("stacked digits: the classifier finds the mode of nearly all real triples", async () => {
  const { data, ...rest } = presets["short-stacked-mnist"];
  const config: Config = { ...rest, data: { ...data, trainCount: 40 }, method: "gan" };
  const stacks: ImageData = await openImageData(key, config);
  const classifier = createDigitClassifier();
  const found: number[] = [];
  for await (const images of imageSubset(stacks, 40)) found.push(...(await stackedModes(images, classifier)));
  const right = found.filter((mode, place) => mode === stacks.classIds[stacks.order[place]!]);
  expect(right.length).toBeGreaterThanOrEqual(38);
  classifier.dispose();
});

test(`stacked digits: modes and reverse KL are those of ${golden.provenance}`, async () => {
  const { images } = await openMnist("test");
  const pixels = new Uint8Array(40 * 784 * 3);
  for (let place = 0; place < pixels.length; place++) {
    const [stack, position, channel] = [Math.floor(place / 2352), Math.floor(place / 3) % 784, place % 3];
    pixels[place] = images.pixels[(3 * stack + channel) * 784 + position]!;
  }
  const stacks = () => fromUint8(pixels, { batch: 40, height: 28, width: 28, channels: 3 });
  const classifier = createDigitClassifier();
  expect(await stackedModes(stacks(), classifier)).toEqual(golden.modes);
  const [modes, reverseKl] = await measureStackedDigits([{ samples: stacks() }], classifier, 40);
  expect(modes!.value).toBe(golden.covered);
  expect(reverseKl!.value).toBeCloseTo(golden.reverseKl, 12);
  classifier.dispose();
});

test("stacked digits: mgan makes images by each of its generators", async () => {
  const { data, ...rest } = presets["short-stacked-mnist"];
  const config: Config = {
    ...{ ...rest, method: "mgan", data: { ...data, size: 16, trainCount: 40 } },
    model: { latentSize: 3, embeddingSize: 2, generatorWidth: 1, discriminatorWidth: 1 },
    clustering: { ...rest.clustering, clusters: 2, subset: 8 },
    mixture: { generators: 3, samplesPerGenerator: 2, classificationWeight: 0.1 },
    training: { ...rest.training, batchSize: 4 },
  };
  const { objective, batches, shown, dispose: free } = await openRun(config);
  const batch = await batches.load(0);
  const report = await objective.step(batch, { step: 0, epoch: 0, key });
  expect((await report["generator/classification"]!.data())[0]).toBeGreaterThan(0);
  const images = shown(key).ofClass!(2, 2, key);
  expect(images.shape).toEqual([2, 16, 16, 3]);
  dispose([...Object.values(report), ...Object.values(batch), images]);
  free();
});

test.each([
  ["cifar10", 64, "expected 32"],
  ["stacked-mnist", 28, "multiple of 16"],
  ["image-folder", 48, "power of two"],
] as const)("%s at %i pixels is refused", (set, size, message) => {
  const config = { ...small, data: { ...small.data, set, size } };
  expect(
    configSchema
      .safeParse(config)
      .error?.issues.map((issue) => issue.message)
      .join(),
  ).toContain(message);
});

test.each(Object.entries(presets))("preset %s is a valid configuration", (_, preset) => {
  expect(configSchema.parse(preset)).toEqual(preset);
});
