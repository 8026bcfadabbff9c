import { asImageBatch, fromSignedRange } from "@divgen/core-tensors";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { sha256 } from "@divgen/weight-files";
import { dispose, grad, sum, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { loadTfjsExtractor, type TfjsExtractorOptions, type TfjsModelFiles } from "./index.ts";

useReferenceBackend();
leakCheck();

// A 1 x 1 convolution with two outputs and a ReLU, as each kind of model writes it.
const kernel = Float32Array.of(1, -1, 2, 0, 0.5, 1);
const bytes = new Uint8Array(kernel.buffer);
const specs = (name: string) => [{ paths: ["w.bin"], weights: [{ name, shape: [1, 1, 3, 2], dtype: "float32" }] }];

const layersModel = {
  format: "layers-model",
  modelTopology: {
    model_config: {
      class_name: "Sequential",
      config: {
        name: "sequential",
        layers: [
          {
            class_name: "Conv2D",
            config: {
              name: "convolution",
              filters: 2,
              kernel_size: [1, 1],
              strides: [1, 1],
              use_bias: false,
              batch_input_shape: [null, null, null, 3],
              dtype: "float32",
            },
          },
          { class_name: "ReLU", config: { name: "rectified" } },
        ],
      },
    },
  },
  weightsManifest: specs("convolution/kernel"),
};

const attribute = {
  float: { type: "DT_FLOAT" },
  image: { shape: { dim: [{ size: "-1" }, { size: "-1" }, { size: "-1" }, { size: "3" }] } },
  kernel: { shape: { dim: [{ size: "1" }, { size: "1" }, { size: "3" }, { size: "2" }] } },
};
const graphModel = {
  format: "graph-model",
  modelTopology: {
    node: [
      { name: "image", op: "Placeholder", attr: { dtype: attribute.float, shape: attribute.image } },
      {
        name: "weight",
        op: "Const",
        attr: { dtype: attribute.float, value: { tensor: { dtype: "DT_FLOAT", tensorShape: attribute.kernel.shape } } },
      },
      {
        name: "convolution",
        op: "Conv2D",
        input: ["image", "weight"],
        attr: {
          T: attribute.float,
          strides: { list: { i: ["1", "1", "1", "1"] } },
          padding: { s: Buffer.from("VALID").toString("base64") },
          data_format: { s: Buffer.from("NHWC").toString("base64") },
          dilations: { list: { i: ["1", "1", "1", "1"] } },
        },
      },
      { name: "rectified", op: "Relu", input: ["convolution"], attr: { T: attribute.float } },
    ],
    versions: { producer: 1 },
  },
  weightsManifest: specs("weight"),
};

const options = (modelJson: unknown, shards = new Map([["w.bin", bytes]])): TfjsExtractorOptions => ({
  name: "one",
  model: { modelJson, shards } satisfies TfjsModelFiles,
  normalization: { size: null, channels: { mean: [0, 0, 1], deviation: [1, 1, 2] }, order: "bgr" },
  layers: {
    convolution: { node: "convolution" },
    rectified: { node: "rectified", reduce: "mean-over-positions" },
    places: { node: "convolution", reduce: "mean-over-channels" },
  },
});

describe.each([
  ["layers", layersModel],
  ["graph", graphModel],
])("a %s model", (_, modelJson) => {
  test("gives the values of its taps, normalised in the order of its channels", async () => {
    const extractor = await loadTfjsExtractor(options(modelJson));
    const images = fromSignedRange(Float32Array.of(0.5, 0.25, -1, 1, 0, 0.5), {
      batch: 1,
      height: 1,
      width: 2,
      channels: 3,
    });
    const results = extractor.extract(images, ["convolution", "rectified", "places"]) as [Tensor, Tensor, Tensor];
    // bgr, then (red - 1) / 2: [-1, 0.25, -0.25] and [0.5, 0, 0].
    const expected = [-1 + 0.5 - 0.125, 1 - 0.25, 0.5, -0.5];
    expectClose(results[0], expected, { relative: 1e-6 });
    expectClose(results[1], [0.25, 0.375], { relative: 1e-6 });
    expectClose(results[2], [(expected[0]! + expected[1]!) / 2, 0], { relative: 1e-6, absolute: 1e-7 });
    expect(extractor.weightHash).toBe(sha256(bytes));
    const gradient = tidy(() =>
      grad((x: Tensor) => sum(extractor.extract(asImageBatch(x as Tensor4D), ["convolution"])[0]!))(images),
    );
    expectClose(gradient, [0.75, 2, 0, 0.75, 2, 0], { relative: 1e-6 });
    dispose([images, results, gradient]);
    extractor.dispose();
  });
  test("names taps that it lacks and shards that are missing", async () => {
    const wrong = { ...options(modelJson), layers: { top: { node: "logits" } } };
    await expect(loadTfjsExtractor(wrong)).rejects.toThrow('taps of one: the model has no layer or operation "logits"');
    await expect(loadTfjsExtractor(options(modelJson, new Map()))).rejects.toThrow("shards: expected w.bin");
  });
});
