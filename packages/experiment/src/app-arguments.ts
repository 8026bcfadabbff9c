import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { Command, CommanderError, Option } from "commander";
import type { AppCommand, AppDefinition, ReportCommand, SampleCommand, TrainCommand } from "./app-definition.ts";
import { canonicalJson, sha256 } from "./canonical-json.ts";
import { applyOverrides } from "./config-overrides.ts";
import { fieldsOf } from "./config-schema.ts";
import { shown, validateConfig } from "./config-validation.ts";
import { findRuns } from "./find-runs.ts";
import { nearestName } from "./nearest-name.ts";
import { addFlags, assertNeedsMet, readFlags } from "./option-flags.ts";
import { isRunDirectory, openRunDirectory, type RunDirectory } from "./run-directory.ts";
import { UsageError } from "./run-errors.ts";

/** `--help` was asked for: not an error, `runMain` prints the text and ends with 0. */
export class HelpRequest extends Error {
  override readonly name = "HelpRequest";
}

const NAMES: readonly string[] = ["train", "sample", "report", "help"];

type Values = Readonly<Record<string, unknown>>;

/**
 * Reads an app's command line: `train` (also when no command is named), `sample` and `report`.
 *
 *     const command = parseAppArguments(app, process.argv.slice(2));
 *
 * @throws UsageError for unknown commands and options and values that make no sense.
 * @throws ConfigError for unknown configuration keys (naming the nearest known one) and refused values.
 * @throws DataError if a run that is named does not exist or belongs to another app.
 * @throws HelpRequest for `--help`.
 */
export function parseAppArguments<Config extends object, TrainOptions extends object, SampleOptions extends object>(
  app: AppDefinition<Config, TrainOptions, SampleOptions>,
  args: readonly string[],
): AppCommand<Config, TrainOptions, SampleOptions> {
  let chosen: AppCommand<Config, TrainOptions, SampleOptions> | undefined;
  let text = "";
  const program = new Command(app.name).description(app.description).exitOverride();
  program.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    writeErr: () => undefined,
  });
  const common = (command: Command): Command =>
    command
      .addOption(engineOption(app.engines))
      .option("--json", "write JSON lines for programs instead of text for people");

  const train = common(program.command("train", { isDefault: true })).description("train, or go on training");
  addTrainOptions(train, app);
  train.action((values: Values) => {
    chosen = trainCommand(app, values);
  });

  program.addHelpText("after", () => `\nWithout a command:\n\n${train.helpInformation()}`);

  const sample = common(program.command("sample")).description("make images with a trained run");
  sample.argument("[inputs...]", "files or folders to make images from");
  sample.option("--run <directory>", "the run (default: the newest)");
  sample.option("--out <folder>", "where the images go (default: in the run directory)");
  sample.option("--step <number>", "the checkpoint of this step or the last before (default: the newest)");
  addFlags(sample, app.sampleOptions);
  sample.action((inputs: string[], values: Values) => {
    chosen = sampleCommand(app, inputs, values);
  });

  const report = common(program.command("report")).description("write the report of a run anew");
  report.option("--run <directory>", "the run (default: the newest)");
  report.action((values: Values) => {
    chosen = { name: "report", ...existingRun(app, values), ...commonValues(values) } satisfies ReportCommand<Config>;
  });

  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === "commander.help") throw new HelpRequest(text.trimEnd());
    if (error.code === "commander.excessArguments" && !NAMES.includes(args[0]!)) {
      const given = args.find((argument) => !argument.startsWith("-"))!;
      throw new UsageError(`unknown command "${given}"; did you mean "${nearestName(given, NAMES)}"?`);
    }
    throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "), { cause: error });
  }
  return chosen!;
}

function addTrainOptions<Config extends object, TrainOptions extends object>(
  command: Command,
  app: AppDefinition<Config, TrainOptions, object>,
): void {
  const fields = fieldsOf(app.schema).map(([field]) => field);
  const presets = Object.keys(app.presets);
  command.addOption(
    new Option("--preset <name>", `configuration to begin with (default: ${app.defaultPreset})`).choices(presets),
  );
  if (fields.includes("method")) command.option("--method <name>", "the same as --set method=NAME");
  if (fields.includes("seed")) command.option("--seed <number>", "the same as --set seed=NUMBER");
  command
    .option("--set <key=value>", "replace a value of the configuration; may be repeated", collect)
    .option("--run <directory>", "directory for the run (default: a new one in runs/)")
    .option("--resume [directory]", 'go on with this run; "auto": with the newest of equal configuration, if any')
    .option("--dry-run", "print the resolved configuration, the engine and an estimate, and stop");
  addFlags(command, app.trainOptions);
}

function trainCommand<Config extends object, TrainOptions extends object>(
  app: AppDefinition<Config, TrainOptions, object>,
  values: Values,
): TrainCommand<Config, TrainOptions> {
  const { preset: named, run, resume } = values as { preset?: string; run?: string; resume?: string | true };
  const assignments = [
    ...(values["method"] === undefined ? [] : [`method=${values["method"]}`]),
    ...(values["seed"] === undefined ? [] : [`seed=${values["seed"]}`]),
    ...((values["set"] as string[] | undefined) ?? []),
  ];
  assertNeedsMet(app.trainOptionNeeds ?? {}, values);
  const rest = {
    options: readFlags(app.trainOptions, values),
    dryRun: values["dryRun"] === true,
    ...commonValues(values),
  };

  if (typeof resume === "string" && resume !== "auto") {
    if (run !== undefined && run !== resume) {
      throw new UsageError(`--run and --resume name two directories, "${run}" and "${resume}"; give one`);
    }
    const { preset, config } = openRunOf(app, resume);
    if (named !== undefined && named !== preset) {
      throw new UsageError(
        `--preset ${named}: the run to go on with began with preset "${preset}"; use --set to change it`,
      );
    }
    return {
      name: "train",
      preset,
      config: applyOverrides(app.schema, config, assignments),
      resumePath: resume,
      ...rest,
    };
  }

  const preset = named ?? app.defaultPreset;
  const base = validateConfig(app.schema, app.presets[preset], `preset ${preset}`);
  const config = applyOverrides(app.schema, base, assignments);
  const resumePath = resume === undefined ? undefined : runToResume(app, config, run);
  if (resumePath !== undefined) return { name: "train", preset, config, resumePath, ...rest };
  return { name: "train", preset, config, ...(run === undefined ? {} : { runPath: run }), ...rest };
}

/** What `--resume auto` means: the run of `--run` if it is there, else the newest of equal configuration. */
function runToResume<Config extends object>(
  app: AppDefinition<Config, object, object>,
  config: Config,
  run: string | undefined,
): string | undefined {
  const configHash = sha256(canonicalJson(config));
  if (run === undefined) return findRuns(app.runsFolder ?? "runs", app.name, { configHash }).at(-1)?.path;
  if (!isRunDirectory(run)) return undefined;
  if (openRunOf(app, run).configHash !== configHash) {
    throw new UsageError(
      `--resume auto: the run in ${run} has another configuration; name it with --resume ${run} to change it on purpose`,
    );
  }
  return run;
}

function sampleCommand<Config extends object, SampleOptions extends object>(
  app: AppDefinition<Config, object, SampleOptions>,
  inputs: readonly string[],
  values: Values,
): SampleCommand<Config, SampleOptions> {
  const existing = existingRun(app, values);
  const { out, step } = values as { out?: string; step?: string };
  if (step !== undefined && !/^\d+$/.test(step))
    throw new UsageError(`--step: expected an integer >= 0, got ${shown(step)}`);
  assertNeedsMet(app.sampleOptionNeeds ?? {}, inputs.length === 0 ? values : { ...values, inputs });
  return {
    name: "sample",
    ...existing,
    inputs,
    outputPath: out ?? join(existing.runPath, "samples-out"),
    ...(step === undefined ? {} : { step: Number(step) }),
    options: readFlags(app.sampleOptions, values),
    ...commonValues(values),
  };
}

function existingRun<Config extends object>(
  app: AppDefinition<Config, object, object>,
  values: Values,
): { readonly runPath: string; readonly config: Config } {
  const folder = app.runsFolder ?? "runs";
  const path = (values["run"] as string | undefined) ?? findRuns(folder, app.name).at(-1)?.path;
  if (path === undefined)
    throw new UsageError(`there is no run of ${app.name} in ${folder}/ yet: train one, or name it by --run`);
  return { runPath: path, config: openRunOf(app, path).config };
}

function openRunOf<Config extends object>(
  app: AppDefinition<Config, object, object>,
  path: string,
): Pick<RunDirectory, "preset" | "configHash"> & { readonly config: Config } {
  const { app: owner, preset, config, configHash } = openRunDirectory(path);
  if (owner !== app.name) throw new DataError(`${path} is a run of ${owner}, not of ${app.name}`);
  return { preset, configHash, config: validateConfig(app.schema, config, join(path, "config.json")) };
}

function engineOption(engines: readonly string[] | undefined): Option {
  const option = new Option("--engine <name>", "what computes").default("auto");
  if (engines === undefined) return option;
  return option.argParser((name: string) => {
    if (name === "auto" || engines.includes(name)) return name;
    const all = ["auto", ...engines];
    throw new UsageError(
      `--engine: expected one of ${all.join(", ")}, got "${name}"; did you mean "${nearestName(name, all)}"?`,
    );
  });
}

function commonValues(values: Values): { readonly engine: string; readonly json: boolean } {
  return { engine: values["engine"] as string, json: values["json"] === true };
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
