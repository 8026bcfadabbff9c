import type { FeatureExtractor } from "@divgen/core-tensors";
import { type LabelledPairedExample, type LayoutSplits, loadAll, selectExamples } from "@divgen/datasets";
import { evaluatePairedGenerator } from "@divgen/evaluation";
import { labelMapToIndices } from "@divgen/image-files";
import {
  type ConfusionMatrix,
  createSegmentResponse,
  describeMetric,
  type MetricResult,
  type SegmentResponse,
} from "@divgen/metrics";
import type { SegmentationNetwork } from "@divgen/models-segmentation";
import type { RandomKey } from "@divgen/random";
import { abs, mean, slice, sub, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { drawKnobs, type Knobs, type Renderer, renderLayout } from "./generate.ts";
import { paper } from "./presets.ts";
import { scoreImages, scorePhotographs, summarizeScores } from "./segmenter.ts";

/** What a run is measured with. */
export interface EvaluationSetup {
  readonly config: Config;
  readonly data: LayoutSplits;
  /** What distances are measured by. */
  readonly extractor: FeatureExtractor;
  readonly segmenter: SegmentationNetwork;
  /** The same for all methods that are to be compared. */
  readonly key: RandomKey;
}

/** What came out. */
export interface Evaluation {
  readonly metrics: readonly MetricResult[];
  /** Scores of the real test photographs, the ceiling of what images can reach. */
  readonly ceiling: readonly MetricResult[];
  /** Absent for the network of nine outputs, which has no knobs, and where no layout has a second class to be left alone. */
  readonly response?: SegmentResponse;
}

/** Measures a generator: what all paired generators are measured by, the layouts seen in its images, and its knobs. */
export async function evaluate(renderer: Renderer, setup: EvaluationSetup): Promise<Evaluation> {
  const { config, data, extractor, segmenter, key } = setup;
  const { bins, responseInputs, samplesPerInput, ...counts } = config.evaluation;
  const { outputCount } = renderer.models;
  const samples = outputCount === 1 ? samplesPerInput : outputCount;
  const provenance = { protocol: protocolOf(config), seed: config.seed };
  const inputCount = Math.min(counts.inputs, data.test.size);
  const examples = await loadAll(
    selectExamples(
      data.test,
      Array.from({ length: inputCount }, (_, index) => index),
    ),
  );
  const truths = examples.map(({ labels }) => labelMapToIndices(labels, data.palette));
  const confusions: ConfusionMatrix[] = [];
  const metrics = await evaluatePairedGenerator({
    ...{ ...data, extractor, ...counts, ...provenance, key, samplesPerInput: samples },
    bins: { binCount: bins, whitening: true },
    generate: (_input, count, inputKey, index) => {
      const knobs = drawKnobs(inputKey.split("knobs"), data.palette.classes.length, count);
      return renderLayout(renderer, examples[index]!, knobs, inputKey.split("dropout"), "own");
    },
    observe: async ({ images, input }) => {
      confusions.push(...(await scoreImages(segmenter, images, truths[input]!)));
    },
  });
  const scored = { ...provenance, extractor: segmenter.name, weightHash: "trained with the run", resizeRule: "none" };
  const describe = (matrices: readonly ConfusionMatrix[]): MetricResult[] => {
    const { pixelAccuracy, classAccuracy, meanIou, details } = summarizeScores(matrices);
    return [
      describeMetric("pixel-accuracy", pixelAccuracy, matrices.length, scored, { details }),
      describeMetric("class-accuracy", classAccuracy, matrices.length, scored),
      describeMetric("mean-iou", meanIou, matrices.length, scored, { details }),
    ];
  };
  metrics.push(...describe(confusions));
  const ceiling = describe(await scorePhotographs(segmenter, data, inputCount));
  if (outputCount > 1) return { metrics, ceiling };

  const response = await measureResponse(renderer, examples.slice(0, responseInputs), key.split("response"));
  if (response === undefined) return { metrics, ceiling };
  const pixels = { ...provenance, extractor: "pixels", weightHash: "none", resizeRule: "none" };
  const layouts = Math.min(responseInputs, examples.length);
  metrics.push(
    describeMetric("own-segment-response", response.own, layouts, pixels),
    describeMetric("other-segment-response", response.others, layouts, pixels),
    describeMetric("noise-linking", response.linking, layouts, pixels),
  );
  return { metrics, ceiling, response };
}

/**
 * Moves one knob at a time from 0 to -1 and to 1, and sees how much each segment changes, on images in [-1, 1]. Undefined
 * if every layout is of one class.
 */
async function measureResponse(
  renderer: Renderer,
  examples: readonly LabelledPairedExample[],
  key: RandomKey,
): Promise<SegmentResponse | undefined> {
  const { palette } = renderer;
  const response = createSegmentResponse(palette.classes.length);
  let hasSeveralClasses = false;
  for (const [index, example] of examples.entries()) {
    const labels = labelMapToIndices(example.labels, palette);
    const present = [...new Set(labels)].filter((label) => label < palette.classes.length).sort((a, b) => a - b);
    hasSeveralClasses ||= present.length > 1;
    const moves = present.flatMap((knob) => [-1, 1].map((value) => ({ knob, value })));
    const settings: Knobs[] = [new Float32Array(palette.classes.length)];
    for (const { knob, value } of moves) {
      const setting = new Float32Array(palette.classes.length);
      setting[knob] = value;
      settings.push(setting);
    }
    const changes = tidy(() => {
      const images = renderLayout(renderer, example, settings, key.fold(index), "shared");
      const still = slice(images, [0, 0, 0, 0], [1, -1, -1, -1]);
      return mean(abs(sub(slice(images, [1, 0, 0, 0]), still)), 3);
    });
    const values = await changes.data();
    changes.dispose();
    for (const [move, { knob }] of moves.entries()) {
      response.add(knob, values.subarray(move * labels.length, (move + 1) * labels.length), labels);
    }
  }
  return hasSeveralClasses ? response.compute() : undefined;
}

/** "segment-facades" is the paper's protocol; anything else says its numbers. */
function protocolOf({ evaluation }: Config): string {
  const { inputs, samplesPerInput, pairsPerInput, bins } = evaluation;
  if (JSON.stringify(evaluation) === JSON.stringify(paper.evaluation)) return "segment-facades";
  return `segment-facades, ${inputs} layouts x ${samplesPerInput}, ${pairsPerInput} pairs, ${bins} bins`;
}
