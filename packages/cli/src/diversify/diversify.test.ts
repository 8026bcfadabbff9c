import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRunDirectory, describeGenerator, saveCheckpoint } from "@divgen/experiment";
import { readImage } from "@divgen/image-files";
import { createConvolutionalVae, decodeImages } from "@divgen/models-vae";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tensor2d } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { ownFolder, put } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";

useReferenceBackend();
const folder = ownFolder();
const diversify = (...words: string[]) => runDivgen("diversify", ...words);
const file = (name: string, content: unknown): string =>
  put(join(folder.path, name), typeof content === "string" ? content : JSON.stringify(content));

describe("divgen diversify", () => {
  leakCheck();

  test("prints latents that are the optimum of the plane, the same for a seed", async () => {
    const { exitCode, results, notes, error } = await diversify("--latent-size", "2", "--count", "2", "--seed", "4");
    expect(error).toBe("");
    expect(exitCode).toBe(0);
    // Two points: opposite each other at radius 0.87395, d^2 = 0.1586907265.
    const points = results.map((line) => line.split("\t").map(Number));
    for (const [x, y] of points) expect(Math.hypot(x!, y!)).toBeCloseTo(0.87395, 4);
    expect(points[0]![0]! + points[1]![0]!).toBeCloseTo(0, 5);
    expect(notes.join()).toContain("squared distance 0.158691");
    const again = await diversify("--latent-size", "2", "--count", "2", "--seed", "4");
    expect(again.results).toEqual(results);
  });

  test("more latents stay away from earlier ones, read from its own JSON", async () => {
    const first = await diversify("--latent-size", "1", "--count", "1", "--json");
    const document = JSON.parse(first.results[0]!);
    expect(document).toMatchObject({ target: "standard-normal", method: "exact", count: 1, latentSize: 1, avoided: 0 });
    expect(document.points[0][0]).toBeCloseTo(0, 6);
    const path = file("first.json", first.results[0]!);
    const second = await diversify("--latent-size", "1", "--count", "1", "--avoid", path, "--json");
    const more = JSON.parse(second.results[0]!);
    expect(more.avoided).toBe(1);
    expect(Math.abs(more.points[0][0])).toBeGreaterThan(0.3);
  });

  test("targets of files and by name; weights are trained", async () => {
    const mixture = file("mixture.json", {
      components: [
        { mean: [-5, 0], standardDeviation: 0.1 },
        { mean: [5, 0], covariance: [[0.01, 0], [0, 0.01]], weight: 3 }, // biome-ignore format: rows
      ],
    });
    const drawn = await diversify("--target", mixture, "--count", "4");
    const right = drawn.results.filter((line) => Number(line.split("\t")[0]) > 0).length;
    expect(right).toBe(3);
    const cube = await diversify("--target", "cube:2,3", "--latent-size", "3", "--count", "5", "--method", "sobol");
    for (const value of cube.results.flatMap((line) => line.split("\t").map(Number))) {
      expect(value).toBeGreaterThanOrEqual(2);
      expect(value).toBeLessThanOrEqual(3);
    }
    const sphere = await diversify("--target", "sphere:2", "--latent-size", "3", "--count", "4");
    for (const line of sphere.results) expect(Math.hypot(...line.split("\t").map(Number))).toBeCloseTo(2, 8);
    const points = file("points.json", [[0], [1], [10]]);
    const weighted = await diversify("--target", points, "--count", "2", "--train-weights", "--json");
    const { weights } = JSON.parse(weighted.results[0]!);
    expect(weights[0] + weights[1]).toBeCloseTo(1, 9);
  });

  test("makes images by the generator of a run", async () => {
    const path = join(folder.path, "run");
    const directory = await createRunDirectory(path, { app: "test", preset: "demo", config: {} });
    const options = { size: 8, imageChannels: 1, latentSize: 2, variant: "tutorial" } as const;
    const vae = createConvolutionalVae(randomKey(7), options);
    await describeGenerator(directory, {
      ...{ kind: "convolutional-vae", network: "vae", latentSize: 2 },
      options: { ...options, likelihood: "bernoulli" },
    });
    const without = await diversify("--generator", path, "--count", "3", "--engine", "cpu");
    expect([without.exitCode, without.error]).toEqual([3, expect.stringContaining("expected a checkpoint")]);
    await saveCheckpoint(directory, 5, { networks: { vae }, optimizers: {}, extras: {} });
    directory.close();

    const drawn = await diversify("--generator", path, "--count", "3", "--engine", "cpu");
    expect(drawn.error).toBe("");
    expect(drawn.results.map((line) => line.slice(path.length))).toEqual(
      ["0", "1", "2", "sheet"].map((name) => `/diverse-0/${name}.png`),
    );
    const json = await diversify("--generator", path, "--count", "3", "--engine", "cpu", "--json");
    const { points } = JSON.parse(json.results[0]!);
    const latents = tensor2d(points[1], [1, 2]);
    const expected = decodeImages(vae, latents, "bernoulli");
    const values = Array.from(expected.dataSync(), (value) => Math.round((value + 1) * 127.5));
    const { pixels, channels } = await readImage(drawn.results[1]!);
    const found = Array.from({ length: 64 }, (_, pixel) => pixels[pixel * channels]!);
    for (const [index, value] of values.entries()) expect(Math.abs(found[index]! - value)).toBeLessThanOrEqual(1);
    for (const tensor of [latents, expected]) tensor.dispose();
    vae.dispose();
    expect(existsSync(join(path, "diverse-0", "sheet.png"))).toBe(true);
    expect(readFileSync(join(path, "generator.json"), "utf8")).toContain("convolutional-vae");
  });

  test.each([
    [["--count", "0", "--latent-size", "2"], 2, '--count: expected an integer >= 1, got "0"'],
    [["--count", "3"], 2, "--latent-size: expected the numbers of a latent"],
    [["--count", "3", "--latent-size", "2", "--method", "exct"], 2, "Did you mean exact?"],
    [["--count", "3", "--latent-size", "2", "--method", "iid", "--restarts", "2"], 2, "--restarts: iid has no such"],
    [["--count", "3", "--latent-size", "2", "--target", "ring"], 2, "--target: expected normal, sphere"],
    [["--count", "3", "--latent-size", "2", "--target", "cube:1"], 2, "expected cube:MINIMUM,MAXIMUM"],
    [["--count", "3", "--latent-size", "2", "--forget", "3"], 2, "--forget: needs --avoid"],
    [["--count", "3", "--latent-size", "2", "--avoid", "/nowhere.json"], 3, "there is no such file"],
    [["--count", "3", "--generator", "/nowhere"], 3, "expected the directory of a run"],
    [["--count", "3", "--latent-size", "2", "--smoothing", "-1"], 2, "smoothing: expected a finite number >= 0"],
  ])("%j is refused", async (words, code, message) => {
    const { exitCode, error } = await diversify(...words);
    expect([exitCode, error]).toEqual([code, expect.stringContaining(message)]);
    expect(error).not.toContain("    at ");
  });

  test.each([
    ["nan.json", '{ "components": [{ "mean": [null] }] }', "components[0].mean: expected numbers, got [null]"],
    ["indefinite.json", { components: [{ mean: [0, 0], covariance: [1, 2, 2, 1] }] }, "positive definite"],
    ["ragged.json", [[1, 2], [3]], "expected 2 values a row"],
    ["text.json", "points", "expected JSON"],
    ["mean.json", { components: [{ weight: 1 }] }, 'components[0]: expected a "mean", got none'],
    ["empty.json", { components: [] }, "expected a list of Gaussians"],
  ])("the target %s is refused as data", async (name, content, message) => {
    const { exitCode, error } = await diversify("--target", file(name, content), "--count", "2");
    expect([exitCode, error]).toEqual([3, expect.stringContaining(message)]);
  });

  test("too many old points, duplicates and another width are refused", async () => {
    const avoid = async (rows: number[][]) =>
      (await diversify("--latent-size", "2", "--count", "1", "--avoid", file("old.json", rows))).error;
    expect(await avoid([[0, 0], [1, 1]])).toContain("expected at most as many points as are asked for, 1, got 2"); // biome-ignore format: rows
    expect(await avoid([[1, 1], [1, 1]])).toContain("expected distinct points"); // biome-ignore format: rows
    expect(await avoid([[1, 1, 1]])).toContain("expected 2 columns, got 3");
  });
});
