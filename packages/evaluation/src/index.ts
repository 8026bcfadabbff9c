export { assertEnoughImages } from "./assert-enough-images.ts";
export { addComparisonTable, type ComparisonTable, type MethodResults, type PaperNumber } from "./comparison-table.ts";
export { type ClassEvaluation, evaluateClassGenerator, referenceFeatureRows } from "./evaluate-class-generator.ts";
export {
  evaluatePairedGenerator,
  type GeneratedImages,
  type PairedEvaluation,
  perceptualLayers,
} from "./evaluate-paired-generator.ts";
export { type MeasurementOrigin, measureAnew, measureOnce } from "./measure-once.ts";
export { addMetricProvenance, type TitledMetricResult, titleOfResults } from "./metric-provenance.ts";
export { addPictures, type PictureTitles, pictureRowsPng, toPixelImages } from "./pictures.ts";
export { recordMetricResults } from "./record-metric-results.ts";
export { targetBatches } from "./target-batches.ts";
export { type ComparedRun, type ComparisonPlan, trainMethods } from "./train-methods.ts";
