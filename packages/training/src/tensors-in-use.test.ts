import { asImageBatch, type ImageBatch } from "@divgen/core-tensors";
import {
  createClassicUnet,
  createPatchDiscriminator,
  createUnetGenerator,
  pix2pixInitializer,
} from "@divgen/models-pix2pix";
import { normal, randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createClassicTranslation } from "./classic-translation.ts";
import { constantSchedule } from "./learning-rate-schedules.ts";
import { createModeSeekingTerm } from "./mode-seeking-term.ts";
import type { Objective } from "./objective.ts";
import { createPairedTranslation, type PairedBatch } from "./paired-translation.ts";
import { type BatchSource, train } from "./train.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(9);
const SIZE = 8;
const STEPS = 1000;

const images = (label: string, step: number): ImageBatch =>
  asImageBatch(tensor(normal(key.split(label).fold(step), SIZE * SIZE * 3), [1, SIZE, SIZE, 3]) as ImageBatch);
const batches: BatchSource<PairedBatch> = {
  stepsPerEpoch: 100,
  load: async (step) => ({ input: images("input", step), target: images("target", step) }),
};

const shape = { size: SIZE, inputChannels: 3, outputChannels: 3, baseChannels: 1 };
const rates = { learningRate: 1e-3, learningRateSchedule: constantSchedule, reconstructionWeight: 10 };
const adam = () => createAdam({ learningRate: 1e-3, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
const createDiscriminator = () =>
  createPatchDiscriminator(key.split("discriminator"), {
    ...{ inputChannels: 3, imageChannels: 3, codeSize: 0, baseChannels: 1, scaleCount: 1, stridedLayers: 1 },
    ...{ conditional: true, normalization: "instance", initializer: pix2pixInitializer },
  });

function createModeSeeking() {
  const generator = createUnetGenerator(key.split("generator"), {
    ...{ ...shape, latentSize: 2, codeSize: 0, placement: "all", dropoutRate: 0 },
    ...{ normalization: "instance", initializer: pix2pixInitializer },
  });
  const discriminator = createDiscriminator();
  const objective = createPairedTranslation({
    ...{ ...rates, generator, discriminator, generatorOptimizer: adam(), discriminatorOptimizer: adam() },
    terms: [createModeSeekingTerm(0.1)],
  });
  return { objective, owned: [objective, generator, discriminator] };
}

function createClassic() {
  const generator = createClassicUnet(key.split("generator"), { ...shape, dropoutPlacement: "innermost" });
  const discriminator = createDiscriminator();
  const objective = createClassicTranslation({
    ...{ ...rates, generator, discriminator, generatorOptimizer: adam(), discriminatorOptimizer: adam() },
  });
  return { objective, owned: [objective, generator, discriminator] };
}

/** Tensors alive at each report of a run: ten of them. */
async function tensorCounts(objective: Objective<PairedBatch>): Promise<number[]> {
  const counts: number[] = [];
  const events = train(objective, batches, { steps: STEPS, reportEvery: STEPS / 10, key, clock: () => 0 });
  for await (const event of events) if (event.kind === "progress") counts.push(event.tensorCount);
  return counts;
}

// The real networks: `node tools/bench/long-training.mjs --case facades` or `--case modeSeeking256`.
test.each([
  ["mode seeking", createModeSeeking],
  ["pix2pix as published", createClassic],
])(
  "a thousand steps of %s leave the number of tensors as it was",
  async (_, create) => {
    const { objective, owned } = create();
    const counts = await tensorCounts(objective);
    expect(counts).toHaveLength(10);
    // The last report has no next batch, which is two tensors.
    expect(new Set(counts.slice(0, -1)).size, `tensors at the reports: ${counts.join(", ")}`).toBe(1);
    expect(counts.at(-1)).toBe(counts[0]! - 2);
    for (const one of owned) one.dispose();
  },
  120_000,
);
