import { type Config, isClustered, isReclustered, type Method } from "./config.ts";

/**
 * In words: what was trained, for notes below tables.
 *
 * @param methods - in the table; the configuration's own alone if not given.
 */
export function settingsNote(config: Config, methods: readonly Method[] = [config.method]): string {
  const { data, training, evaluation } = config;
  const shapes: Readonly<Record<Config["data"]["set"], string>> = {
    ring: `${data.modes} modes, radius ${data.radius}, variance ${data.variance}`,
    grid: `${data.modes} modes, spacing ${data.spacing}, variance ${data.variance}`,
    "stacked-mnist": `${data.trainCount.toLocaleString("en")} triples of digits at ${data.size} x ${data.size}`,
    cifar10: `at most ${data.trainCount.toLocaleString("en")} images`,
    "image-folder": `at most ${data.trainCount.toLocaleString("en")} images at ${data.size} x ${data.size}`,
  };
  const count = (value: number) => value.toLocaleString("en");
  const { r1Weight, baselineR1Weight = r1Weight } = training;
  const baselines = baselineR1Weight === r1Weight ? "" : ` (${baselineR1Weight} for methods without clusters)`;
  const penalty = r1Weight + baselineR1Weight === 0 ? "" : `, R1 at ${r1Weight}${baselines}`;
  const averaging =
    training.weightAverageDecay === 0 ? "" : ` by averaged weights (decay ${training.weightAverageDecay})`;
  return [
    `Ours: ${shapes[data.set]}`,
    `${count(training.steps)} steps of ${training.batchSize}, Adam at ${training.learningRate} (${training.firstMomentDecay}, ${training.secondMomentDecay})${penalty}`,
    ...groupsOf(config, methods),
    `measured on ${count(evaluation.samples)} samples${averaging}.`,
  ].join("; ");
}

/** What the methods' samples are divided into. */
function groupsOf(config: Config, methods: readonly Method[]): string[] {
  const { data, clustering, mixture } = config;
  const subset = `${data.set === "image-folder" ? "at most " : ""}${clustering.subset.toLocaleString("en")} samples`;
  const again = methods.some(isReclustered) ? `, again every ${clustering.every.toLocaleString("en")} steps` : "";
  return [
    ...(methods.some((method) => isClustered({ ...config, method }))
      ? [`${clustering.clusters} clusters of ${subset}${again}`]
      : []),
    ...(methods.includes("random-labels") ? [`${clustering.clusters} random labels`] : []),
    ...(methods.includes("mgan")
      ? [`${mixture!.generators} generators of ${mixture!.samplesPerGenerator} samples`]
      : []),
  ];
}

/** What stands behind the paper's numbers. */
export function paperNote({ data }: Config): string {
  if (data.set === "stacked-mnist") {
    return "The paper's: 78,000 steps, clusters of 25,000 images' flattened features again every 25,000 steps; digits by its repository's own classifier, another than ours; the logarithm of its reverse KL has base 10 in its repository, ours is natural.";
  }
  if (data.set === "ring" || data.set === "grid") {
    return "The paper's: 400,000 steps at 1e-3, clusters again every 10,000, ten runs. Its repository: 100,000 steps at 1e-4, every 5,000, a ring of radius 2, and the box rule for high quality.";
  }
  return "The paper's distances are of Inception features (FID): they may not stand beside ours.";
}
