import type { EfficientNetBlock, EfficientNetPlan } from "./efficientnet-plan.ts";

/** Libraries whose names of EfficientNet's weights are known. */
export type EfficientNetSource = "torchvision" | "timm";

/** Prefixes of a convolution and of the batch normalisation after it. */
export interface ConvolutionNames {
  readonly convolution: string;
  readonly norm: string;
}

/** Prefixes of a block's weights. */
export interface BlockNames {
  readonly expand: ConvolutionNames;
  readonly depthwise: ConvolutionNames;
  readonly squeeze: string;
  readonly excite: string;
  readonly project: ConvolutionNames;
}

/** How a library names the weights of an EfficientNet. */
export interface EfficientNetNames {
  readonly stem: ConvolutionNames;
  block(block: EfficientNetBlock): BlockNames;
  readonly head: ConvolutionNames;
  /** Names that stand in a checkpoint and play no part in the features. */
  isIgnored(name: string): boolean;
}

const isCounterOrClassifier = (name: string): boolean =>
  name.endsWith(".num_batches_tracked") || name.startsWith("classifier.");

/** The names of a library's checkpoint. */
export function efficientNetNames(source: EfficientNetSource, plan: EfficientNetPlan): EfficientNetNames {
  return source === "torchvision" ? torchvisionNames(plan) : timmNames;
}

function torchvisionNames(plan: EfficientNetPlan): EfficientNetNames {
  const unit = (prefix: string): ConvolutionNames => ({ convolution: `${prefix}.0`, norm: `${prefix}.1` });
  return {
    stem: unit("features.0"),
    block: ({ stage, index, inputChannels, hiddenChannels }) => {
      const prefix = `features.${stage + 1}.${index}.block`;
      // Without widening there is no first convolution, and the others move up.
      const first = hiddenChannels === inputChannels ? 0 : 1;
      return {
        expand: unit(`${prefix}.0`),
        depthwise: unit(`${prefix}.${first}`),
        squeeze: `${prefix}.${first + 1}.fc1`,
        excite: `${prefix}.${first + 1}.fc2`,
        project: unit(`${prefix}.${first + 2}`),
      };
    },
    head: unit(`features.${plan.stages.length + 1}`),
    isIgnored: isCounterOrClassifier,
  };
}

const timmNames: EfficientNetNames = {
  stem: { convolution: "conv_stem", norm: "bn1" },
  block: ({ stage, index, inputChannels, hiddenChannels }) => {
    const prefix = `blocks.${stage}.${index}`;
    const unit = (convolution: string, norm: string): ConvolutionNames => ({
      convolution: `${prefix}.${convolution}`,
      norm: `${prefix}.${norm}`,
    });
    const isWidened = hiddenChannels !== inputChannels;
    return {
      expand: unit("conv_pw", "bn1"),
      depthwise: unit("conv_dw", isWidened ? "bn2" : "bn1"),
      squeeze: `${prefix}.se.conv_reduce`,
      excite: `${prefix}.se.conv_expand`,
      project: isWidened ? unit("conv_pwl", "bn3") : unit("conv_pw", "bn2"),
    };
  },
  head: { convolution: "conv_head", norm: "bn2" },
  isIgnored: isCounterOrClassifier,
};
