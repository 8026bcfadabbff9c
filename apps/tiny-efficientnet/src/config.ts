import { parseArgs } from "node:util";

/** What a training run is told. */
export interface TrainingConfig {
  /** Folder with `train/CLASS/*.jpg` and `test/CLASS/*.jpg`. */
  readonly data: string;
  /** Folder for the weights, the card and checkpoints. */
  readonly output: string;
  /** Folder with tfjs models that the evaluation compares with; they may be absent. */
  readonly weights: string;
  readonly engine: string;
  readonly seed: number;
  readonly epochs: number;
  /** Images a step. */
  readonly batchSize: number;
  /** Highest rate of the one-cycle schedule. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Share of the target spread over all classes. */
  readonly labelSmoothing: number;
  /** Weight of the loss that classifies by the 49 numbers of the spatial mean. */
  readonly mapClassWeight: number;
  /** Weight of the loss that reads colour statistics off the 49 numbers of the spatial mean. */
  readonly mapColorWeight: number;
  /** Images of each class that are used; all of them unless a smoke test asks for fewer. */
  readonly imagesPerClass: number;
}

/** The run that the committed weights come from. */
export const defaultConfig: TrainingConfig = {
  data: "data/cifar10-jpeg",
  output: "runs/tiny-efficientnet",
  weights: "weights",
  engine: "native",
  seed: 7,
  epochs: 4,
  batchSize: 64,
  learningRate: 3e-3,
  weightDecay: 5e-5,
  labelSmoothing: 0.05,
  mapClassWeight: 0.3,
  mapColorWeight: 0.3,
  imagesPerClass: 5000,
};

/**
 * The defaults with what the command line overrides: `--epochs 3 --data FOLDER`.
 *
 * @throws Error for an unknown option or a number that is none.
 */
export function parseConfig(args: readonly string[]): TrainingConfig {
  const names = Object.keys(defaultConfig) as (keyof TrainingConfig)[];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: [...args], options });
  const overrides = Object.entries(values).map(([name, text]) => {
    if (typeof defaultConfig[name as keyof TrainingConfig] === "string") return [name, text];
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error(`--${name}: expected a number, got ${text}`);
    return [name, number];
  });
  return { ...defaultConfig, ...Object.fromEntries(overrides) };
}
