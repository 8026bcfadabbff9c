import { assertShape, type FeatureExtractor } from "@divgen/core-tensors";
import { resizeBilinear } from "@divgen/layers";
import { div, mean, reshape, sub, type Tensor, type Tensor4D, tensor1d, tidy } from "@tensorflow/tfjs-core";
import type { EfficientNetSource } from "./efficientnet-names.ts";
import { type EfficientNetPlan, efficientNetB0Plan } from "./efficientnet-plan.ts";
import { frozenEfficientNetSteps } from "./frozen-efficientnet.ts";
import { assertKnownLayers } from "./layer-names.ts";
import type { NetworkWeights } from "./weight-lookup.ts";

/** Weights of an EfficientNet and whose names they bear. */
export interface EfficientNetOptions {
  readonly weights: NetworkWeights;
  readonly source: EfficientNetSource;
}

/** Layers made of the head map. */
const DERIVED = ["spatial-mean", "pooled"] as const;

/**
 * EfficientNet-B0 as a feature extractor, with weights of torchvision or timm.
 *
 * Preprocessing: bilinear resize to 224 x 224 (half-pixel centres, no antialiasing), then ImageNet's mean and deviation.
 * Layers: "stem", "stage1" to "stage7" and "head" are maps [batch, height, width, channels], head 7 x 7 x 1280;
 * "spatial-mean" is the mean of the head over its channels, [batch, 49] row by row, the features of the facades paper;
 * "pooled" its mean over the positions, [batch, 1280].
 *
 *     const extractor = createEfficientNetB0({ weights: readWeightFile(bytes), source: "torchvision" });
 *     const [features] = extractor.extract(images, ["spatial-mean"]);
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @see Tan and Le, "EfficientNet", ICML 2019; Suzuki et al., "Diversifying image synthesis using data classification",
 *   VISAPP 2022.
 */
export function createEfficientNetB0(options: EfficientNetOptions): FeatureExtractor {
  return createEfficientNet(efficientNetB0Plan, options);
}

/**
 * An EfficientNet of any plan as a feature extractor, with the layers that `createEfficientNetB0` names. Features do
 * not depend on the batch size, and gradients flow to the images.
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 */
export function createEfficientNet(plan: EfficientNetPlan, { weights, source }: EfficientNetOptions): FeatureExtractor {
  const steps = frozenEfficientNetSteps(plan, weights, source);
  const maps = steps.map(({ name }) => name).filter((name) => name !== "");
  const layers = [...maps, ...DERIVED];
  return {
    name: plan.name,
    weightHash: weights.sha256,
    resizeRule: `bilinear-${plan.inputSize}`,
    layers,
    extract: (images, wanted) => {
      assertShape(images, ["batch", "height", "width", 3], "images");
      assertKnownLayers(wanted, layers, plan.name);
      return tidy(() => {
        const values = new Map<string, Tensor>();
        let value = preprocess(images, plan);
        // Nothing runs beyond the deepest map that is asked for.
        const deepest = Math.max(...wanted.map((layer) => maps.indexOf(isDerived(layer) ? "head" : layer)), -1);
        for (const step of steps) {
          if (values.size > deepest) break;
          value = step.forward(value);
          if (step.name !== "") values.set(step.name, value);
        }
        return wanted.map((layer) => (isDerived(layer) ? derive(layer, value) : values.get(layer)!.clone()));
      });
    },
    dispose: () => {
      for (const step of steps) step.dispose();
    },
  };
}

function isDerived(layer: string): boolean {
  return (DERIVED as readonly string[]).includes(layer);
}

function derive(layer: string, head: Tensor4D): Tensor {
  const [batch, height, width] = head.shape;
  return layer === "pooled" ? mean(head, [1, 2]) : reshape(mean(head, 3), [batch, height * width]);
}

function preprocess(images: Tensor4D, { inputSize, normalization }: EfficientNetPlan): Tensor4D {
  const resized = resizeBilinear(images, [inputSize, inputSize]);
  if (normalization === null) return resized;
  return div(sub(resized, tensor1d([...normalization.mean])), tensor1d([...normalization.deviation]));
}
