import { fromUint8 } from "@divgen/core-tensors";
import { leakCheck } from "@divgen/tensor-testing";
import { dispose, mean, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectFeatures } from "../test/feature-closeness.ts";
import { seededUnits, seededWeights } from "../test/seeded-values.ts";
import { useWasmBackend } from "../test/wasm-backend.ts";
import golden from "./golden/inception.json" with { type: "json" };
import { createInceptionV3, type InceptionV3Options } from "./index.ts";

useWasmBackend();
leakCheck();

const shape = { batch: 1, height: 52, width: 60, channels: 3 };
const images = () =>
  fromUint8(
    Uint8Array.from(seededUnits("inception", 52 * 60 * 3), (u) => Math.floor(256 * u)),
    shape,
  );

test.each<[string, Omit<InceptionV3Options, "weights">, Readonly<Record<string, number[]>>]>([
  ["pytorch-fid's", { variant: "fid", resize: "half-pixel" }, golden.fid.pytorchFid],
  ["torch-fidelity's", { variant: "fid", resize: "tensorflow1" }, golden.fid.torchFidelity],
  ["torchvision's", { variant: "torchvision", resize: "half-pixel" }, { logits: golden.torchvision.logits }],
])("Inception-V3 equals %s, the resize included", (_, options, expected) => {
  const extractor = createInceptionV3({ weights: seededWeights(golden[options.variant].shapes), ...options });
  const batch = images();
  const layers = Object.keys(expected);
  const values = extractor.extract(batch, layers);
  layers.forEach((layer, index) => {
    const value = values[index]!;
    const features: Tensor = tidy(() => (value.rank === 4 ? mean(value as Tensor4D, [1, 2]) : value.clone()));
    expectFeatures(features, expected[layer]!);
    features.dispose();
  });
  expect(extractor.resizeRule).toBe(options.resize === "tensorflow1" ? "tensorflow1-bilinear-299" : "bilinear-299");
  dispose([batch, values]);
  extractor.dispose();
});

test("the two networks do not take each other's weights", () => {
  const weights = seededWeights(golden.torchvision.shapes);
  expect(() => createInceptionV3({ weights, variant: "fid", resize: "half-pixel" })).toThrow(
    /weights do not fit Inception-V3 \(fid\): .*fc.weight \(expected \[1008, 2048\], got \[1000, 2048\]\)/,
  );
});
