import { assertShape, composeNetwork, type ForwardPass, type Layer } from "@divgen/core-tensors";
import {
  constantInitializer,
  createBatchNorm,
  createConv2d,
  createDepthwiseConv2d,
  identityAffine,
  kaimingNormalInitializer,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { add, mean, mul, reshape, sigmoid, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import {
  type EfficientNetBlock,
  type EfficientNetPlan,
  efficientNetBlocks,
  lastStageChannels,
} from "./efficientnet-plan.ts";
import { swishActivation } from "./swish-activation.ts";

/** Kaiming normal by fan out, as torchvision starts its EfficientNets; biases 0. */
const initializer: WeightInitializer = {
  weight: kaimingNormalInitializer({ mode: "fan-out", negativeSlope: 0 }),
  bias: constantInitializer(0),
};

/**
 * An EfficientNet that can be trained, up to its head map: batch normalisation as layers of its own, batch statistics
 * in training mode.
 *
 * Parameters and buffers bear torchvision's module names ("features.1.0.block.0.0.weight"), with this toolkit's names
 * of a layer's own variables and its layouts; `torchvisionWeights` exports them.
 *
 * Deviation: no stochastic depth and no dropout, which the published networks are trained with.
 *
 * @param plan - any input size that the strides reduce to at least one pixel; normalisation is the caller's.
 * @returns a layer from [batch, height, width, 3] to [batch, height / s, width / s, headChannels]; owned by the caller.
 */
export function createTrainableEfficientNet(key: RandomKey, plan: EfficientNetPlan): Layer<Tensor4D> {
  const { stemChannels, headChannels, stages, batchNormEpsilon: epsilon } = plan;
  const stem = createUnit(key.split("stem"), 3, stemChannels, 3, 2, epsilon, true);
  const blocks = efficientNetBlocks(plan).map((block) => {
    const name = `features.${block.stage + 1}.${block.index}`;
    return { name, layer: createBlock(key.split(name), block, epsilon) };
  });
  const head = createUnit(key.split("head"), lastStageChannels(plan), headChannels, 1, 1, epsilon, true);
  return {
    ...composeNetwork({
      "features.0": stem,
      ...Object.fromEntries(blocks.map(({ name, layer }) => [name, layer])),
      [`features.${stages.length + 1}`]: head,
    }),
    forward: (input, pass) => {
      assertShape(input, ["batch", "height", "width", 3], "input");
      return tidy(() => {
        let value = stem.forward(input, pass);
        for (const { layer } of blocks) value = layer.forward(value, pass);
        return head.forward(value, pass);
      });
    },
  };
}

/** Convolution, batch normalisation and, if asked, swish. */
function createUnit(
  key: RandomKey,
  inputChannels: number,
  outputChannels: number,
  kernelSize: number,
  stride: number,
  epsilon: number,
  isActive: boolean,
): Layer<Tensor4D> {
  const padding = (kernelSize - 1) / 2;
  const options = { inputChannels, outputChannels, kernelSize, stride, padding, bias: false, initializer };
  const convolution = createConv2d(key.split("convolution"), options);
  return withNorm(key, convolution, outputChannels, epsilon, isActive);
}

function withNorm(
  key: RandomKey,
  convolution: Layer<Tensor4D>,
  channels: number,
  epsilon: number,
  isActive: boolean,
): Layer<Tensor4D> {
  const norm = createBatchNorm(key.split("norm"), { channels, affine: identityAffine, epsilon });
  return {
    ...composeNetwork({ "0": convolution, "1": norm }),
    forward: (input, pass) =>
      tidy(() => {
        const normalized = norm.forward(convolution.forward(input, pass), pass);
        return isActive ? swishActivation(normalized) : normalized;
      }),
  };
}

/** Squeeze and excitation: channels scaled by a gate that reads their means. */
function createGate(key: RandomKey, channels: number, squeezeChannels: number): Layer<Tensor4D> {
  const unit = { kernelSize: 1, padding: 0, initializer };
  const reduce = createConv2d(key.split("reduce"), {
    ...unit,
    inputChannels: channels,
    outputChannels: squeezeChannels,
  });
  const expand = createConv2d(key.split("expand"), {
    ...unit,
    inputChannels: squeezeChannels,
    outputChannels: channels,
  });
  return {
    ...composeNetwork({ fc1: reduce, fc2: expand }),
    forward: (input, pass) =>
      tidy(() => {
        const means = reshape(mean(input, [1, 2]), [input.shape[0], 1, 1, channels]) as Tensor4D;
        const gate = sigmoid(expand.forward(swishActivation(reduce.forward(means, pass)), pass));
        return mul(input, gate) as Tensor4D;
      }),
  };
}

function createBlock(key: RandomKey, block: EfficientNetBlock, epsilon: number): Layer<Tensor4D> {
  const { inputChannels, hiddenChannels, outputChannels, kernelSize, stride, squeezeChannels } = block;
  const steps: Layer<Tensor4D>[] = [];
  if (hiddenChannels !== inputChannels) {
    steps.push(createUnit(key.split("expand"), inputChannels, hiddenChannels, 1, 1, epsilon, true));
  }
  const depthwise = createDepthwiseConv2d(key.split("depthwise"), {
    channels: hiddenChannels,
    kernelSize,
    stride,
    padding: (kernelSize - 1) / 2,
    bias: false,
    initializer,
  });
  steps.push(withNorm(key.split("depthwise"), depthwise, hiddenChannels, epsilon, true));
  steps.push(createGate(key.split("gate"), hiddenChannels, squeezeChannels));
  steps.push(createUnit(key.split("project"), hiddenChannels, outputChannels, 1, 1, epsilon, false));
  const isResidual = stride === 1 && inputChannels === outputChannels;
  return {
    ...composeNetwork(Object.fromEntries(steps.map((step, index) => [`block.${index}`, step]))),
    forward: (input, pass: ForwardPass) =>
      tidy(() => {
        const output = steps.reduce((value, step) => step.forward(value, pass), input);
        return isResidual ? (add(output, input) as Tensor4D) : output;
      }),
  };
}
