import { engine, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { bench, describe } from "vitest";
import { type ConvolutionAttributes, convolutionShape } from "../src/fused/convolution-geometry.ts";
import { convolve, filterGradient, inputGradient } from "../src/fused/convolution-kernels.ts";
import { nativeOperations } from "../src/fused/native-operations.ts";
import type { OwnKernels } from "../src/fused/own-kernels.ts";
import { noise } from "../test/support/both-engines.ts";
import { startNativeEngine } from "../test/support/native-engine.ts";

// oneDNN's direct convolutions beside minimal filtering, on as many threads as the environment gives both.
if (!(await startNativeEngine())) throw new Error("the native engine is missing: divgen engine install");
const ops = nativeOperations(engine().backend);
const own = ops.ownKernels;
if (own?.filteredConvolution === undefined) throw new Error("this processor has no kernels for minimal filtering");
own.threads(Number(process.env["OMP_NUM_THREADS"] ?? 2));
const withoutFiltering: OwnKernels = { ...own };
delete withoutFiltering.filteredConvolution;

const tensorOf = (shape: number[], phase: number): Tensor => {
  const { values } = noise(shape, phase);
  return tensor(values, shape);
};

describe.each([
  { of: "DCGAN, discriminator", input: [64, 16, 16, 64], filter: [4, 4, 64, 128], stride: 2 },
  { of: "DCGAN, generator", input: [64, 8, 8, 256], filter: [4, 4, 256, 512], stride: 2 },
  { of: "DCGAN, generator", input: [64, 32, 32, 64], filter: [4, 4, 64, 128], stride: 2 },
  { of: "deep DCGAN", input: [64, 16, 16, 128], filter: [3, 3, 128, 128], stride: 1 },
  { of: "deep DCGAN", input: [64, 4, 4, 512], filter: [3, 3, 512, 512], stride: 1 },
  { of: "U-Net 256", input: [1, 128, 128, 64], filter: [4, 4, 64, 128], stride: 2 },
  { of: "PatchGAN 256", input: [1, 32, 32, 256], filter: [4, 4, 256, 512], stride: 1 },
])("$of: $input by $filter, stride $stride", ({ input, filter, stride }) => {
  const attributes: ConvolutionAttributes = { strides: stride, pad: "same", dataFormat: "NHWC" };
  const shape = convolutionShape(input, filter, attributes);
  const { batch, outHeight, outWidth, outChannels } = shape;
  const [x, w, dy] = [tensorOf(input, 1), tensorOf(filter, 2), tensorOf([batch, outHeight, outWidth, outChannels], 3)];
  const options = { iterations: 10, time: 0, warmupIterations: 2, warmupTime: 0 };
  const compare = (name: string, run: () => Tensor) => {
    for (const [how, kernels] of [
      ["direct", withoutFiltering],
      ["filtered", own],
    ] as const) {
      const setup = () => {
        ops.ownKernels = kernels;
      };
      bench(`${name}, ${how}`, () => run().dispose(), { ...options, setup });
    }
  };
  compare("forward", () => convolve(ops, x, w, shape));
  compare("input gradient", () => inputGradient(ops, dy, w, shape));
  compare("filter gradient", () => filterGradient(ops, x, dy, shape));
});
