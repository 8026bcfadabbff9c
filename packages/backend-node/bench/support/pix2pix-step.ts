import {
  abs,
  add,
  concat,
  conv2d,
  conv2dTranspose,
  customGrad,
  dispose,
  type GradSaveFunc,
  mean,
  mul,
  neg,
  relu,
  rsqrt,
  type Scalar,
  softplus,
  square,
  sub,
  type Tensor,
  type Tensor4D,
  tanh,
  tensor,
  tidy,
  type Variable,
  variable,
  variableGrads,
} from "@tensorflow/tfjs-core";

/** A pix2pix step of plain tfjs operations, to be timed: U-Net with instance norm, 70 x 70 PatchGAN, Adam by the caller. */
export interface Pix2PixStep {
  readonly parameters: readonly Variable[];
  /** One discriminator and one generator update; returns the two losses. */
  run(): readonly [discriminator: number, generator: number];
  dispose(): void;
}

/** Updates variables with gradients in the same order; slots go by `network`. */
export type ApplyGradients = (network: string, variables: readonly Variable[], gradients: readonly Tensor[]) => void;

const leaky = (x: Tensor4D): Tensor4D => sub(relu(x), mul(0.2, relu(neg(x)))) as Tensor4D;

function wave(shape: readonly number[], frequency: number, amplitude: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => amplitude * Math.sin(index * frequency)),
    [...shape],
  );
}

function normalizeInstance(x: Tensor4D): Tensor4D {
  return customGrad((input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    const centered = sub(input as Tensor4D, mean(input as Tensor4D, [1, 2], true));
    const inverse = rsqrt(add(mean(square(centered), [1, 2], true), 1e-5));
    (save as GradSaveFunc)([centered, inverse]);
    return {
      value: mul(centered, inverse),
      gradFunc: (gradient: Tensor, saved: Tensor[]) => {
        const [c, r] = saved as [Tensor, Tensor];
        const slope = mul(square(r), mean(mul(gradient, c), [1, 2], true));
        return mul(sub(sub(gradient, mean(gradient, [1, 2], true)), mul(c, slope)), r);
      },
    };
  })(x) as Tensor4D;
}

/**
 * @param size - height and width, a power of two.
 * @param baseChannels - ngf and ndf.
 */
export function createPix2PixStep(size: number, baseChannels: number, apply: ApplyGradients): Pix2PixStep {
  const levels = Math.log2(size);
  const width = (level: number): number => baseChannels * Math.min(2 ** level, 8);
  let count = 0;
  const parameter = (...shape: number[]): Variable => {
    const amplitude = shape.length === 1 ? 0 : 0.03;
    return tidy(() => variable(wave(shape, 0.7 + 0.1 * count++, amplitude)));
  };
  const down = Array.from({ length: levels }, (_, i) => parameter(4, 4, i ? width(i - 1) : 3, width(i)));
  const downBias = down.map((_, i) => parameter(width(i)));
  const leaving = (i: number): number => (i ? width(i - 1) : 3);
  const up = Array.from({ length: levels }, (_, i) =>
    parameter(4, 4, leaving(i), (i === levels - 1 ? 1 : 2) * width(i)),
  );
  const upBias = up.map((_, i) => parameter(leaving(i)));
  const generatorParameters = [...down, ...downBias, ...up, ...upBias];

  const level = (h: Tensor4D, i: number): Tensor4D => {
    const [, height, columns] = h.shape;
    let d = add(conv2d(i ? leaky(h) : h, down[i] as never, 2, "same"), downBias[i]!) as Tensor4D;
    if (i > 0 && i < levels - 1) d = normalizeInstance(d);
    const inner = i === levels - 1 ? d : level(d, i + 1);
    const shape: [number, number, number, number] = [h.shape[0], height, columns, leaving(i)];
    const u = add(conv2dTranspose(relu(inner), up[i] as never, shape, 2, "same"), upBias[i]!) as Tensor4D;
    return i === 0 ? tanh(u) : (concat([normalizeInstance(u), h], 3) as Tensor4D);
  };

  const widths = [6, width(0), width(1), width(2), width(3), 1];
  const patch = widths.slice(1).map((out, i) => parameter(4, 4, widths[i]!, out));
  const patchBias = patch.map((_, i) => parameter(widths[i + 1]!));
  const discriminatorParameters = [...patch, ...patchBias];
  const judge = (image: Tensor4D): Tensor4D => {
    let h = concat([input, image], 3) as Tensor4D;
    for (let i = 0; i < patch.length; i++) {
      h = add(conv2d(h, patch[i] as never, i < 3 ? 2 : 1, 1), patchBias[i]!) as Tensor4D;
      if (i > 0 && i < patch.length - 1) h = normalizeInstance(h);
      if (i < patch.length - 1) h = leaky(h);
    }
    return h;
  };

  const input = wave([1, size, size, 3], 0.013, 1) as Tensor4D;
  const real = wave([1, size, size, 3], 0.021, 1) as Tensor4D;
  const update = (network: string, variables: Variable[], loss: () => Scalar): Scalar => {
    const { value, grads } = variableGrads(loss, variables);
    apply(
      network,
      variables,
      variables.map((v) => grads[v.name]!),
    );
    dispose(grads);
    return value;
  };
  return {
    parameters: [...generatorParameters, ...discriminatorParameters],
    run: () => {
      const fake = tidy(() => level(input, 0));
      const discriminatorLoss = update(
        "discriminator",
        discriminatorParameters,
        () => add(mean(softplus(neg(judge(real)))), mean(softplus(judge(fake)))) as Scalar,
      );
      fake.dispose();
      const generatorLoss = update("generator", generatorParameters, () => {
        const image = level(input, 0);
        return add(mean(softplus(neg(judge(image)))), mul(100, mean(abs(sub(image, real))))) as Scalar;
      });
      const losses = [discriminatorLoss.dataSync()[0]!, generatorLoss.dataSync()[0]!] as const;
      dispose([discriminatorLoss, generatorLoss]);
      return losses;
    },
    dispose: () => dispose([...generatorParameters, ...discriminatorParameters, input, real]),
  };
}
