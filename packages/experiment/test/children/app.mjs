// A small app of the built package for tests of whole processes: trains one number towards a target.
import "@tensorflow/tfjs-backend-cpu";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { computeGradients, createAdam, train } from "@divgen/training";
import { enableProdMode, mul, scalar, setBackend, square, sub, tidy, variable } from "@tensorflow/tfjs-core";
import { z } from "zod";
import {
  createOutput,
  createTensorBoardWriter,
  openRunDirectory,
  parseAppArguments,
  recordTraining,
  runMain,
  startRun,
} from "../../dist/index.js";

const app = {
  name: "child",
  description: "Trains one number.",
  schema: z.strictObject({
    seed: z.int(),
    steps: z.int(),
    stepMilliseconds: z.number(),
    checkpointEvery: z.int(),
    fault: z.enum(["none", "diverge", "data", "defect", "rejection", "file"]),
  }),
  presets: { demo: { seed: 1, steps: 40, stepMilliseconds: 0, checkpointEvery: 10, fault: "none" } },
  defaultPreset: "demo",
  runsFolder: process.env.RUNS,
};

await runMain(async ({ args, signal }) => {
  const command = parseAppArguments(app, args);
  const output = createOutput({ json: command.json, secondsBetweenLines: 0 });
  if (command.name === "report") {
    for (let line = 0; line < 100_000; line++) output.note({ line }, `line ${line}`);
    return;
  }
  const { config } = command;
  const { directory, restore } = await startRun(app, command, output);
  enableProdMode();
  await setBackend("cpu");

  const x = variable(scalar(0));
  const network = { parameters: new Map([["x", x]]), buffers: new Map(), dispose: () => x.dispose() };
  const adam = createAdam({ learningRate: 0.1, firstMomentDecay: 0.5, secondMomentDecay: 0.99 });
  const objective = {
    state: { networks: { number: network }, optimizers: { number: adam }, extras: {} },
    step: async (batch, { step, key }) => {
      if (config.stepMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, config.stepMilliseconds));
      if (step === 25) raise(config.fault);
      const target = key.words[0] / 2 ** 32;
      const { gradients, report } = computeGradients(network, () => {
        const distance = tidy(() => square(sub(x, mul(batch, target))));
        const total = step === 25 && config.fault === "diverge" ? mul(distance, Number.NaN) : distance;
        return { total, report: { "number/distance": total } };
      });
      adam.applyGradients(network.parameters, gradients);
      for (const gradient of gradients.values()) gradient.dispose();
      return report;
    },
    dispose: () => adam.dispose(),
  };

  const startStep = await restore(objective.state, { engine: "cpu" });
  const tensorBoard = createTensorBoardWriter(join(directory.path, "tensorboard"), { startStep });
  const events = train(
    objective,
    { stepsPerEpoch: 10, load: async () => scalar(2) },
    {
      steps: config.steps,
      startStep,
      reportEvery: 1,
      checkpointEvery: config.checkpointEvery,
      key: randomKey(config.seed),
      clock: () => performance.now(),
      signal,
    },
  );
  await recordTraining(events, { directory, state: objective.state, output, tensorBoard });
  output.note({ kind: "result", x: x.dataSync()[0] }, `result: ${x.dataSync()[0]}`);
});

function raise(fault) {
  if (fault === "data") throw new DataError("image 7 cannot be read");
  if (fault === "defect") throw new TypeError("undefined is not a function");
  if (fault === "file") openRunDirectory("/dev/null/nothing");
  if (fault === "rejection") void Promise.reject(new Error("nobody waited"));
}
