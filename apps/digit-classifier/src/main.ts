/**
 * Trains the digit classifier on MNIST; ends with its weights (`digit-classifier.safetensors`, half precision) and test
 * accuracy in the run directory.
 *
 *     node dist/main.js --run runs/digit-classifier
 */
import { join } from "node:path";
import { engineChoiceOf, engineNames, selectEngine } from "@divgen/backend-node";
import { openMnist } from "@divgen/datasets";
import {
  type AppDefinition,
  createOutput,
  parseAppArguments,
  replaceFile,
  runMain,
  startRun,
  trainStartedRun,
  UsageError,
} from "@divgen/experiment";
import { createDigitClassifier } from "@divgen/feature-extractors";
import { randomKey } from "@divgen/random";
import { readWeightFile, writeSafetensors } from "@divgen/weight-files";
import { accuracyOf } from "./accuracy.ts";
import { type Config, configSchema, published } from "./config.ts";
import { createDigitBatches } from "./digit-batches.ts";
import { createDigitNetwork, exportWeights } from "./network.ts";
import { createObjective } from "./objective.ts";

const app: AppDefinition<Config> = {
  name: "digit-classifier",
  description: "The classifier that counts the digits of generated images.",
  schema: configSchema,
  presets: { published },
  defaultPreset: "published",
  engines: engineNames,
};

await runMain(async ({ args, signal }) => {
  const command = parseAppArguments(app, args);
  if (command.name !== "train") throw new UsageError(`${command.name}: this app only trains`);
  const { config } = command;
  const output = createOutput(command);
  const engine = await selectEngine(engineChoiceOf(command.engine));
  const key = randomKey(config.seed);
  const batches = createDigitBatches(key.split("batches"), await openMnist("train"), config);
  const steps = Math.round(config.epochs * batches.stepsPerEpoch);
  const network = createDigitNetwork(key.split("network"));
  const objective = createObjective(network, config, steps);
  const run = await startRun(app, command, output);
  await trainStartedRun(run, {
    ...{ objective, batches, steps, output, signal, engine: engine.description, key: key.split("training") },
    reportEvery: 50,
    checkpointEvery: batches.stepsPerEpoch,
  });

  const bytes = writeSafetensors(await exportWeights(network), new Map([["data", "MNIST"]]), { half: true });
  await replaceFile(join(run.directory.path, "digit-classifier.safetensors"), bytes);
  // What is measured is what is published: the rounded weights, in evaluation mode.
  const classifier = createDigitClassifier(readWeightFile(bytes));
  const testAccuracy = await accuracyOf(classifier, await openMnist("test"));
  const evaluation = { testAccuracy, steps, engine: `${engine.name}: ${engine.description}` };
  await replaceFile(join(run.directory.path, "evaluation.json"), `${JSON.stringify(evaluation)}\n`);
  output.note({ kind: "finished", ...evaluation }, `${(100 * testAccuracy).toFixed(2)} % of the test digits`);
  classifier.dispose();
  objective.dispose();
  network.dispose();
});
