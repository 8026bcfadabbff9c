export { appendPlanes } from "./append-planes.ts";
export { type BatchNormOptions, createBatchNorm } from "./batch-norm.ts";
export { type BilinearAlignment, resizeBilinear, upsampleBilinear2x } from "./bilinear.ts";
export { type ClassBatchNormOptions, createClassBatchNorm } from "./class-batch-norm.ts";
export {
  assertClassCode,
  type ClassLatents,
  type ClassLatentsOptions,
  type ClassLogit,
  type ClassLogitOptions,
  createClassLatents,
  createClassLogit,
} from "./class-conditioning.ts";
export { type ClassDenseOptions, createClassDense } from "./class-dense.ts";
export { type ConditionalBatchNormOptions, createConditionalBatchNorm } from "./conditional-batch-norm.ts";
export type { ConditionalLayer } from "./conditional-layer.ts";
export { type Conv2dOptions, createConv2d } from "./conv2d.ts";
export { type Conv2dTransposeOptions, createConv2dTranspose } from "./conv2d-transpose.ts";
export {
  type ConvolutionGeometry,
  type ConvolutionPadding,
  convolve,
  convolveWithBias,
  type KernelGeometry,
} from "./convolution.ts";
export { convolveTranspose, convolveTransposeWithBias, type TransposedGeometry } from "./convolution-transpose.ts";
export { affineMap, createDense, type DenseOptions } from "./dense.ts";
export { convolveDepthwise, createDepthwiseConv2d, type DepthwiseConv2dOptions } from "./depthwise-conv2d.ts";
export { createDropout, type DropoutOptions, dropoutMask } from "./dropout.ts";
export { createEmbedding, type EmbeddingOptions } from "./embedding.ts";
export { createGroupNorm, type GroupNormOptions } from "./group-norm.ts";
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
export { createLayerNorm, type LayerNormOptions } from "./layer-norm.ts";
export { type LinearMap, linearOperator } from "./linear-operator.ts";
export { createMaxout, type MaxoutOptions, maximumOfPieces } from "./maxout.ts";
export {
  type Affine,
  type NormalizedBatch,
  normalizeBatch,
  normalizeInstance,
  normalizeLayer,
  normalizeWith,
} from "./normalization.ts";
export type { PerAxis } from "./options.ts";
export { packSamples } from "./pack-samples.ts";
export { type AxisPadding, type PaddingMode, padEdges, padReflect } from "./padding.ts";
export { type AveragePoolOptions, averagePool, globalAveragePool, type MaxPoolOptions, maxPool } from "./pooling.ts";
export { createResidual, type ResidualOptions } from "./residual.ts";
export {
  createPostActivationBlock,
  createPreActivationBlock,
  type PostActivationBlockOptions,
  type PreActivationBlockOptions,
  type ResidualBlockOptions,
} from "./residual-blocks.ts";
export { createFunctionLayer, createSequential, type NamedLayers } from "./sequential.ts";
export { createSpectralNorm, type SpectralNorm } from "./spectral-norm.ts";
export {
  fromTorchConvolution,
  fromTorchDense,
  fromTorchDepthwiseConvolution,
  fromTorchTransposedConvolution,
  type LaidOut,
} from "./torch-layouts.ts";
export { createTrunkHeads, type TrunkHeads, type TrunkHeadsOptions, type TrunkReading } from "./trunk-heads.ts";
