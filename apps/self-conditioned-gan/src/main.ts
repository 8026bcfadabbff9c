import { pathToFileURL } from "node:url";
import { engineNames, parseEngineChoice, selectEngine } from "@divgen/backend-node";
import {
  type AppDefinition,
  createOutput,
  parseAppArguments,
  printDryRun,
  runMain,
  startRun,
  UsageError,
} from "@divgen/experiment";
import { type Config, configSchema } from "./config.ts";
import { presets } from "./presets.ts";
import { openRun, reportRun, trainRun } from "./run.ts";

const app: AppDefinition<Config> = {
  name: "self-conditioned-gan",
  description: "Self-conditioned GANs: clusters of the discriminator's own features as classes, against mode collapse.",
  schema: configSchema,
  presets,
  defaultPreset: "demo",
  engines: engineNames,
};

await runMain(async ({ args, signal }) => {
  const command = parseAppArguments(app, args);
  const output = createOutput({ json: command.json });
  if (command.name === "sample") {
    throw new UsageError("sample: points are in the report of a run; write it anew with: report --run RUN");
  }
  const choice = command.engine === "auto" ? undefined : parseEngineChoice(command.engine);
  const engine = await selectEngine(choice, { convolutional: false });
  output.note({ kind: "engine", ...engine }, `engine: ${engine.name} (${engine.description}); ${engine.reason}`);
  const context = { engine: engine.description, output, signal };
  const finish = (kind: string, { text, htmlPath }: { text: string; htmlPath: string }) =>
    output.note({ kind, report: htmlPath }, `\n${text}\n\nreport: ${pathToFileURL(htmlPath)}`);
  if (command.name === "report") {
    return finish("report", await reportRun(command.runPath, command.config, context));
  }
  const { config } = command;
  if (command.dryRun) {
    const opened = openRun(config);
    opened.dispose();
    const { parameters } = opened;
    return printDryRun(command, engine.description, { steps: config.training.steps, parameters }, output);
  }
  finish("finished", await trainRun(await startRun(app, command, output), config, context));
});
