/** The browser-safe half of the package: data that is made, not read, and what turns examples into batches. */
export { type AugmentedPair, augmentPair, type PairAugmentation } from "./augment-pair.ts";
export {
  type BatchSchedule,
  type BatchScheduleOptions,
  createBatchSchedule,
  type ScheduledBatch,
} from "./batch-schedule.ts";
export { createDatasetBatches, type DatasetBatches, type DatasetBatchesOptions } from "./batch-source.ts";
export { cacheInMemory, loadAll, selectExamples, verifyDataset } from "./dataset-tools.ts";
export { drawFacadeLayout } from "./facades/draw-facade-layout.ts";
export type { FacadeClass, FacadeLayout, FacadePart, UnitBox } from "./facades/facade-layout.ts";
export type { FacadeStyle } from "./facades/facade-style.ts";
export { facadeStyles } from "./facades/facade-styles.ts";
export { facadeLabelMap } from "./facades/place-parts.ts";
export {
  createProceduralFacades,
  type FacadeExample,
  type ProceduralFacadesOptions,
  type Split,
} from "./facades/procedural-facades.ts";
export { renderFacade } from "./facades/render-facade.ts";
export { toImageBatch } from "./image-batches.ts";
export type { LabelledImage } from "./labelled-image.ts";
export { type LayoutAugmentation, type LayoutTensors, toLayoutBatch } from "./layout-batch.ts";
export { type PairedBatch, toLabelTensor, toPairedBatch } from "./paired-batch.ts";
export type { LabelledPairedExample, PairedExample } from "./paired-example.ts";
export {
  createGrid,
  createRing,
  type GridOptions,
  type PointMixture,
  type PointSample,
  type RingOptions,
  toPointTensor,
} from "./point-mixtures.ts";
export {
  createStackedDigits,
  type DigitImages,
  type StackedDigit,
  type StackedDigitsDataset,
  type StackedDigitsOptions,
} from "./stacked-digits.ts";
