import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import { parseWeights } from "../src/ablation.ts";
import { chosenMethods } from "../src/compare.ts";
import { type Config, configSchema } from "../src/config.ts";
import { interpolatedLatents } from "../src/figures.ts";
import { cifar10, demo, maps, paper, presets } from "../src/presets.ts";
import { protocolOf } from "../src/protocol.ts";
import { meanResults } from "../src/trials.ts";

useReferenceBackend();
leakCheck();

const issuesOf = (config: Config) =>
  configSchema.safeParse(config).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

test.each(Object.entries(presets))("preset %s is valid", (_, preset) => {
  expect(issuesOf(preset)).toEqual([]);
});

test("the configuration of a run from before an option gets what that run had", () => {
  const { jitter, ...data } = demo.data;
  const { upsampling, dropoutPlacement, ...model } = demo.model;
  const { classicReconstructionWeight, ...training } = demo.training;
  expect(configSchema.parse({ ...demo, data, model, training })).toEqual(demo);
});

describe("refused configurations", () => {
  test.each<[string, Config, RegExp]>([
    [
      "a method of the other task",
      { ...demo, method: "dcgan" },
      /^method: expected one of pix2pix, .* for task paired/,
    ],
    ["bicycle for classes", { ...cifar10, method: "bicycle" }, /^method: /],
    ["data of the other task", { ...cifar10, data: demo.data }, /^data\.source: expected "cifar10"/],
    [
      "a size that cannot be halved to 1",
      { ...demo, data: { ...demo.data, size: 48 } },
      /^data\.size: expected a power/,
    ],
    [
      "channels that cannot be halved",
      { ...demo, model: { ...demo.model, discriminatorChannels: 5 } },
      /^model\.discriminatorChannels: expected an even number/,
    ],
    ["an odd batch for bicycle", { ...paper, method: "bicycle" }, /^training\.batchSize: expected an even number/],
    [
      "more decay than epochs",
      { ...demo, training: { ...demo.training, decayEpochs: 13 } },
      /^training\.decayEpochs: expected at most/,
    ],
  ])("%s", (_, config, message) => {
    expect(issuesOf(config)).toEqual([expect.stringMatching(message)]);
  });
});

test("weights and methods of the command line", () => {
  expect(parseWeights("0,0.1, 3")).toEqual([0, 0.1, 3]);
  expect(() => parseWeights("0,0.1,0.0")).toThrow('--ablation: expected each weight once, got "0,0.1,0.0"');
  for (const wrong of ["", "much", "1,-1"]) expect(() => parseWeights(wrong)).toThrow("--ablation: expected numbers");
  expect(chosenMethods(demo, undefined)).toEqual(["pix2pix", "mode-seeking", "bicycle", "mode-seeking-features"]);
  expect(chosenMethods(cifar10, undefined)).toEqual(["dcgan", "mode-seeking"]);
  expect(chosenMethods(demo, "bicycle,pix2pix-classic")).toEqual(["bicycle", "pix2pix-classic"]);
  expect(() => chosenMethods(demo, "pix2pix,dcgan")).toThrow("--methods: expected some of pix2pix, mode-seeking");
});

test("a protocol bears the paper's name alone only with the paper's numbers", () => {
  const full = { ...cifar10.evaluation, reference: 5000, samplesPerInput: 5000, bins: 250 };
  expect(protocolOf({ ...cifar10, evaluation: full })).toBe("msgan-cifar10");
  expect(protocolOf(cifar10)).toMatch(/^msgan-cifar10, 1000 samples/);
  expect(protocolOf(maps)).toMatch(/^msgan-maps, 100 inputs x 10/);
  expect(protocolOf(demo)).toMatch(/^msgan-facades, 50 inputs x 10/);
});

test("latents between two ends are on the straight line, and the ends are the ends", () => {
  const latents = interpolatedLatents(randomKey(3), 5, 2);
  const rows = latents.arraySync() as number[][];
  latents.dispose();
  for (const [row, values] of rows.entries()) {
    for (const [index, value] of values.entries()) {
      const share = row / 4;
      expect(value).toBeCloseTo((1 - share) * rows[0]![index]! + share * rows[4]![index]!, 5);
    }
  }
  expect(rows[0]).not.toEqual(rows[4]);
});

test("trials become their mean, with the deviation of n - 1", () => {
  const result = (value: number, warnings: string[]) => ({
    metric: "ndb" as const,
    value,
    count: 10,
    extractor: "pixels",
    weightHash: "none",
    resizeRule: "none",
    protocol: "custom",
    details: { bins: 3 },
    warnings,
  });
  const [mean] = meanResults([[result(1, ["few"])], [result(2, [])], [result(6, ["few"])]]);
  expect(mean).toMatchObject({ value: 3, warnings: ["few"], details: { bins: 3, trials: 3 } });
  expect(mean!.details["trialDeviation"]).toBeCloseTo(Math.sqrt((4 + 1 + 9) / 2), 12);
});
