import type { Config } from "./config.ts";

/** In words: what was trained, for notes below tables. */
export function settingsNote({ data, clustering, training, evaluation }: Config): string {
  const shape = data.set === "ring" ? `radius ${data.radius}` : `spacing ${data.spacing}`;
  return `Ours: ${data.modes} modes, ${shape}, variance ${data.variance}; ${training.steps.toLocaleString("en")} steps of ${training.batchSize}, Adam at ${training.learningRate} (${training.firstMomentDecay}, ${training.secondMomentDecay}); ${clustering.clusters} clusters of ${clustering.subset.toLocaleString("en")} points, again every ${clustering.every.toLocaleString("en")} steps; measured on ${evaluation.samples.toLocaleString("en")} points.`;
}

export const paperNote =
  "The paper's: 400,000 steps at 1e-3, clusters again every 10,000, ten runs (online and class-conditional: from its appendix). Its repository: 100,000 steps at 1e-4, every 5,000, a ring of radius 2, and the box rule for high quality.";
