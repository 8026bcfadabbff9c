import { addComparisonTable, addMetricProvenance, addPictures, type MethodResults } from "@divgen/evaluation";
import { createReport, type Report, type RunDirectory } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import type { Config } from "./config.ts";
import type { Evaluation, EvaluationSetup } from "./evaluate.ts";
import type { Models } from "./models.ts";
import { clusterExamples, clustersBySize, sampleRows } from "./pictures.ts";

/** The paper's Table 1. Its FID and LPIPS are of Inception and AlexNet: beside ours for their order, not their size. */
const paperTable: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  pix2pix: { "frechet-distance": 98.23, ndb: 11, jsd: 0.0812, "pairwise-distance": 0.0621 },
  "mode-seeking": { "frechet-distance": 88.84, ndb: 11, jsd: 0.0559, "pairwise-distance": 0.3752 },
  cluster: { "frechet-distance": 92.27, ndb: 9, jsd: 0.03, "pairwise-distance": 0.4444 },
};

/** Adds Table 1: methods by metrics, mean and standard deviation over seeds, the paper's numbers beside. */
export function addMetricsTable(
  report: Report,
  results: readonly MethodResults[],
  { data, training, evaluation }: Config,
  steps: number,
): Report {
  const all = results.flatMap(({ runs }) => runs.flat());
  const { extractor } = all.find(({ metric }) => metric === "frechet-distance")!;
  return addComparisonTable(report, results, {
    caption: "Diversity and quality by method (the paper's Table 1)",
    paper: paperTable,
    notes: [
      `Ours: ${data.source === "procedural" ? "procedural facades" : data.path} at ${data.size} x ${data.size}, ${data.trainCount} training pairs, ${steps.toLocaleString("en")} steps of ${training.batchSize}; ${evaluation.inputs} test inputs with ${evaluation.samplesPerInput} images each.`,
      `The paper's: CMP facades at 256 x 256, 400 epochs, FID and LPIPS by Inception and AlexNet. Ours are distances by ${extractor}: only the order of the methods may be compared.`,
    ],
  });
}

/** Adds the clusters of the training photographs: sizes and examples (the paper's Figure 6). */
export async function addClusters(
  report: Report,
  { data, clusters, extractor, clusterFeatures }: EvaluationSetup,
): Promise<Report> {
  const order = clustersBySize(clusters);
  const examples = await clusterExamples(data.train, clusters, 7);
  const { counts } = clusters.partition;
  report
    .heading("What the training images are like")
    .paragraph(
      `k-means on the ${clusterFeatures.layers[0]} features of ${extractor.name} (${clusters.partition.centers.columns} numbers an image) finds ${order.length} clusters. The generator is told the cluster of each training photograph, and draws clusters by these shares afterwards.`,
    );
  await addPictures(report, examples, {
    caption: "Photographs of each cluster, largest cluster first (the paper's Figure 6).",
    rowTitles: order.map((cluster) => `${cluster} (${((100 * counts[cluster]!) / data.train.size).toFixed(0)} %)`),
  });
  return report.barPlot({
    caption: "Training images in each cluster.",
    xTitle: "cluster",
    yTitle: "images",
    bars: order.map((cluster) => ({ label: String(cluster), value: counts[cluster]! })),
  });
}

/** Adds generated images: inputs by clusters, and one input by clusters and noise (Figures 7 and 8). */
export async function addSamples(
  report: Report,
  models: Models,
  setup: EvaluationSetup,
  isClustered: boolean,
): Promise<Report> {
  const { data, clusters, config, key } = setup;
  const order = clustersBySize(clusters);
  const titles = isClustered ? order.map(String) : order.map((_, index) => `noise ${index + 1}`);
  report.heading(`What ${config.method} makes`);
  await addPictures(report, await sampleRows(models, data, order, 6, config, key.split("figure-7")), {
    caption: isClustered
      ? "Each row is one label map of the test set, its own photograph, and an image for each cluster (the paper's Figure 7)."
      : "Each row is one label map of the test set, its own photograph, and images from independent noise.",
    columnTitles: ["labels", "photograph", ...titles],
  });
  if (!isClustered) return report;
  const one = { ...data, test: { ...data.test, size: 1 } };
  const rows: PixelImage[][] = [];
  for (const cluster of order) {
    const [row] = await sampleRows(
      models,
      one,
      Array<number>(8).fill(cluster),
      1,
      config,
      key.split("figure-8").fold(cluster),
    );
    rows.push(row!.slice(2));
  }
  return addPictures(report, rows, {
    caption: "One label map: each row a cluster, each column another noise (the paper's Figure 8).",
    rowTitles: titles,
  });
}

/** Adds how often a generated image falls in the cluster that was asked for. */
export function addConfusion(report: Report, { confusion }: Evaluation, { clusters }: EvaluationSetup): Report {
  const share = (cluster: number) => {
    const total = confusion[cluster]!.reduce((sum, count) => sum + count, 0);
    return total === 0 ? 0 : confusion[cluster]![cluster]! / total;
  };
  return report.barPlot({
    caption: "Share of the images asked for a cluster whose features fall in it.",
    xTitle: "cluster asked for",
    yTitle: "share",
    bars: clustersBySize(clusters).map((cluster) => ({ label: String(cluster), value: share(cluster) })),
  });
}

/** The report of a single run, written into its directory; returns the path of the page. */
export async function writeRunReport(
  directory: RunDirectory,
  models: Models,
  setup: EvaluationSetup,
  evaluation: Evaluation,
  facts: { readonly engine: string; readonly steps: number; readonly isClustered: boolean },
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { config } = setup;
  const report = createReport({
    title: `Facades by ${config.method}`,
    subtitle: `${facts.steps.toLocaleString("en")} steps on ${facts.engine}, seed ${config.seed}.`,
  });
  await addSamples(report, models, setup, facts.isClustered);
  report.heading("Numbers");
  addMetricsTable(report, [{ method: config.method, runs: [evaluation.metrics] }], config, facts.steps);
  if (facts.isClustered) addConfusion(report, evaluation, setup);
  await addClusters(report, setup);
  report.heading("Training").losses(directory.events());
  addMetricProvenance(report.heading("Where the numbers come from"), evaluation.metrics).keyValues({
    caption: "The run",
    entries: { ...{ engine: facts.engine, configuration: directory.configHash, run: directory.path } },
  });
  const { htmlPath } = await report.write(directory.path);
  return { htmlPath, text: report.text() };
}
