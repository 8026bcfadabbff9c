export { type BatchNormOptions, createBatchNorm } from "./batch-norm.ts";
export { type Conv2dOptions, createConv2d } from "./conv2d.ts";
export { type Conv2dTransposeOptions, createConv2dTranspose } from "./conv2d-transpose.ts";
export { type ConvolutionGeometry, type ConvolutionPadding, convolve, convolveWithBias } from "./convolution.ts";
export { convolveTranspose, convolveTransposeWithBias, type TransposedGeometry } from "./convolution-transpose.ts";
export { affineMap, createDense, type DenseOptions } from "./dense.ts";
export { createDropout, type DropoutOptions, dropoutMask } from "./dropout.ts";
export {
  type AffineInitializer,
  constantInitializer,
  type Fans,
  type Initializer,
  identityAffine,
  type KaimingOptions,
  kaimingNormalInitializer,
  kaimingUniformInitializer,
  normalInitializer,
  orthogonalInitializer,
  torchDefaultInitializer,
  truncatedNormalInitializer,
  uniformInitializer,
  type WeightInitializer,
  xavierNormalInitializer,
  xavierUniformInitializer,
} from "./initializers.ts";
export { createInstanceNorm, type InstanceNormOptions } from "./instance-norm.ts";
export {
  type Affine,
  type NormalizedBatch,
  normalizeBatch,
  normalizeInstance,
  normalizeLayer,
  normalizeWith,
} from "./normalization.ts";
export type { PerAxis } from "./options.ts";
export { type AxisPadding, type PaddingMode, padEdges, padReflect } from "./padding.ts";
export { createFunctionLayer, createSequential, type NamedLayers } from "./sequential.ts";
