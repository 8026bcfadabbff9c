import { hyperbolicTangent, leakyRelu, type Network } from "@divgen/core-tensors";
import { normal, type RandomKey } from "@divgen/random";
import { computeGradients, createAdam } from "@divgen/training";
import {
  add,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dispose,
  matMul,
  mean,
  moments,
  neg,
  relu,
  reshape,
  type Scalar,
  softplus,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";

/** Size of the step that is timed. */
export interface DcganStepOptions {
  /** Images in a batch. */
  readonly batch: number;
  /** Divides all channel counts, to shorten the step on slow engines; 1 is the full network. */
  readonly channelDivisor: number;
  readonly key: RandomKey;
}

/** A training step that can be repeated. */
export interface DcganStep {
  /** One Adam step of the discriminator and one of the generator. @returns the two losses, read back. */
  run(): Promise<readonly [discriminator: number, generator: number]>;
  dispose(): void;
}

const latentSize = 100;

/**
 * The layer stack of DCGAN at 32 x 32, in plain tfjs operations: a generator of a dense layer to 4 x 4 x 512 and three
 * transposed convolutions (256, 128, 3), and a discriminator of four convolutions (64, 128, 256, 512) and a dense
 * layer; kernels 4 x 4, stride 2, batch normalization with batch statistics, Adam(2e-4, 0.5, 0.999).
 *
 * It measures an engine, not a model: images are noise, and nothing is meant to be learned.
 *
 * @see Radford, Metz and Chintala, "Unsupervised representation learning with DCGAN", ICLR 2016.
 */
export function createDcganStep({ batch, channelDivisor, key }: DcganStepOptions): DcganStep {
  const width = (channels: number): number => Math.max(1, Math.round(channels / channelDivisor));
  const generator = createWeights(key.split("generator"), {
    dense: [latentSize, 4 * 4 * width(512)],
    ...normalizationShapes({ start: width(512), deconvolution1: width(256), deconvolution2: width(128) }),
    deconvolution1: [4, 4, width(256), width(512)],
    deconvolution2: [4, 4, width(128), width(256)],
    deconvolution3: [4, 4, 3, width(128)],
  });
  const discriminator = createWeights(key.split("discriminator"), {
    convolution1: [4, 4, 3, width(64)],
    convolution2: [4, 4, width(64), width(128)],
    convolution3: [4, 4, width(128), width(256)],
    convolution4: [4, 4, width(256), width(512)],
    dense: [2 * 2 * width(512), 1],
    ...normalizationShapes({ convolution2: width(128), convolution3: width(256), convolution4: width(512) }),
  });
  const adam = { learningRate: 2e-4, firstMomentDecay: 0.5, secondMomentDecay: 0.999 };
  const generatorAdam = createAdam(adam);
  const discriminatorAdam = createAdam(adam);
  const latents = tensor(normal(key.split("latents"), batch * latentSize), [batch, latentSize]) as Tensor2D;
  const realImages = tensor(normal(key.split("images"), batch * 32 * 32 * 3), [batch, 32, 32, 3]) as Tensor4D;

  const generate = (): Tensor4D => {
    const weight = (name: string): Tensor => generator.parameters.get(name) as Tensor;
    const up = (x: Tensor4D, name: string, size: number, channels: number): Tensor4D =>
      conv2dTranspose(x, weight(name) as Tensor4D, [batch, size, size, channels], 2, "same");
    const start = reshape(matMul(latents, weight("dense") as Tensor2D), [batch, 4, 4, width(512)]) as Tensor4D;
    const x8 = up(relu(normalize(start, generator, "start")), "deconvolution1", 8, width(256));
    const x16 = up(relu(normalize(x8, generator, "deconvolution1")), "deconvolution2", 16, width(128));
    return hyperbolicTangent(
      up(relu(normalize(x16, generator, "deconvolution2")), "deconvolution3", 32, 3),
    ) as Tensor4D;
  };
  const judge = (images: Tensor4D): Tensor => {
    const weight = (name: string): Tensor => discriminator.parameters.get(name) as Tensor;
    let x = leakyRelu(conv2d(images, weight("convolution1") as Tensor4D, 2, "same"), 0.2) as Tensor4D;
    for (const name of ["convolution2", "convolution3", "convolution4"]) {
      const filtered = conv2d(x, weight(name) as Tensor4D, 2, "same");
      x = leakyRelu(normalize(filtered, discriminator, name), 0.2) as Tensor4D;
    }
    return matMul(reshape(x, [batch, -1]) as Tensor2D, weight("dense") as Tensor2D);
  };
  const update = (network: Network, optimizer: typeof generatorAdam, loss: () => Scalar): Scalar => {
    const { gradients, report } = computeGradients(network, () => {
      const total = loss();
      return { total, report: { total } };
    });
    optimizer.applyGradients(network.parameters, gradients);
    dispose([...gradients.values()]);
    return report["total"] as Scalar;
  };

  return {
    run: async () => {
      const fakeImages = tidy(generate);
      const discriminatorLoss = update(discriminator, discriminatorAdam, () =>
        add(mean(softplus(neg(judge(realImages)))), mean(softplus(judge(fakeImages)))),
      );
      const generatorLoss = update(generator, generatorAdam, () => mean(softplus(neg(judge(generate())))));
      const losses = [(await discriminatorLoss.data())[0]!, (await generatorLoss.data())[0]!] as const;
      dispose([fakeImages, discriminatorLoss, generatorLoss]);
      return losses;
    },
    dispose: () => {
      generator.dispose();
      discriminator.dispose();
      generatorAdam.dispose();
      discriminatorAdam.dispose();
      dispose([latents, realImages]);
    },
  };
}

function normalizationShapes(channels: Readonly<Record<string, number>>): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  for (const [name, count] of Object.entries(channels)) {
    shapes[`${name}/scale`] = [count];
    shapes[`${name}/offset`] = [count];
  }
  return shapes;
}

function normalize(x: Tensor4D, network: Network, name: string): Tensor4D {
  const { mean: center, variance } = moments(x, [0, 1, 2]);
  const vector = (kind: string): Tensor1D => network.parameters.get(`${name}/${kind}`) as Tensor as Tensor1D;
  return batchNorm(x, center as Tensor1D, variance as Tensor1D, vector("offset"), vector("scale"), 1e-5) as Tensor4D;
}

function createWeights(key: RandomKey, shapes: Readonly<Record<string, readonly number[]>>): Network {
  const parameters = new Map<string, Variable>();
  for (const [name, shape] of Object.entries(shapes)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const values = normal(key.split(name), size, {
      mean: name.endsWith("/scale") ? 1 : 0,
      standardDeviation: name.endsWith("/offset") ? 0 : 0.02,
    });
    parameters.set(
      name,
      tidy(() => variable(tensor(values, [...shape]))),
    );
  }
  return { parameters, buffers: new Map(), dispose: () => dispose([...parameters.values()]) };
}
