import {
  assertShape,
  type ClassCondition,
  composeNetwork,
  type Generator,
  type Layer,
  type Network,
} from "@divgen/core-tensors";
import { assertClassCode, createClassBatchNorm, createClassDense, createDense, identityAffine } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { createHiddenLayer, type HiddenLayerOptions } from "./hidden-layer.ts";
import { assertCount } from "./options.ts";

/** Shape of a mixture of generators of points. */
export interface PointGeneratorMixtureOptions extends HiddenLayerOptions {
  /** Width of the noise. */
  readonly latentSize: number;
  /** Coordinates of a point; 2. */
  readonly pointSize: number;
  /** Generators, which share all but their first layer; 50 in the comparison with self-conditioned GANs. */
  readonly generatorCount: number;
  /** Hidden layers, the first one included. */
  readonly hiddenLayers: number;
}

/**
 * MGAN's mixture of generators of points: each has a first layer of its own, with a batch norm of its own; the others are
 * shared.
 *
 *   latents -> (dense, batch norm, ReLU) of the generator -> (dense, batch norm, ReLU) shared ... -> dense
 *
 * The condition's code says which generator makes each point. In training mode each generator that a batch asks needs two
 * points or more.
 *
 * @returns owned by the caller; parameters "own.weight" [generatorCount, latentSize, hiddenSize], "own.bias", "ownNorm.scale",
 *   "ownNorm.offset", then "hidden2.dense.weight", ..., "output.bias" as in `createPointGenerator`.
 * @throws RangeError for numbers that are no positive integers.
 * @see Hoang et al., "MGAN: training generative adversarial nets with multiple generators", ICLR 2018; qhoangdl/MGAN.
 */
export function createPointGeneratorMixture(
  key: RandomKey,
  options: PointGeneratorMixtureOptions,
): Generator<ClassCondition, Tensor2D> {
  const { latentSize, pointSize, generatorCount, hiddenLayers, hiddenSize, hiddenBias, initializer } = options;
  assertCount(pointSize, "pointSize");
  assertCount(hiddenLayers, "hiddenLayers");
  const own = createClassDense(key.split("own"), {
    ...{ inputSize: latentSize, outputSize: hiddenSize, classCount: generatorCount, bias: hiddenBias, initializer },
  });
  const ownNorm = createClassBatchNorm<Tensor2D>(key.split("own-norm"), {
    ...{ channels: hiddenSize, classCount: generatorCount, affine: identityAffine },
    momentum: options.batchNormMomentum,
  });
  const parts: Record<string, Network> = { own, ownNorm };
  const shared: Layer<Tensor2D>[] = [];
  for (let layer = 2; layer <= hiddenLayers; layer++) {
    const hidden = createHiddenLayer(key.split("hidden").fold(layer), hiddenSize, options);
    parts[`hidden${layer}`] = hidden;
    shared.push(hidden);
  }
  const output = createDense(key.split("output"), { inputSize: hiddenSize, outputSize: pointSize, initializer });
  return {
    ...composeNetwork({ ...parts, output }),
    latentSize,
    generate: (latents, condition, pass) => {
      assertShape(latents, ["batch", latentSize], "latents");
      assertClassCode(condition, latents.shape[0], generatorCount);
      return tidy(() => {
        const codes = condition.code!;
        const first = relu(ownNorm.forward(own.forward(latents, codes, pass), codes, pass));
        const last = shared.reduce((values, layer) => layer.forward(values, pass), first);
        return output.forward(last, pass);
      });
    },
  };
}
