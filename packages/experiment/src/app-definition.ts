import type { ZodType } from "zod";

/**
 * What the command line of an app needs to know about it.
 *
 * `schema` accepts exactly the configurations: build it with `z.strictObject`, without transformations, since a stored
 * configuration passes it again. A top-level field "seed" gives the app `--seed`, one named "method" gives `--method`.
 */
export interface AppDefinition<
  Config extends object,
  TrainOptions extends object = object,
  SampleOptions extends object = object,
> {
  /** Name of the app, such as "facades-cluster-gan"; its runs lie in `runs/NAME/`. */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly description: string;
  readonly schema: ZodType<Config>;
  /** Complete configurations by name. */
  readonly presets: Readonly<Record<string, Config>>;
  readonly defaultPreset: string;
  /** Names that `--engine` takes besides "auto"; any name if absent. */
  readonly engines?: readonly string[];
  /**
   * Further options of `train`: an object schema whose fields become flags (`labelFolder` is `--label-folder VALUE`, a
   * boolean is a flag without value), described by the fields' `.describe()`.
   */
  readonly trainOptions?: ZodType<TrainOptions>;
  /** Options of `train` that mean nothing unless one of others is given with them, such as `{ seeds: ["compare"] }`. */
  readonly trainOptionNeeds?: Readonly<
    Partial<Record<keyof TrainOptions & string, readonly (keyof TrainOptions & string)[]>>
  >;
  /** Further options of `sample`, likewise. */
  readonly sampleOptions?: ZodType<SampleOptions>;
  /** Likewise for `sample`; "inputs" stands for files or folders named on the command line. */
  readonly sampleOptionNeeds?: Readonly<
    Partial<Record<keyof SampleOptions & string, readonly ((keyof SampleOptions & string) | "inputs")[]>>
  >;
  /** Folder of all runs. @defaultValue "runs" in the working directory */
  readonly runsFolder?: string;
}

/** `train`: begin or go on with a run. */
export interface TrainCommand<Config extends object, Options extends object = object> {
  readonly name: "train";
  readonly preset: string;
  /** Resolved: the preset's (or, with `resumePath`, the run's) with `--method`, `--seed` and `--set` applied. */
  readonly config: Config;
  /** Directory of the run to go on with. */
  readonly resumePath?: string;
  /** Directory for a new run; chosen by `startRun` if absent. */
  readonly runPath?: string;
  readonly options: Options;
  readonly engine: string;
  /** Only print what would be done. */
  readonly dryRun: boolean;
  /** Write JSON lines for programs instead of text for people. */
  readonly json: boolean;
}

/** What every `sample` is asked for. */
export interface RunSampleRequest<Config extends object> {
  /** Directory of the run. */
  readonly runPath: string;
  /** The run's configuration. */
  readonly config: Config;
  /** Files or folders named on the command line. */
  readonly inputs: readonly string[];
  /** Folder for the images; `samples-out` in the run directory if not given. */
  readonly outputPath: string;
  /** Step of the checkpoint; the newest if absent. */
  readonly step?: number | undefined;
}

/** `sample`: make images with a trained run. */
export interface SampleCommand<Config extends object, Options extends object = object>
  extends RunSampleRequest<Config> {
  readonly name: "sample";
  readonly options: Options;
  readonly engine: string;
  readonly json: boolean;
}

/** `report`: write the report of a run anew. */
export interface ReportCommand<Config extends object> {
  readonly name: "report";
  readonly runPath: string;
  /** The run's configuration. */
  readonly config: Config;
  readonly engine: string;
  readonly json: boolean;
}

/** What a command line asks for. */
export type AppCommand<Config extends object, TrainOptions extends object, SampleOptions extends object> =
  | TrainCommand<Config, TrainOptions>
  | SampleCommand<Config, SampleOptions>
  | ReportCommand<Config>;
