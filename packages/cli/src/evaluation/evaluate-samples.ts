import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import { type MetricName, type MetricResult, metricTitle, type Provenance } from "@divgen/metrics";
import { randomKey } from "@divgen/random";
import type { CommandOutput } from "../command-output.ts";
import {
  assertExtractorIsUsed,
  type ChosenExtractor,
  chooseExtractor,
  type ExtractorFlags,
} from "../extraction/choose-extractor.ts";
import { describeOrigin, originDifference } from "../samples/feature-origin.ts";
import { openSamples } from "../samples/open-samples.ts";
import type { FeatureOrigin, SampleSet } from "../samples/sample-set.ts";
import { createTaskProgress } from "../task-progress.ts";
import { assertProtocol } from "./assert-protocol.ts";
import type { BinEvidence } from "./bin-evidence.ts";
import { computeFeatureMetrics } from "./compute-feature-metrics.ts";
import type { Evaluation } from "./evaluation-document.ts";
import type { EvaluationSettings } from "./evaluation-settings.ts";
import { type MeasuredSide, measureSide } from "./measured-side.ts";
import { fits, needsOf, standardMetrics } from "./metric-choice.ts";
import { createMapDistance, distancesOfPairs, type MapDistance } from "./pair-distance.ts";
import { pairImages, perceptualResult, similarityResults } from "./paired-images.ts";
import { describeDiversity, drawPairs } from "./sample-pairs.ts";

/** What is measured against what, and how. */
export interface EvaluationRequest {
  readonly generated: string;
  readonly reference?: string;
  /** Without, the standard ones that the samples allow. */
  readonly metrics?: readonly MetricName[];
  readonly settings: EvaluationSettings;
  readonly extractorFlags: ExtractorFlags;
  /** Whether features are kept for the next time. */
  readonly useCache: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
}

/** An evaluation with what its report shows. */
export interface EvaluationOutcome {
  readonly evaluation: Evaluation;
  readonly generated: SampleSet;
  readonly reference?: SampleSet;
  /** Numbers in their sets of the samples measured. */
  readonly generatedIndices: Int32Array;
  readonly referenceIndices: Int32Array;
  readonly bins?: BinEvidence;
}

/**
 * Measures samples.
 *
 * @throws DataError for samples that cannot be used, UsageError for metrics that they do not allow.
 */
export async function evaluateSamples(request: EvaluationRequest): Promise<EvaluationOutcome> {
  const { settings } = request;
  const generated = await openSamples(request.generated);
  const reference = request.reference === undefined ? undefined : await openSamples(request.reference);
  assertExtractorIsUsed(request.extractorFlags, reference === undefined ? [generated] : [generated, reference]);
  const metrics = request.metrics ?? standardMetrics(generated.kind, reference?.kind);
  assertNeeds(metrics, generated, reference, settings);
  const chosen = [generated, reference].some((samples) => samples?.kind === "images")
    ? await chooseExtractor(request.extractorFlags)
    : undefined;
  try {
    return await evaluateOpened({ ...request, metrics }, generated, reference, chosen);
  } finally {
    chosen?.extractor.dispose();
  }
}

async function evaluateOpened(
  request: EvaluationRequest & { readonly metrics: readonly MetricName[] },
  generated: SampleSet,
  reference: SampleSet | undefined,
  chosen: ChosenExtractor | undefined,
): Promise<EvaluationOutcome> {
  const { metrics, settings, output } = request;
  const { origin, warnings } = commonOrigin(generated, reference, chosen?.origin);
  const plan = { metrics, origin, ...sizeOf(generated) };
  assertProtocol(settings, plan);

  const isForFeatures = metrics.some((metric) => isOfFeatures(metric, settings));
  const leastCount = metrics.every((metric) => needsOf(metric).group === "paired-images") ? 1 : 2;
  const options = { ...request, chosen, isForFeatures, leastCount };
  const measured = await measureSide(generated, { ...options, withLogits: metrics.includes("inception-score") });
  const measuredReference =
    reference === undefined ? undefined : await measureSide(reference, { ...options, withLogits: false });
  assertProtocol(settings, { ...plan, count: measured.description.count ?? plan.count });
  if (measuredReference?.description.sha256 === measured.description.sha256) {
    warnings.push("generated and reference samples have the same contents");
  }

  const provenance: Provenance = { ...origin, protocol: settings.protocol, seed: settings.seed };
  const key = randomKey(settings.seed);
  const { results, bins } = computeFeatureMetrics(
    metrics.filter((metric) => isOfFeatures(metric, settings)),
    {
      ...{ generated: measured.side, groups: measured.groups, settings, provenance, key },
      ...(measuredReference === undefined ? {} : { reference: measuredReference.side }),
      ...(measured.logits === undefined ? {} : { logits: measured.logits }),
    },
    output,
  );
  const distance = await mapDistanceFor(metrics, settings, chosen);
  try {
    results.push(...(await imageResults(request, measured, measuredReference, { chosen, distance })));
  } finally {
    distance?.dispose();
  }
  const originals = originalHashes(chosen, distance);
  const ordered = metrics.map((metric) => results.find((result) => result.metric === metric)!);
  const titled = ordered.map((result) => ({
    ...result,
    title: metricTitle(result, originals),
    warnings: [...result.warnings, ...warnings],
  }));
  return {
    evaluation: {
      ...{ format: "divgen-evaluation", formatVersion: 1, generated: measured.description },
      ...(measuredReference === undefined ? {} : { reference: measuredReference.description }),
      ...(chosen === undefined ? {} : { engine: `${chosen.engine.name}: ${chosen.engine.description}` }),
      results: titled,
    },
    generated,
    ...(reference === undefined ? {} : { reference }),
    generatedIndices: measured.indices,
    referenceIndices: measuredReference?.indices ?? new Int32Array(),
    ...(bins === undefined ? {} : { bins }),
  };
}

/** Whether a metric comes out of feature vectors rather than of images side by side. */
function isOfFeatures(metric: MetricName, { distance }: EvaluationSettings): boolean {
  const { group } = needsOf(metric);
  return group === "pairwise" ? distance === "euclidean" : group !== "paired-images";
}

/** Metrics that look at two images at a time. */
async function imageResults(
  { metrics, settings, output }: EvaluationRequest & { readonly metrics: readonly MetricName[] },
  measured: MeasuredSide,
  reference: MeasuredSide | undefined,
  { chosen, distance }: { readonly chosen: ChosenExtractor | undefined; readonly distance: MapDistance | undefined },
): Promise<MetricResult[]> {
  const results: MetricResult[] = [];
  const batchSize = chosen?.batchSize ?? 1;
  const progressOf = (name: string, total: number): ((done: number) => void) =>
    createTaskProgress(output, { name, total, unit: "pairs" }).update;
  if (metrics.includes("pairwise-distance") && distance !== undefined) {
    const { samples, indices } = measured.images!;
    const drawn = drawPairs(measured.groups, settings, randomKey(settings.seed).split("pairs"));
    const pairs = drawn.pairs.flat().map(([first, second]) => ({
      name: `${samples.nameOf(indices[first]!)} and ${samples.nameOf(indices[second]!)}`,
      load: () => Promise.all([samples.load(indices[first]!), samples.load(indices[second]!)]),
    }));
    const values = await distancesOfPairs(pairs, distance, batchSize, progressOf("pairwise-distance", pairs.length));
    const size = drawn.pairsPerGroup;
    const byGroup = drawn.pairs.map((_, group) => values.subarray(group * size, (group + 1) * size));
    const provenance = { ...distance.origin, protocol: settings.protocol, seed: settings.seed };
    results.push(describeDiversity(byGroup, drawn, settings.distance, indices.length, provenance));
  }
  if (metrics.some((metric) => needsOf(metric).group === "paired-images")) {
    const pairs = pairImages(measured.images!, reference!.images!);
    const progress = progressOf("pairs of images", pairs.length);
    results.push(...(await similarityResults(pairs, metrics, settings.protocol, progress)));
    if (metrics.includes("perceptual-distance")) {
      const onProgress = progressOf("perceptual-distance", pairs.length);
      results.push(await perceptualResult(pairs, distance!, batchSize, settings.protocol, onProgress));
    }
  }
  return results;
}

async function mapDistanceFor(
  metrics: readonly MetricName[],
  { distance }: EvaluationSettings,
  chosen: ChosenExtractor | undefined,
): Promise<MapDistance | undefined> {
  const isPaired = metrics.includes("perceptual-distance");
  if (!isPaired && !(metrics.includes("pairwise-distance") && distance !== "euclidean")) return undefined;
  return createMapDistance(distance === "euclidean" ? "perceptual" : distance, chosen!);
}

function originalHashes(
  chosen: ChosenExtractor | undefined,
  distance: MapDistance | undefined,
): Record<string, string> {
  const vouched = [chosen, distance].filter((source) => source?.isOriginal === true);
  return Object.fromEntries(vouched.map((source) => [source!.origin.extractor, source!.origin.weightHash]));
}

function sizeOf(samples: SampleSet): { readonly count: number; readonly groupCount: number } {
  if (samples.kind === "images") return { count: samples.count, groupCount: samples.groupNames.length };
  return { count: samples.kind === "features" ? samples.features.rows : samples.statistics.count, groupCount: 1 };
}

/** Checks that the samples can give what the metrics read. */
function assertNeeds(
  metrics: readonly MetricName[],
  generated: SampleSet,
  reference: SampleSet | undefined,
  { distance }: EvaluationSettings,
): void {
  if (metrics.length === 0)
    throw new UsageError("evaluate: no metric can be computed of these samples; name a --reference");
  for (const metric of metrics) {
    const needs = needsOf(metric);
    const of = metric === "pairwise-distance" && distance !== "euclidean" ? "images" : needs.of;
    if (needs.reference && reference === undefined)
      throw new UsageError(`${metric}: name the real samples by --reference`);
    for (const samples of needs.reference ? [generated, reference!] : [generated]) {
      if (fits(samples.kind, of)) continue;
      const kind = samples.kind === "statistics" ? "saved statistics (mean and covariance alone)" : samples.kind;
      throw new DataError(`${samples.path}: ${metric} needs ${of}, got ${kind}.`);
    }
  }
}

/** The origin of both sides' features, and what a reader must know about it. */
function commonOrigin(
  generated: SampleSet,
  reference: SampleSet | undefined,
  ofImages: FeatureOrigin | undefined,
): { readonly origin: FeatureOrigin; readonly warnings: string[] } {
  const sides = [generated, ...(reference === undefined ? [] : [reference])].map((samples) => ({
    path: samples.path,
    origin: samples.kind === "images" ? ofImages : samples.origin,
  }));
  const known = sides.filter(({ origin }) => origin !== undefined);
  const first = known[0];
  if (first === undefined) {
    return { origin: { extractor: "features", weightHash: "none", resizeRule: "none" }, warnings: [] };
  }
  for (const { path, origin } of known.slice(1)) {
    const difference = originDifference(first.origin!, origin!);
    if (difference !== undefined) {
      throw new DataError(`${first.path} and ${path}: features of unlike origin cannot be compared (${difference}).`);
    }
  }
  const warnings = sides
    .filter(({ origin }) => origin === undefined)
    .map(
      ({ path }) => `${path} does not say where its features come from; taken to be ${describeOrigin(first.origin!)}`,
    );
  return { origin: first.origin!, warnings };
}
