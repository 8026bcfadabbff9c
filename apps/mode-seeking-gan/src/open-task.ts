import type { FeatureExtractor } from "@divgen/core-tensors";
import { openClassTask } from "./class-task.ts";
import type { Config } from "./config.ts";
import { openPairedTask } from "./paired-task.ts";
import type { Task } from "./task.ts";

/** Opens the data of a configuration's task and makes its networks, all from the seed. */
export function openTask(config: Config, extractor: FeatureExtractor): Promise<Task> {
  return config.task === "paired" ? openPairedTask(config, extractor) : openClassTask(config, extractor);
}
