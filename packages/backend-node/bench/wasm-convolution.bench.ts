import { conv2d, conv2dTranspose, dispose, engine, type Tensor, type Tensor4D } from "@tensorflow/tfjs-core";
import { bench, describe } from "vitest";
import { prepareEngines, values } from "../test/support/engine-parity.ts";
import { selectWasm } from "../test/support/select-wasm.ts";

prepareEngines();
await selectWasm();

describe.each([
  [8, 512, 512],
  [32, 256, 512],
  [128, 64, 128],
  [32, 16, 32],
] as const)("4 x 4 convolution with stride 2 on wasm: %i pixels, %i to %i channels", (size, channels, filters) => {
  const x = values([1, size, size, channels]) as Tensor4D;
  const filter = values([4, 4, channels, filters], 2) as Tensor4D;
  const y = conv2d(x, filter, 2, "same");
  const filterGradient = (): Tensor =>
    engine().runKernel("Conv2DBackpropFilter", { x, dy: y }, {
      strides: 2,
      pad: "same",
      dataFormat: "NHWC",
      filterShape: filter.shape,
    } as never) as Tensor;
  const options = { iterations: 10, time: 0, warmupIterations: 2, warmupTime: 0 };
  bench("forward", () => void dispose(conv2d(x, filter, 2, "same")), options);
  bench("input gradient", () => void dispose(conv2dTranspose(y, filter, x.shape, 2, "same")), options);
  bench("filter gradient", () => void dispose(filterGradient()), options);
});
