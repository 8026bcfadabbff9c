import "./register-gradients.ts";

export { composeNetwork } from "./compose-network.ts";
export { DataError, type Dataset } from "./dataset.ts";
export type { FeatureExtractor } from "./feature-extractor.ts";
export {
  type AdamKernelAttributes,
  type FusedKernelName,
  fusedKernels,
  hasFusedKernel,
  type LabelSumsKernelAttributes,
  type MaxoutKernelAttributes,
  type NearestCentersKernelAttributes,
  type NormKernelAttributes,
  runFusedKernel,
  type ShiftRowsKernelAttributes,
  type WeightedSumKernelAttributes,
} from "./fused-kernels.ts";
export {
  asImageBatch,
  fromSignedRange,
  fromUint8,
  fromUnitRange,
  type ImageBatch,
  type ImageBatchShape,
  toUint8,
} from "./image-batch.ts";
export {
  computeInputGradients,
  type InputGradients,
  type JointGradient,
  withJointGradient,
} from "./joint-gradients.ts";
export { drawLatents, type Latents, oneHotCodes } from "./latents.ts";
export { leakyRelu } from "./leaky-relu.ts";
export {
  type ClassCondition,
  type Discriminator,
  type ForwardPass,
  type Generator,
  type Judgement,
  type Layer,
  type Network,
  parameterCount,
  type Trunk,
} from "./network.ts";
export { withDisposed } from "./ownership.ts";
export {
  drawSegmentNoise,
  type LabelMapShape,
  type LayoutCondition,
  oneHotLabels,
  paintSegmentNoise,
} from "./segment-noise.ts";
export { assertSameShape, assertShape, type ExpectedDimension, ShapeError } from "./shape-error.ts";
export {
  averagePool2x,
  exponential,
  hyperbolicTangent,
  logistic,
  swish,
  upsampleNearest2x,
} from "./twice-differentiable.ts";
export { weightedSum } from "./weighted-sum.ts";
