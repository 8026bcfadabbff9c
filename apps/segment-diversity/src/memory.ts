import { parameterCount } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { dispose, profile } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { openContent } from "./content.ts";
import { createBatches, openData } from "./data.ts";
import { createModels, disposeModels } from "./models.ts";
import { createObjective } from "./objective.ts";

/** What one training step needs. */
export interface MemoryNeed {
  readonly name: string;
  /** Bytes of all tensors that are alive at once, at most: weights, optimizer slots, activations. */
  readonly peakBytes: number;
  readonly parameters: number;
}

/** Memory of a training step of CRN with the diversity loss, and of CRN with nine and with 64 outputs, at the same batch size. */
export async function measureMemory(config: Config): Promise<MemoryNeed[]> {
  const { crn } = config;
  const cases: { name: string; config: Config }[] = [
    { name: "crn", config: { ...config, method: "crn" } },
    { name: "crn-diversity", config: { ...config, method: "crn-diversity" } },
    ...[crn.outputCount, 64].map((outputCount) => ({
      name: `${outputCount} outputs`,
      config: { ...config, method: "crn-nine" as const, crn: { ...crn, outputCount } },
    })),
  ];
  const needs: MemoryNeed[] = [];
  for (const { name, config: own } of cases) needs.push({ name, ...(await measureStep(own)) });
  return needs;
}

async function measureStep(config: Config): Promise<Omit<MemoryNeed, "name">> {
  const key = randomKey(config.seed);
  const data = await openData(key, { ...config, data: { ...config.data, trainCount: config.training.batchSize } });
  const models = createModels(key.split("models"), config, data.palette.classes.length);
  const content = await openContent(key.split("content"), data.train, config);
  const objective = createObjective(config, models, content);
  const batch = await createBatches(key, data.train, data.palette, config, config.training.batchSize).load(0);
  const step = (index: number) => objective.step(batch, { step: index, epoch: 0, key: key.fold(index) });
  try {
    // The first step makes the optimizer's slots.
    dispose({ ...(await step(0)) });
    let peakBytes = 0;
    const measured = await profile(() => {
      const report = step(1) as Awaited<ReturnType<typeof step>>;
      dispose({ ...report });
      return [];
    });
    peakBytes = measured.peakBytes;
    return { peakBytes, parameters: parameterCount(models.generator) };
  } finally {
    dispose({ ...batch });
    objective.dispose();
    content.extractor.dispose();
    disposeModels(models);
  }
}
