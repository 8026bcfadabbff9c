/**
 * Training steps of apps/segment-diversity as it takes them: its networks, its objective, its batches, a new one each step.
 * Used by `long-training.mjs`; not timed against PyTorch.
 */
import { dispose } from "@tensorflow/tfjs-core";
import { openContent } from "../../apps/segment-diversity/dist/content.js";
import { createBatches, openData } from "../../apps/segment-diversity/dist/data.js";
import { createModels } from "../../apps/segment-diversity/dist/models.js";
import { createObjective } from "../../apps/segment-diversity/dist/objective.js";
import { demo } from "../../apps/segment-diversity/dist/presets.js";
import { randomKey } from "../../packages/random/dist/index.js";

async function layoutStep(method) {
  const config = { ...demo, method };
  const key = randomKey(1);
  const data = await openData(key, config);
  const models = createModels(key, config, data.palette.classes.length);
  const content = method.startsWith("crn") ? await openContent(key, data.train, config) : undefined;
  const objective = createObjective(config, models, content);
  const batches = createBatches(key, data.train, data.palette, config, config.training.batchSize);
  let step = 0;
  return async () => {
    const batch = await batches.load(step);
    const report = await objective.step(batch, { step, epoch: 0, key: key.fold(step++) });
    dispose({ ...batch });
    return Object.values(report);
  };
}

export const layoutCases = {
  segmentDiversity: () => layoutStep("pix2pix-diversity"),
  refinement: () => layoutStep("crn-diversity"),
};
