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
  UsageError,
} from "@divgen/experiment";
import { randomKey } from "@divgen/random";
import { type Config, configSchema, presets } from "./config.ts";
import { createDigitGenerator } from "./digit-generator.ts";
import { reportRun, totalSteps, trainRun } from "./run.ts";

const app: AppDefinition<Config> = {
  name: "diverse-vae",
  description: "Digits drawn together, so that they do not repeat: diversity aware image generation.",
  schema: configSchema,
  presets,
  defaultPreset: "demo",
  engines: engineNames,
};

await runMain(async ({ args, signal }) => {
  const command = parseAppArguments(app, args);
  const output = createOutput({ json: command.json });
  if (command.name === "sample") {
    throw new UsageError("sample: draw from a run with: divgen diversify --generator RUN --count 10");
  }
  const engine = await selectEngine(engineChoiceOf(command.engine), { convolutional: true });
  printEngine(output, engine);
  const { config } = command;
  const finish = (kind: string, outcome: { text: string; htmlPath: string }) => printReport(output, kind, outcome);
  if (command.name === "report") {
    return finish("report", await reportRun(command.runPath, config, engine.description, output));
  }
  if (command.dryRun) {
    const { networks } = createDigitGenerator(randomKey(config.seed), config).objective.state;
    const parameters = Object.values(networks).reduce((sum, network) => sum + parameterCount(network), 0);
    return printDryRun(command, engine.description, { steps: totalSteps(config), parameters }, output);
  }
  const run = await startRun(app, command, output);
  finish("finished", await trainRun(run, config, engine.description, output, signal));
});
