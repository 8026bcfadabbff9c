import type { MetricAccumulator } from "./frechet-accumulator.ts";
import { describeMetric, type Provenance } from "./metric-result.ts";
import {
  type AbsentClassRule,
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

/** Dataset-level `segmentationScores` of streamed label maps; each `update` counts as one sample. */
export function createSegmentationScores(
  classCount: number,
  provenance: Provenance,
  { absentClasses, ...options }: ConfusionOptions & { readonly absentClasses: AbsentClassRule },
): MetricAccumulator<LabelMaps> {
  const empty = () => confusionMatrix([], [], classCount);
  let confusion = empty();
  let count = 0;
  return {
    update: ({ truth, predicted }) => {
      confusion = mergeConfusion([confusion, confusionMatrix(truth, predicted, classCount, options)]);
      count++;
    },
    compute: () => {
      const { pixelAccuracy, classAccuracy, meanIou } = segmentationScores(confusion, absentClasses);
      const extras = { details: { classes: classCount, absentClasses } };
      return [
        describeMetric("pixel-accuracy", pixelAccuracy, count, provenance, extras),
        describeMetric("class-accuracy", classAccuracy, count, provenance, extras),
        describeMetric("mean-iou", meanIou, count, provenance, extras),
      ];
    },
    reset: () => {
      confusion = empty();
      count = 0;
    },
  };
}
