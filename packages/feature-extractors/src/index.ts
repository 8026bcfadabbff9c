export { createAlexNet, type ImageNetNetworkOptions } from "./alexnet.ts";
export { type AveragedOver, createAveragedFeatures } from "./averaged-features.ts";
export { createDigitClassifier, DIGIT_SIZE, type DigitConvolution, digitConvolutions } from "./digit-classifier.ts";
export { createDiscriminatorFeatures, type DiscriminatorFeaturesOptions } from "./discriminator-features.ts";
export { createEfficientNet, createEfficientNetB0, type EfficientNetOptions } from "./efficientnet-extractor.ts";
export type { EfficientNetSource } from "./efficientnet-names.ts";
export {
  type EfficientNetPlan,
  type EfficientNetStage,
  efficientNetB0Plan,
  tinyEfficientNetPlan,
} from "./efficientnet-plan.ts";
export { type ImageNormalization, imageNetNormalization } from "./image-normalization.ts";
export { createInceptionV3, type InceptionV3Options } from "./inception-v3.ts";
export { createLpips, type ImageDistance, type LpipsOptions, type LpipsTrunk } from "./lpips.ts";
export { createMobileNetV1, type MobileNetV1Options } from "./mobilenet-v1.ts";
export { perceptualDistances, perceptualImageDistances } from "./perceptual-distance.ts";
export { createPixelFeatures, type PixelFeaturesOptions } from "./pixel-features.ts";
export { createRandomProjection, type RandomProjectionOptions } from "./random-projection.ts";
export { createSqueezeNet } from "./squeezenet.ts";
export {
  loadTfjsExtractor,
  type ModelTap,
  type TfjsExtractorOptions,
  type TfjsModelFiles,
} from "./tfjs-model-extractor.ts";
export { createTinyEfficientNet } from "./tiny-efficientnet.ts";
export { torchvisionWeights } from "./torchvision-export.ts";
export { createTrainableEfficientNet } from "./trainable-efficientnet.ts";
export { createVgg, type VggOptions } from "./vgg.ts";
export { type NetworkWeights, WeightMismatchError } from "./weight-lookup.ts";
