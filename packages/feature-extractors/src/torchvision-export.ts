import type { Network } from "@divgen/core-tensors";
import type { ArrayWithShape } from "@divgen/weight-files";
import { type Tensor, tidy, transpose } from "@tensorflow/tfjs-core";

/** This toolkit's names of a normalisation's variables, and PyTorch's. */
const NORM_NAMES: readonly (readonly [string, string])[] = [
  [".scale", ".weight"],
  [".offset", ".bias"],
  [".runningMean", ".running_mean"],
  [".runningVariance", ".running_var"],
];

/**
 * The weights of a trainable EfficientNet under torchvision's names and in PyTorch's layouts, so that the published
 * file loads in both worlds.
 *
 * @param network - of `createTrainableEfficientNet`; borrowed.
 */
export async function torchvisionWeights(
  network: Network,
): Promise<Map<string, ArrayWithShape<Float32Array<ArrayBuffer>>>> {
  const weights = new Map<string, ArrayWithShape<Float32Array<ArrayBuffer>>>();
  for (const [name, variable] of [...network.parameters, ...network.buffers]) {
    const stored = tidy(() => torchLayout(name, variable));
    weights.set(torchName(name), { shape: stored.shape, values: Float32Array.from(await stored.data()) });
    stored.dispose();
  }
  return weights;
}

function torchName(name: string): string {
  for (const [ours, theirs] of NORM_NAMES) {
    if (name.endsWith(ours)) return name.slice(0, -ours.length) + theirs;
  }
  return name;
}

function torchLayout(name: string, variable: Tensor): Tensor {
  if (variable.rank !== 4) return variable.clone();
  // Depthwise kernels are [height, width, channels, 1] here and [channels, 1, height, width] there.
  const isDepthwise = name.includes(".block.") && variable.shape[0]! > 1;
  return transpose(variable, isDepthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]);
}
