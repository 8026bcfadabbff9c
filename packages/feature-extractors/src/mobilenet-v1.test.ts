import { existsSync, readFileSync } from "node:fs";
import { expectClose, leakCheck } from "@divgen/tensor-testing";
import { readTfjsWeights, tfjsShardPaths } from "@divgen/weight-files";
import { dispose, mean, type Tensor, type Tensor4D } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectFeatures } from "../test/feature-closeness.ts";
import { seededImages, seededKerasValues } from "../test/seeded-values.ts";
import { useWasmBackend } from "../test/wasm-backend.ts";
import golden from "./golden/mobilenet.json" with { type: "json" };
import { createMobileNetV1, loadTfjsExtractor } from "./index.ts";

useWasmBackend();
leakCheck();

function seededMobileNetWeights() {
  const entries = Object.entries(golden.shapes).map(
    ([name, shape]) => [name, { shape, values: seededKerasValues(name, shape) }] as const,
  );
  return { tensors: new Map(entries), sha256: "" };
}

test("MobileNet V1 equals Keras's", () => {
  const extractor = createMobileNetV1({ weights: seededMobileNetWeights(), size: null });
  const images = seededImages("mobilenet", 2, 64, 64);
  const layers = Object.keys(golden.means);
  const maps = extractor.extract(images, layers) as Tensor4D[];
  layers.forEach((layer, index) => {
    const features = mean(maps[index]!, [1, 2]);
    expectFeatures(features, golden.means[layer as keyof typeof golden.means]);
    features.dispose();
  });
  dispose([images, maps]);
  extractor.dispose();
});

test("blocks beyond the last one wanted may be absent, and no others", () => {
  const weights = seededMobileNetWeights();
  const tensors = new Map([...weights.tensors].filter(([name]) => !/^conv_[dp]w_13/.test(name)));
  expect(() => createMobileNetV1({ weights: { tensors, sha256: "" } })).toThrow(/10 missing: conv_dw_13/);
  createMobileNetV1({ weights: { tensors, sha256: "" }, lastBlock: 12 }).dispose();
  expect(() => createMobileNetV1({ weights, lastBlock: 14 })).toThrow(
    "lastBlock: expected an integer from 1 to 13, got 14",
  );
});

const folder = new URL("../../../../shared/weights/mobilenet-v1-tfjs/", import.meta.url);
describe.skipIf(!existsSync(folder))("the published weights, where they are at hand", () => {
  test("give the features that tfjs's own layers give", async () => {
    const modelJson: unknown = JSON.parse(readFileSync(new URL("model.json", folder), "utf8"));
    const present = tfjsShardPaths(modelJson).filter((path) => existsSync(new URL(path, folder)));
    const shards = new Map(
      present.map((path) => [path, Uint8Array.from(readFileSync(new URL(path, folder)))] as const),
    );
    const { tensors } = readTfjsWeights(modelJson, shards, { missingShards: "leave-out" });
    const ours = createMobileNetV1({ weights: { tensors, sha256: "" }, size: 96, lastBlock: 12 });
    const theirs = await loadTfjsExtractor({
      name: "mobilenet-v1",
      model: { modelJson, shards },
      allowMissingShards: true,
      normalization: { size: 96, channels: null },
      layers: { pooled: { node: "conv_pw_12_relu", reduce: "mean-over-positions" } },
    });
    const images = seededImages("published", 1, 40, 40);
    const [expected] = theirs.extract(images, ["pooled"]) as [Tensor];
    const [received] = ours.extract(images, ["pooled"]) as [Tensor];
    expectClose(received, Array.from(expected.dataSync()), { absolute: 1e-4 });
    dispose([images, expected, received]);
    ours.dispose();
    theirs.dispose();
  });
});
