import { engineChoiceOf, engineNames, selectEngine } from "@divgen/backend-node";
import { parameterCount } from "@divgen/core-tensors";
import {
  type AppDefinition,
  createOutput,
  parseAppArguments,
  printDryRun,
  printEngine,
  printReport,
  runMain,
  startRun,
} from "@divgen/experiment";
import { randomKey } from "@divgen/random";
import { z } from "zod";
import { compareMethods } from "./compare.ts";
import { type Config, configSchema, presets } from "./config.ts";
import { createModels } from "./models.ts";
import { reportRun, totalSteps, trainRun } from "./run.ts";
import { sampleRun } from "./sample.ts";

const trainOptions = z.strictObject({
  compare: z
    .boolean()
    .default(false)
    .describe("train pix2pix, mode-seeking and cluster at equal steps and compare them"),
  seeds: z.coerce.number().int().min(1).default(1).describe("seeds of a comparison"),
});
const sampleOptions = z.strictObject({
  cluster: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe("cluster of all images (default: drawn by cluster sizes)"),
  count: z.coerce.number().int().min(1).default(4).describe("images for each input"),
  seed: z.coerce.number().int().min(0).default(0).describe("seed of noise and clusters"),
});

const app: AppDefinition<Config, z.infer<typeof trainOptions>, z.infer<typeof sampleOptions>> = {
  name: "facades-cluster-gan",
  description: "Facades from label maps, one style a cluster: diversifying image synthesis using data classification.",
  schema: configSchema,
  presets,
  defaultPreset: "demo",
  engines: engineNames,
  trainOptions,
  trainOptionNeeds: { seeds: ["compare"] },
  sampleOptions,
};

await runMain(async ({ args, signal }) => {
  const command = parseAppArguments(app, args);
  const output = createOutput({ json: command.json });
  const engine = await selectEngine(engineChoiceOf(command.engine), { convolutional: true });
  printEngine(output, engine);
  const finish = (kind: string, outcome: { text: string; htmlPath: string }) => printReport(output, kind, outcome);

  switch (command.name) {
    case "sample": {
      const { options, ...request } = command;
      const paths = await sampleRun({ ...request, ...options }, output);
      return output.note({ kind: "samples", paths }, paths.join("\n"));
    }
    case "report":
      return finish("report", await reportRun(command.runPath, command.config, engine.description, output));
    case "train": {
      const { config } = command;
      if (command.dryRun) {
        const { generator, discriminator } = createModels(randomKey(config.seed), config);
        const parameters = parameterCount(generator) + parameterCount(discriminator);
        return printDryRun(command, engine.description, { steps: totalSteps(config), parameters }, output);
      }
      if (command.options.compare) {
        return finish(
          "comparison",
          await compareMethods(app, command, command.options.seeds, engine.description, output, signal),
        );
      }
      const run = await startRun(app, command, output);
      return finish("finished", await trainRun(run, config, engine.description, output, signal));
    }
  }
});
