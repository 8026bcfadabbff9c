import type { Layer } from "@divgen/core-tensors";
import {
  createBatchNorm,
  createDense,
  createFunctionLayer,
  createSequential,
  identityAffine,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, type Tensor2D } from "@tensorflow/tfjs-core";

/** Shape of the hidden layers of a generator of points. */
export interface HiddenLayerOptions {
  /** Units of a hidden layer; 400. */
  readonly hiddenSize: number;
  /**
   * Biases before the batch norms, whose offsets make them superfluous: true in self-conditioned GAN's release (they
   * count as parameters), false in PacGAN's.
   */
  readonly hiddenBias: boolean;
  /** Share of the newest batch in the running statistics: 0.1 in PyTorch, 0.05 in PacGAN's release. */
  readonly batchNormMomentum: number;
  /** Of weights and biases: `torchDefaultInitializer` in self-conditioned GAN's release, `pacGanInitializer` in PacGAN's. */
  readonly initializer: WeightInitializer;
}

/** Dense, batch norm, ReLU. */
export function createHiddenLayer(key: RandomKey, inputSize: number, options: HiddenLayerOptions): Layer<Tensor2D> {
  const { hiddenSize, hiddenBias, batchNormMomentum, initializer } = options;
  return createSequential<Tensor2D>({
    dense: createDense(key.split("dense"), { inputSize, outputSize: hiddenSize, bias: hiddenBias, initializer }),
    norm: createBatchNorm<Tensor2D>(key.split("norm"), {
      channels: hiddenSize,
      momentum: batchNormMomentum,
      affine: identityAffine,
    }),
    activation: createFunctionLayer<Tensor2D>((values) => relu(values)),
  });
}
