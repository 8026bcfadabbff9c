import { add, mean, mul, reshape, sigmoid, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { type ConvolutionNames, type EfficientNetSource, efficientNetNames } from "./efficientnet-names.ts";
import {
  type EfficientNetBlock,
  type EfficientNetPlan,
  efficientNetBlocks,
  lastStageChannels,
} from "./efficientnet-plan.ts";
import { createFrozenConvolution, type FrozenConvolution } from "./frozen-convolution.ts";
import type { FrozenPart, NamedStep } from "./step-extractor.ts";
import { swishActivation } from "./swish-activation.ts";
import { lookUpWeights, type NetworkWeights, type WeightLookup } from "./weight-lookup.ts";

/**
 * The steps of an EfficientNet at inference, with batch normalisation folded into the convolutions.
 *
 * @returns in the order they run; owned by the caller.
 * @throws WeightMismatchError if the weights are not those of the plan.
 */
export function frozenEfficientNetSteps(
  plan: EfficientNetPlan,
  weights: NetworkWeights,
  source: EfficientNetSource,
): NamedStep[] {
  const lookup = lookUpWeights(weights, `${plan.name} (names of ${source})`);
  const names = efficientNetNames(source, plan);
  const epsilon = plan.batchNormEpsilon;
  const steps: NamedStep[] = [];
  try {
    const stem = convolution(lookup, names.stem, epsilon, 3, plan.stemChannels, 3, 2);
    steps.push({ name: "stem", ...activated(stem) });
    const blocks = efficientNetBlocks(plan);
    for (const [index, block] of blocks.entries()) {
      const isLastOfStage = blocks[index + 1]?.stage !== block.stage;
      const part = createBlock(lookup, names.block(block), block, epsilon);
      steps.push({ name: isLastOfStage ? `stage${block.stage + 1}` : "", ...part });
    }
    const head = convolution(lookup, names.head, epsilon, lastStageChannels(plan), plan.headChannels, 1, 1);
    steps.push({ name: "head", ...activated(head) });
    lookup.finish(names.isIgnored);
  } catch (error) {
    for (const step of steps) step.dispose();
    throw error;
  }
  return steps;
}

function convolution(
  lookup: WeightLookup,
  names: ConvolutionNames,
  epsilon: number,
  inputChannels: number,
  outputChannels: number,
  kernelSize: number,
  stride: number,
  isDepthwise = false,
): FrozenConvolution {
  return createFrozenConvolution(lookup, {
    name: names.convolution,
    norm: { name: names.norm, epsilon },
    inputChannels,
    outputChannels,
    kernelSize,
    stride,
    padding: (kernelSize - 1) / 2,
    isDepthwise,
  });
}

function activated(part: FrozenConvolution): FrozenPart {
  return { forward: (input) => tidy(() => swishActivation(part.apply(input))), dispose: part.dispose };
}

function createBlock(
  lookup: WeightLookup,
  names: ReturnType<ReturnType<typeof efficientNetNames>["block"]>,
  block: EfficientNetBlock,
  epsilon: number,
): FrozenPart {
  const { inputChannels, hiddenChannels, outputChannels, squeezeChannels, kernelSize, stride } = block;
  const expand =
    hiddenChannels === inputChannels
      ? null
      : convolution(lookup, names.expand, epsilon, inputChannels, hiddenChannels, 1, 1);
  const depthwise = convolution(
    lookup,
    names.depthwise,
    epsilon,
    hiddenChannels,
    hiddenChannels,
    kernelSize,
    stride,
    true,
  );
  const gate = (name: string, from: number, to: number) =>
    createFrozenConvolution(lookup, { name, inputChannels: from, outputChannels: to, kernelSize: 1, padding: 0 });
  const squeeze = gate(names.squeeze, hiddenChannels, squeezeChannels);
  const excite = gate(names.excite, squeezeChannels, hiddenChannels);
  const project = convolution(lookup, names.project, epsilon, hiddenChannels, outputChannels, 1, 1);
  const isResidual = stride === 1 && inputChannels === outputChannels;
  return {
    forward: (input) =>
      tidy(() => {
        const widened = expand === null ? input : swishActivation(expand.apply(input));
        const hidden = swishActivation(depthwise.apply(widened));
        const means = reshape(mean(hidden, [1, 2]), [-1, 1, 1, hiddenChannels]) as Tensor4D;
        const weights = sigmoid(excite.apply(swishActivation(squeeze.apply(means))));
        const output = project.apply(mul(hidden, weights));
        return isResidual ? add(output, input) : output;
      }),
    dispose: () => {
      for (const part of [expand, depthwise, squeeze, excite, project]) part?.dispose();
    },
  };
}
