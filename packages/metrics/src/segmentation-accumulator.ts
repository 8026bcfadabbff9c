import { createMergeableMetric, type MergeableMetric } from "./metric-accumulator.ts";
import { describeMetric, type Provenance } from "./metric-result.ts";
import {
  type AbsentClassRule,
  type ConfusionMatrix,
  type ConfusionOptions,
  confusionMatrix,
  mergeConfusion,
  segmentationScores,
} from "./segmentation-scores.ts";

/** The label maps of one image, or of several one after the other. */
export interface LabelMaps {
  /** True class of each pixel. */
  readonly truth: ArrayLike<number>;
  /** Predicted class of each pixel. */
  readonly predicted: ArrayLike<number>;
}

/** Confusion of all pixels taken in, and how many maps they came from. */
export interface CountedConfusion {
  readonly confusion: ConfusionMatrix;
  readonly mapCount: number;
}

/**
 * Dataset-level `segmentationScores` of streamed label maps; each `update` counts as one sample. Keeps one confusion
 * matrix; merged states give the bits of one pass.
 */
export function createSegmentationScores(
  classCount: number,
  provenance: Provenance,
  { absentClasses, ...options }: ConfusionOptions & { readonly absentClasses: AbsentClassRule },
): MergeableMetric<LabelMaps, CountedConfusion> {
  return createMergeableMetric<LabelMaps, CountedConfusion>({
    empty: () => ({ confusion: confusionMatrix([], [], classCount), mapCount: 0 }),
    measure: ({ truth, predicted }) => ({
      confusion: confusionMatrix(truth, predicted, classCount, options),
      mapCount: 1,
    }),
    absorb: (own, more) => ({
      confusion: mergeConfusion([own.confusion, more.confusion]),
      mapCount: own.mapCount + more.mapCount,
    }),
    countOf: ({ mapCount }) => mapCount,
    describe: ({ confusion }, count) => {
      const { pixelAccuracy, classAccuracy, meanIou } = segmentationScores(confusion, absentClasses);
      const extras = { details: { classes: classCount, absentClasses } };
      return [
        describeMetric("pixel-accuracy", pixelAccuracy, count, provenance, extras),
        describeMetric("class-accuracy", classAccuracy, count, provenance, extras),
        describeMetric("mean-iou", meanIou, count, provenance, extras),
      ];
    },
  });
}
