import {
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  engine,
  mul,
  setBackend,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectParity, prepareEngines, values } from "../../test/support/engine-parity.ts";

beforeAll(prepareEngines);

type Pair = [number, number];
type Padding = "same" | "valid" | number | [Pair, Pair, Pair, Pair];

interface Case {
  readonly batch: number;
  readonly size: Pair;
  readonly kernel: Pair;
  readonly channels: Pair;
  readonly stride: Pair;
  readonly pad: Padding;
}

const explicit: Padding = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];
const sizes: Pair[] = [
  [7, 9],
  [8, 8],
  [5, 6],
  [11, 5],
];
const kernels: Pair[] = [
  [3, 3],
  [4, 4],
  [1, 1],
  [2, 5],
  [3, 1],
];
const channelPairs: Pair[] = [
  [3, 5],
  [4, 8],
  [1, 1],
  [6, 13],
  [17, 3],
];
const strides: Pair[] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [1, 2],
];
const pads: Padding[] = ["same", "valid", 1, explicit];

/** Every stride with every padding and kernel; sizes, channels and batches take turns. */
const cases: Case[] = [];
for (const stride of strides) {
  for (const pad of pads) {
    for (const kernel of kernels) {
      const turn = cases.length;
      cases.push({
        batch: 1 + (turn % 3),
        size: sizes[turn % sizes.length]!,
        kernel,
        channels: channelPairs[(turn * 2) % channelPairs.length]!,
        stride,
        pad,
      });
    }
  }
}
const named = (prefix: string, c: Case): string => `${prefix} ${JSON.stringify(c)}`;
const imageOf = (c: Case): number[] => [c.batch, ...c.size, c.channels[0]];

describe("convolutions on wasm equal those on cpu", () => {
  test.each(strides)("Conv2D and its gradients, stride %i x %i", async (y, x) => {
    for (const c of cases.filter(({ stride }) => stride[0] === y && stride[1] === x)) {
      await expectParity(
        named("Conv2D", c),
        (image: Tensor4D, filter: Tensor4D) => conv2d(image, filter, c.stride, c.pad as "same"),
        () => [values(imageOf(c)), values([...c.kernel, ...c.channels], 2)],
      );
    }
  });

  test("many channels and pixels, so that the product runs over several blocks", async () => {
    const c: Case = { batch: 2, size: [9, 10], kernel: [3, 3], channels: [37, 41], stride: [1, 1], pad: "same" };
    await expectParity(
      named("Conv2D", c),
      (image: Tensor4D, filter: Tensor4D) => conv2d(image, filter, c.stride, "same"),
      () => [values(imageOf(c)), values([...c.kernel, ...c.channels], 2)],
    );
  });

  test("Conv2D with dilation", async () => {
    for (const dilation of [2, 3]) {
      for (const pad of ["same", "valid", 2] as const) {
        await expectParity(
          `Conv2D dilation ${dilation}, pad ${pad}`,
          (image: Tensor4D, filter: Tensor4D) => conv2d(image, filter, 1, pad, "NHWC", dilation),
          () => [values([2, 9, 8, 3]), values([3, 2, 3, 5], 2)],
          { gradients: false },
        );
      }
    }
  });

  test("Conv2DTranspose and its gradients", async () => {
    for (const [stride, pad, outHeight, outWidth] of [
      [2, "same", 10, 9],
      [2, "same", 9, 10],
      [1, "same", 5, 5],
      [2, "valid", 12, 12],
      [3, "same", 13, 14],
      [2, 1, 10, 10],
    ] as const) {
      for (const [inChannels, outChannels] of channelPairs) {
        const inHeight = pad === "valid" ? 5 : pad === 1 ? 5 : Math.ceil(outHeight / stride);
        const inWidth = pad === "valid" ? 5 : pad === 1 ? 5 : Math.ceil(outWidth / stride);
        await expectParity(
          `Conv2DBackpropInput stride ${stride}, pad ${pad}, ${inChannels} to ${outChannels} channels`,
          (image: Tensor4D, filter: Tensor4D) =>
            conv2dTranspose(image, filter, [2, outHeight, outWidth, outChannels], stride, pad),
          () => [values([2, inHeight, inWidth, inChannels]), values([4, 4, outChannels, inChannels], 2)],
        );
      }
    }
  });

  test("an image smaller than the kernel, and a single pixel", async () => {
    for (const [size, kernel, stride] of [
      [1, 4, 2],
      [2, 4, 2],
      [1, 3, 1],
      [2, 5, 3],
    ] as const) {
      await expectParity(
        `Conv2D ${size} pixels, kernel ${kernel}, stride ${stride}`,
        (image: Tensor4D, filter: Tensor4D) => conv2d(image, filter, stride, "same"),
        () => [values([1, size, size, 5]), values([kernel, kernel, 5, 9], 2)],
      );
    }
  });
});

describe("depthwise convolutions on wasm equal those on cpu", () => {
  test.each([1, 2, 3])("gradients with channel multiplier %i", async (multiplier) => {
    // For a kernel that is not square and a padding given as one number, tfjs gets the output's width wrong.
    const isSound = ({ kernel, pad }: Case): boolean => kernel[0] === kernel[1] || typeof pad !== "number";
    for (const c of cases.filter((c) => c.stride[0] === c.stride[1] && isSound(c))) {
      const channels = c.channels[0];
      await expectParity(
        named(`DepthwiseConv2dNative multiplier ${multiplier}`, c),
        (image: Tensor4D, filter: Tensor4D) => depthwiseConv2d(image, filter, c.stride, c.pad as "same"),
        () => [values(imageOf(c)), values([...c.kernel, channels, multiplier], 2)],
      );
    }
  });
});

describe("gradient kernels with dilation, which cpu ignores, are adjoint to the forward kernel", () => {
  test.each(["same", "valid"] as const)("pad %s", async (pad) => {
    await setBackend("wasm");
    const attributes = { strides: [1, 1], dilations: [2, 2], pad, dataFormat: "NHWC" };
    const run = (kernel: string, inputs: Record<string, Tensor>, more: object = {}): Tensor =>
      engine().runKernel(kernel, inputs as never, { ...attributes, ...more } as never) as Tensor;
    const inner = (a: Tensor, b: Tensor): number => sum(mul(a, b)).dataSync()[0]!;
    for (const [forward, toInput, toFilter] of [
      ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"],
      ["DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"],
    ] as const) {
      tidy(() => {
        const x = values([2, 9, 8, 5]);
        const filter = values([3, 2, 5, 2], 2);
        const y = run(forward, { x, filter });
        const dy = values(y.shape, 3);
        const expected = inner(y, dy);
        const dx = run(toInput, { dy, filter }, { inputShape: x.shape });
        const dw = run(toFilter, { x, dy }, { filterShape: filter.shape });
        expect(inner(dx, x), `${toInput} dilation 2, pad ${pad}`).toBeCloseTo(expected, 4);
        expect(inner(dw, filter), `${toFilter} dilation 2, pad ${pad}`).toBeCloseTo(expected, 4);
      });
    }
  });
});
