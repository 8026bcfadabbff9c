import type { FeatureExtractor } from "@divgen/core-tensors";
import { affineMap, resizeBilinear } from "@divgen/layers";
import {
  div,
  mean,
  mul,
  type Rank,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";
import { frozen } from "./frozen-convolution.ts";
import { buildSteps, maxPoolPart } from "./frozen-parts.ts";
import {
  type BranchPooling,
  basicConvolution,
  inceptionA,
  inceptionB,
  inceptionC,
  inceptionD,
  inceptionE,
} from "./inception-blocks.ts";
import { createStepExtractor, meanOverPositions, type NamedStep } from "./step-extractor.ts";
import { resizeLikeTensorFlow1 } from "./tensorflow1-resize.ts";
import { lookUpWeights, type NetworkWeights, type WeightLookup } from "./weight-lookup.ts";

/** Which Inception-V3, and how images are brought to it. */
export interface InceptionV3Options {
  /** With torchvision's names, as pytorch-fid's and torch-fidelity's files have them too. */
  readonly weights: NetworkWeights;
  /**
   * "fid": the network of 2015-12-05 behind FID and the Inception score (1008 logits; average pools without padding, a
   * max pool in the last block). "torchvision": 1000 logits.
   */
  readonly variant: "fid" | "torchvision";
  /**
   * "half-pixel": bilinear with half-pixel centres, values in [-1, 1], as pytorch-fid and torchvision have it.
   * "tensorflow1": TensorFlow 1's corner rule and (x - 128) / 128 on bytes, as the original graph and torch-fidelity.
   * Numbers made with one are not comparable with those of the other.
   */
  readonly resize: "half-pixel" | "tensorflow1";
}

const SIZE = 299;

/**
 * Inception-V3 as a feature extractor.
 *
 * Layers: maps "pool1" (64 channels), "pool2" (192), "mixed5d" (288), "mixed6e" (768), "mixed7c" (2048), and vectors
 * "pooled" [batch, 2048], which FID reads, "logits" and "logits-unbiased" [batch, 1008 or 1000] (softmax of the former is
 * the Inception score's distribution in pytorch code, of the latter in torch-fidelity's and the original's).
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @see Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016; Heusel et al. 2017.
 */
export function createInceptionV3({ weights, variant, resize }: InceptionV3Options): FeatureExtractor {
  const lookup = lookUpWeights(weights, `Inception-V3 (${variant})`);
  const classes = variant === "fid" ? 1008 : 1000;
  const kernel = lookup.take("fc.weight", [classes, 2048]);
  const offsets = lookup.take("fc.bias", [classes]);
  const steps = inceptionSteps(lookup, variant);
  const classifier = frozen<Rank.R2>(kernel, [classes, 2048]);
  const bias = frozen<Rank.R1>(offsets, [classes]);
  const logits = (map: Tensor4D, offset: Tensor1D | null): Tensor =>
    tidy(() => affineMap(mean(map, [1, 2]), transpose(classifier as Tensor2D), offset));
  const extractor = createStepExtractor({
    name: variant === "fid" ? "inception-v3-fid" : "inception-v3-torchvision",
    weightHash: weights.sha256,
    resizeRule: resize === "half-pixel" ? `bilinear-${SIZE}` : `tensorflow1-bilinear-${SIZE}`,
    preprocess: (images) => {
      if (resize === "half-pixel") return resizeBilinear(images, [SIZE, SIZE]);
      // Bytes are 127.5 (x + 1).
      return div(sub(mul(resizeLikeTensorFlow1(images, SIZE), 127.5), 0.5), 128);
    },
    steps,
    derived: {
      pooled: { from: "mixed7c", compute: meanOverPositions },
      logits: { from: "mixed7c", compute: (map) => logits(map, bias as Tensor1D) },
      "logits-unbiased": { from: "mixed7c", compute: (map) => logits(map, null) },
    },
  });
  return {
    ...extractor,
    dispose: () => {
      extractor.dispose();
      classifier.dispose();
      bias.dispose();
    },
  };
}

function inceptionSteps(lookup: WeightLookup, variant: InceptionV3Options["variant"]): NamedStep[] {
  const pooling: BranchPooling = variant === "fid" ? "average-without-padding" : "average";
  const convolution = (name: string, from: number, to: number, kernelSize: number, stride: number, padding: number) =>
    basicConvolution(lookup, name, from, to, { kernelSize, stride, padding });
  return buildSteps((add) => {
    add("", convolution("Conv2d_1a_3x3", 3, 32, 3, 2, 0));
    add("", convolution("Conv2d_2a_3x3", 32, 32, 3, 1, 0));
    add("", convolution("Conv2d_2b_3x3", 32, 64, 3, 1, 1));
    add("pool1", maxPoolPart({ size: 3, stride: 2 }));
    add("", convolution("Conv2d_3b_1x1", 64, 80, 1, 1, 0));
    add("", convolution("Conv2d_4a_3x3", 80, 192, 3, 1, 0));
    add("pool2", maxPoolPart({ size: 3, stride: 2 }));
    add("", inceptionA(lookup, "Mixed_5b", 192, 32, pooling));
    add("", inceptionA(lookup, "Mixed_5c", 256, 64, pooling));
    add("mixed5d", inceptionA(lookup, "Mixed_5d", 288, 64, pooling));
    add("", inceptionB(lookup, "Mixed_6a", 288));
    add("", inceptionC(lookup, "Mixed_6b", 768, 128, pooling));
    add("", inceptionC(lookup, "Mixed_6c", 768, 160, pooling));
    add("", inceptionC(lookup, "Mixed_6d", 768, 160, pooling));
    add("mixed6e", inceptionC(lookup, "Mixed_6e", 768, 192, pooling));
    add("", inceptionD(lookup, "Mixed_7a", 768));
    add("", inceptionE(lookup, "Mixed_7b", 1280, pooling));
    add("mixed7c", inceptionE(lookup, "Mixed_7c", 2048, variant === "fid" ? "max" : "average"));
    lookup.finish((name) => name.startsWith("AuxLogits.") || name.endsWith(".num_batches_tracked"));
  });
}
