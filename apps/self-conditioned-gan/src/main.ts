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
} from "@divgen/experiment";
import { z } from "zod";
import { compareMethods } from "./compare.ts";
import { assertComparisonArguments, parseClusterCounts, parseMethods } from "./comparison-request.ts";
import { type Config, configSchema, isPoints } from "./config.ts";
import { invertRun } from "./invert.ts";
import { openRun } from "./open-run.ts";
import { presets } from "./presets.ts";
import { reportRun, trainRun } from "./run.ts";
import { sampleRun } from "./sample.ts";
import { sampleByMass } from "./sample-by-mass.ts";
import { type SampleOptions, sampleKindOf, sampleOptionNeeds, sampleOptions } from "./sample-options.ts";

const trainOptions = z.strictObject({
  compare: z.boolean().default(false).describe("train methods at equal steps in parallel processes and compare them"),
  methods: z
    .string()
    .default("gan,pacgan2,random-labels,self-conditioned")
    .describe("methods of a comparison, with commas between"),
  clusters: z.string().optional().describe("further numbers of clusters for it, such as 5,25,100 (Figure 3)"),
  reportOnly: z
    .boolean()
    .default(false)
    .describe("write a comparison's report from the runs that have ended, train none"),
  seeds: z.coerce.number().int().min(1).default(1).describe("seeds of a comparison"),
  jobs: z.coerce.number().int().min(1).optional().describe("processes at a time; as many as cores if not given"),
});

const app: AppDefinition<Config, z.infer<typeof trainOptions>, SampleOptions> = {
  name: "self-conditioned-gan",
  description: "Self-conditioned GANs: clusters of the discriminator's own features as classes, against mode collapse.",
  schema: configSchema,
  presets,
  defaultPreset: "demo",
  engines: engineNames,
  trainOptions,
  trainOptionNeeds: {
    ...{ methods: ["compare"], clusters: ["compare"], seeds: ["compare"], jobs: ["compare"] },
    reportOnly: ["compare"],
  },
  sampleOptions,
  sampleOptionNeeds,
};

await runMain(async ({ args, signal }) => {
  assertComparisonArguments(args);
  const command = parseAppArguments(app, args);
  const output = createOutput({ json: command.json });
  const finish = (kind: string, outcome: { text: string; htmlPath: string }) => printReport(output, kind, outcome);
  if (command.name === "train" && command.options.compare) {
    const { methods, clusters, jobs = availableParallelism(), ...rest } = command.options;
    const request = { ...rest, methods: parseMethods(methods), clusterCounts: parseClusterCounts(clusters), jobs };
    return compareMethods(app, command, request, { output, signal });
  }
  const engine = await selectEngine(engineChoiceOf(command.engine), { convolutional: !isPoints(command.config) });
  printEngine(output, engine);
  const context = { engine: engine.description, output, signal };
  if (command.name === "sample") {
    const { options, ...request } = command;
    const asked = { ...request, ...options };
    const kind = sampleKindOf(options, request.inputs);
    const paths =
      kind === "rows"
        ? await sampleRun(asked)
        : kind === "by-mass"
          ? await sampleByMass({ ...asked, byMass: options.byMass! })
          : await invertRun(asked, context);
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
