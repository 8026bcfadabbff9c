import { composeNetwork, type ForwardPass, type ImageBatch, type Network } from "@divgen/core-tensors";
import { digitConvolutions } from "@divgen/feature-extractors";
import { createBatchNorm, createConv2d, identityAffine, torchDefaultInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import type { ArrayWithShape } from "@divgen/weight-files";
import { relu, reshape, type Tensor2D, type Tensor4D, tidy, transpose } from "@tensorflow/tfjs-core";

/** The digit classifier while it is trained. */
export interface DigitNetwork extends Network {
  /**
   * @param images - [batch, 28, 28, 1], borrowed.
   * @returns [batch, 10], owned by the caller.
   */
  classify(images: ImageBatch, pass: ForwardPass): Tensor2D;
}

/** The network whose frozen form is `createDigitClassifier`. */
export function createDigitNetwork(key: RandomKey): DigitNetwork {
  const initializer = torchDefaultInitializer;
  const blocks = digitConvolutions.map(({ name, ...geometry }) => ({
    name,
    convolution: createConv2d(key.split(`convolution${name}`), {
      ...geometry,
      ...{ kernelSize: 3, padding: 1, bias: false, initializer },
    }),
    norm: createBatchNorm<Tensor4D>(key.split(`norm${name}`), {
      channels: geometry.outputChannels,
      affine: identityAffine,
    }),
  }));
  const scores = createConv2d(key.split("scores"), {
    ...{ inputChannels: 64, outputChannels: 10, kernelSize: 7, padding: "valid", initializer },
  });
  const parts = blocks.flatMap(({ name, convolution, norm }) => [
    [`convolution${name}`, convolution] as const,
    [`norm${name}`, norm] as const,
  ]);
  return {
    ...composeNetwork({ ...Object.fromEntries(parts), scores }),
    classify: (images, pass) =>
      tidy(() => {
        let map: Tensor4D = images;
        for (const { convolution, norm } of blocks) map = relu(norm.forward(convolution.forward(map, pass), pass));
        return reshape(scores.forward(map, pass), [images.shape[0], 10]) as Tensor2D;
      }),
  };
}

const NORM_NAMES: Readonly<Record<string, string>> = {
  scale: "weight",
  offset: "bias",
  runningMean: "running_mean",
  runningVariance: "running_var",
};

/** The network's weights under PyTorch's names and in its layouts: what `createDigitClassifier` reads. */
export async function exportWeights(network: Network): Promise<Map<string, ArrayWithShape<Float32Array<ArrayBuffer>>>> {
  const weights = new Map<string, ArrayWithShape<Float32Array<ArrayBuffer>>>();
  for (const [name, variable] of [...network.parameters, ...network.buffers]) {
    const [part, own] = name.split(".") as [string, string];
    const stored = tidy(() => (variable.rank === 4 ? transpose(variable, [3, 2, 0, 1]) : variable.clone()));
    const values = Float32Array.from(await stored.data());
    weights.set(`${part}.${NORM_NAMES[own] ?? own}`, { shape: stored.shape, values });
    stored.dispose();
  }
  return weights;
}
