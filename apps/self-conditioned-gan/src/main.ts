import { availableParallelism } from "node:os";
import { engineChoiceOf, engineNames, selectEngine } from "@divgen/backend-node";
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
import { z } from "zod";
import { compareMethods, parseClusterCounts, parseMethods } from "./compare.ts";
import { type Config, configSchema, isPoints } from "./config.ts";
import { invertRun } from "./invert.ts";
import { openRun } from "./open-run.ts";
import { presets } from "./presets.ts";
import { reportRun, trainRun } from "./run.ts";
import { sampleRun } from "./sample.ts";

const trainOptions = z.strictObject({
  compare: z.boolean().default(false).describe("train methods at equal steps in parallel processes and compare them"),
  methods: z
    .string()
    .default("gan,pacgan2,random-labels,self-conditioned")
    .describe("methods of a comparison, with commas between"),
  clusters: z.string().optional().describe("further numbers of clusters for it, such as 5,25,100 (Figure 3)"),
  seeds: z.coerce.number().int().min(1).default(1).describe("seeds of a comparison"),
  jobs: z.coerce.number().int().min(1).optional().describe("processes at a time; as many as cores if not given"),
});

const sampleOptions = z.strictObject({
  clusters: z.coerce.number().int().min(1).default(10).describe("clusters to make samples of, the largest first"),
  count: z.coerce.number().int().min(1).default(8).describe("samples of each"),
  seed: z.coerce.number().int().min(0).default(0).describe("seed of the first sample; the next ones count on"),
  invert: z.coerce.number().int().min(1).optional().describe("instead: training images to find again in the generator"),
  against: z.string().optional().describe("with --invert: another run on the same data to find them in as well"),
  encoderSteps: z.coerce.number().int().min(1).default(2000).describe("with --invert: steps of training the encoder"),
  inversionSteps: z.coerce.number().int().min(0).default(300).describe("with --invert: steps on the latents"),
  classCandidates: z.coerce.number().int().min(1).default(1).describe("with --invert: likeliest classes to try"),
});

const app: AppDefinition<Config, z.infer<typeof trainOptions>, z.infer<typeof sampleOptions>> = {
  name: "self-conditioned-gan",
  description: "Self-conditioned GANs: clusters of the discriminator's own features as classes, against mode collapse.",
  schema: configSchema,
  presets,
  defaultPreset: "demo",
  engines: engineNames,
  trainOptions,
  trainOptionNeeds: { methods: ["compare"], clusters: ["compare"], seeds: ["compare"], jobs: ["compare"] },
  sampleOptions,
};

await runMain(async ({ args, signal }) => {
  const command = parseAppArguments(app, args);
  const output = createOutput({ json: command.json });
  const finish = (kind: string, outcome: { text: string; htmlPath: string }) => printReport(output, kind, outcome);
  if (command.name === "train" && command.options.compare) {
    const { methods, clusters, seeds, jobs = availableParallelism() } = command.options;
    const request = { methods: parseMethods(methods), clusterCounts: parseClusterCounts(clusters), seeds, jobs };
    return finish("comparison", await compareMethods(app, command, request, { output, signal }));
  }
  const engine = await selectEngine(engineChoiceOf(command.engine), { convolutional: !isPoints(command.config) });
  printEngine(output, engine);
  const context = { engine: engine.description, output, signal };
  if (command.name === "sample") {
    const { options, ...request } = command;
    const { invert, against } = options;
    if (invert === undefined && against !== undefined) {
      throw new UsageError("--against: expected --invert COUNT with it, got none");
    }
    const paths =
      invert === undefined
        ? await sampleRun({ ...request, ...options })
        : await invertRun({ ...request, ...options, invert }, output);
    return output.note({ kind: "samples", paths }, paths.join("\n"));
  }
  if (command.name === "report") {
    return finish("report", await reportRun(command.runPath, command.config, context));
  }
  const { config } = command;
  if (command.dryRun) {
    const opened = await openRun(config);
    opened.dispose();
    const { parameters } = opened;
    return printDryRun(command, engine.description, { steps: config.training.steps, parameters }, output);
  }
  finish("finished", await trainRun(await startRun(app, command, output), config, context));
});
