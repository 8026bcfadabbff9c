import { drawLatents, oneHotCodes } from "@divgen/core-tensors";
import { type RandomKey, randomKey } from "@divgen/random";
import { createWeightAverage, generateFromClusters, type Objective, withWeightAveraging } from "@divgen/training";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { type Config, classCountOf, isPoints } from "./config.ts";
import type { RunHooks } from "./hooks.ts";
import { openImageTask } from "./image-task.ts";
import { createMethodObjective } from "./objective.ts";
import { createPointTask } from "./point-task.ts";
import type { ShownRun, Task } from "./task.ts";

/** Data, networks and objective of a run; all follow from the configuration. */
export type OpenedRun<Sample extends Tensor = Tensor> = ReturnType<typeof openTaskRun<Sample>>;

/** Opens a run of any data. @throws DataError if the data cannot be used. */
export async function openRun(config: Config, hooks: RunHooks = {}): Promise<OpenedRun> {
  const key = randomKey(config.seed);
  const task = isPoints(config)
    ? createPointTask(key.split("data"), config)
    : await openImageTask(key.split("data"), config);
  // From here on nobody asks what the samples are.
  return openTaskRun(task as unknown as Task<Tensor>, config, hooks);
}

/** Samples made at once: points are small. */
const batchSizeOf = (config: Config): number => (isPoints(config) ? 1000 : 100);

function openTaskRun<Sample extends Tensor>(task: Task<Sample>, config: Config, hooks: RunHooks) {
  const key = randomKey(config.seed);
  const method = createMethodObjective(key.split("models"), task, config, hooks);
  const { generator, parameters } = method;
  const classCount = classCountOf(config, task.classCount);
  const { weightAverageDecay: decay } = config.training;
  const average = decay === 0 ? undefined : createWeightAverage(generator, { decay });
  const objective: Objective<Parameters<typeof method.objective.step>[0]> =
    average === undefined ? method.objective : withWeightAveraging(method.objective, "generator", average);

  const shown = (shownKey: RandomKey): ShownRun<Sample> => ({
    key: shownKey,
    source: (sourceKey, count) => {
      const masses = method.masses();
      const options = { key: sourceKey, count, batchSize: batchSizeOf(config) };
      return generateFromClusters(generator, masses === undefined ? options : { ...options, masses });
    },
    ofClass:
      classCount === 0
        ? undefined
        : (classId, count, classKey) =>
            tidy(() => {
              const code = oneHotCodes(Array<number>(count).fill(classId), classCount);
              const latents = drawLatents(classKey, count, generator.latentSize);
              return generator.generate(latents, { code }, { mode: "inference" });
            }),
    classCount,
    subsetConditions: config.method === "class-conditional" ? task.subsetClasses : method.subsetLabels(),
  });
  return {
    ...{ key, task, objective, method, parameters, shown, sampleBatchSize: batchSizeOf(config) },
    batches: task.createBatches(key.split("batches")),
    /**
     * Runs `use` with the weights that make the samples (the averaged ones, where there are any), and the clusters as the
     * networks see them now.
     */
    withSamplingWeights: async <Result>(use: () => Promise<Result>): Promise<Result> => {
      await method.labelSubset();
      return average === undefined ? use() : average.withAveragedWeights(use);
    },
    dispose: () => {
      objective.dispose();
      for (const owned of [average, method, task]) owned?.dispose();
    },
  };
}
