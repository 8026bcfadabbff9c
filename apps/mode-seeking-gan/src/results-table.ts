import { addComparisonTable, type MethodResults } from "@divgen/evaluation";
import type { Report } from "@divgen/experiment";
import type { Config } from "./config.ts";
import { cifarTable, facadesTable, mapsTable } from "./paper-tables.ts";
import { isMaps } from "./protocol.ts";

/** Adds methods by metrics with the paper's numbers beside, and says what differs. */
export function addResults(report: Report, results: readonly MethodResults[], config: Config, steps: number): Report {
  return addComparisonTable(report, results, {
    caption: `Diversity and quality by method (the paper's ${config.task === "paired" ? "Table 3" : "Tables 1 and 2"})`,
    paper: paperTableOf(config),
    notes: notesOf(config, steps, extractorOf(results)),
  });
}

/** Whose numbers the paper's distances stand beside: the maps' where the data is called so, else the facades'. */
function paperTableOf({ task, data }: Config) {
  if (task === "cifar10") return cifarTable;
  return isMaps(data) ? mapsTable : facadesTable;
}

/** Data as a reader knows it. */
export function dataName({ source, path }: Config["data"]): string {
  if (source === "procedural") return "drawn facades";
  return source === "cifar10" ? "CIFAR-10" : path;
}

/** What a reader must know before comparing with the paper. */
export function notesOf({ task, data, training, evaluation }: Config, steps: number, extractor: string): string[] {
  const trials = evaluation.trials === 1 ? "one trial" : `means of ${evaluation.trials} trials`;
  const done = `${steps.toLocaleString("en")} steps of ${training.batchSize}`;
  const distances = `The paper's FID and LPIPS are of Inception and AlexNet, ours are distances by ${extractor}: only the order of the methods may be compared.`;
  if (task === "cifar10") {
    return [
      `Ours: CIFAR-10, ${data.trainCount} training images a class, ${done}; ${evaluation.samplesPerInput} samples and ${evaluation.bins} bins a class, ${trials}; NDB and JSD are means over classes.`,
      `The paper's: 200 epochs of 50,000 images, 5,000 samples and 250 bins a class. ${distances}`,
    ];
  }
  return [
    `Ours: ${dataName(data)} at ${data.size} x ${data.size}, at most ${data.trainCount} training pairs, ${done}; ${evaluation.inputs} test inputs with ${evaluation.samplesPerInput} images each, ${evaluation.bins} bins, ${trials}.`,
    `The paper's: 256 x 256, batches of 1, 400 epochs; 100 inputs with 50 images each; 20 bins for facades, 50 for maps. ${distances}`,
  ];
}

/** Name of the extractor behind the distances. */
export function extractorOf(results: readonly MethodResults[]): string {
  const found = results.flatMap(({ runs }) => runs.flat()).find(({ metric }) => metric === "frechet-distance");
  return found?.extractor ?? "none";
}
