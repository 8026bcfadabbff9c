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
import { compareWeights, parseWeights } from "./ablation.ts";
import { chosenMethods, compareMethods } from "./compare.ts";
import { type Config, configSchema } from "./config.ts";
import { compareOverheads } from "./overhead.ts";
import { presets } from "./presets.ts";
import { openMeasuredTask, reportRun, trainRun } from "./run.ts";
import { sampleRun } from "./sample.ts";

const trainOptions = z.strictObject({
  compare: z.boolean().default(false).describe("train the task's methods at equal steps and compare them"),
  methods: z.string().optional().describe("methods of a comparison or of --overhead, such as pix2pix,bicycle"),
  ablation: z.string().optional().describe("weights of the mode-seeking term to compare, such as 0,0.1,1 (Table 6)"),
  overhead: z.boolean().default(false).describe("time iterations of the task's methods (Table 8)"),
  seeds: z.coerce.number().int().min(1).default(1).describe("seeds of a comparison or an ablation"),
});
const sampleOptions = z.strictObject({
  contexts: z.coerce.number().int().min(1).default(10).describe("test inputs, or classes, to make images for"),
  count: z.coerce.number().int().min(1).default(4).describe("images for each"),
  seed: z.coerce.number().int().min(0).default(0).describe("seed of the noise"),
});

const app: AppDefinition<Config, z.infer<typeof trainOptions>, z.infer<typeof sampleOptions>> = {
  name: "mode-seeking-gan",
  description: "Mode seeking GANs: images from images and from classes, against Pix2Pix, BicycleGAN and DCGAN.",
  schema: configSchema,
  presets,
  defaultPreset: "demo",
  engines: engineNames,
  trainOptions,
  trainOptionNeeds: { methods: ["compare", "overhead"], seeds: ["compare", "ablation"] },
  sampleOptions,
};

/** Runs that a `train` command starts. */
function runCount(config: Config, { compare, methods, ablation, seeds }: z.infer<typeof trainOptions>): number {
  if (compare) return chosenMethods(config, methods).length * seeds;
  return ablation === undefined ? 1 : parseWeights(ablation).length * seeds;
}

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
      const { config, options } = command;
      if (command.dryRun) {
        const { task, dispose } = await openMeasuredTask(config);
        const parameters = Object.values(task.networks).reduce((sum, network) => sum + parameterCount(network), 0);
        const steps = config.training.epochs * task.stepsPerEpoch;
        dispose();
        printDryRun(command, engine.description, { steps, parameters }, output);
        if (options.overhead) {
          const methods = chosenMethods(config, options.methods);
          const timed = `nothing is trained: a few iterations of ${methods.join(", ")} are timed`;
          return output.note({ kind: "dry-run-overhead", methods }, timed);
        }
        const runs = runCount(config, options);
        const text = `runs: ${runs}, of that many steps each, one after another`;
        return runs === 1 ? undefined : output.note({ kind: "dry-run-runs", runs }, text);
      }
      if (options.compare) {
        const methods = chosenMethods(config, options.methods);
        return finish("comparison", await compareMethods(app, command, { methods, seeds: options.seeds }, context));
      }
      if (options.ablation !== undefined) {
        const request = { weights: parseWeights(options.ablation), seeds: options.seeds };
        return finish("ablation", await compareWeights(app, command, request, context));
      }
      if (options.overhead) {
        const methods = chosenMethods(config, options.methods);
        return finish("overhead", await compareOverheads(app, command, methods, context));
      }
      const run = await startRun(app, command, output);
      return finish("finished", await trainRun(run, config, context));
    }
  }
});
