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
import { z } from "zod";
import { compareMethods } from "./compare.ts";
import { type Config, configSchema } from "./config.ts";
import { presets } from "./presets.ts";
import { prepare, reportRun, totalSteps, trainRun } from "./run.ts";
import { sampleRun } from "./sample.ts";

const trainOptions = z.strictObject({
  compare: z
    .boolean()
    .default(false)
    .describe("train the method's base with and without the diversity loss at equal steps and compare them"),
  seeds: z.coerce.number().int().min(1).default(1).describe("seeds of a comparison"),
});
const sampleOptions = z.strictObject({
  layouts: z.coerce.number().int().min(1).default(4).describe("layouts of the test set"),
  count: z.coerce.number().int().min(1).default(8).describe("images for each layout"),
  seed: z.coerce.number().int().min(0).default(0).describe("seed of the knobs"),
});

const app: AppDefinition<Config, z.infer<typeof trainOptions>, z.infer<typeof sampleOptions>> = {
  name: "segment-diversity",
  description:
    "Images from semantic layouts with one noise knob a class: on the diversity of realistic image synthesis.",
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
  const context = { engine: engine.description, output, signal };
  const finish = (kind: string, outcome: { text: string; htmlPath: string }) => printReport(output, kind, outcome);

  switch (command.name) {
    case "sample": {
      const { options, ...request } = command;
      const paths = await sampleRun({ ...request, ...options });
      return output.note({ kind: "samples", paths }, paths.join("\n"));
    }
    case "report":
      return finish("report", await reportRun(command.runPath, command.config, context));
    case "train": {
      const { config } = command;
      if (command.dryRun) {
        const { renderer, data, dispose } = await prepare(config);
        const { generator, discriminator } = renderer.models;
        const parameters =
          parameterCount(generator) + (discriminator === undefined ? 0 : parameterCount(discriminator));
        const steps = totalSteps(config, data.train.size);
        dispose();
        return printDryRun(command, engine.description, { steps, parameters }, output);
      }
      if (command.options.compare) {
        return finish("comparison", await compareMethods(app, command, command.options.seeds, context));
      }
      const run = await startRun(app, command, output);
      return finish("finished", await trainRun(run, config, context));
    }
  }
});
