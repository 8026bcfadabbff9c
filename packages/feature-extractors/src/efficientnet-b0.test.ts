import { leakCheck } from "@divgen/tensor-testing";
import { dispose, mean, type Tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectFeatures } from "../test/feature-closeness.ts";
import { seededImages, seededWeights } from "../test/seeded-values.ts";
import { useWasmBackend } from "../test/wasm-backend.ts";
import golden from "./golden/efficientnet.json" with { type: "json" };
import { createEfficientNetB0 } from "./index.ts";

useWasmBackend();
leakCheck();

test.each(["torchvision", "timm"] as const)("EfficientNet-B0 equals the one of %s", (source) => {
  const extractor = createEfficientNetB0({ weights: seededWeights(golden.b0.shapes[source]), source });
  const images = seededImages("b0", 2, 40, 48);
  const [map, pooled, stage3] = extractor.extract(images, ["spatial-mean", "pooled", "stage3"]) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  expect([map.shape, pooled.shape, stage3.shape]).toEqual([
    [2, 49],
    [2, 1280],
    [2, 28, 28, 40],
  ]);
  expectFeatures(map, golden.b0[source].spatialMean);
  expectFeatures(pooled, golden.b0[source].pooled);
  const stage3Mean = mean(stage3, [1, 2]);
  if (source === "torchvision") expectFeatures(stage3Mean, golden.b0.torchvision.stage3Mean);
  dispose([map, pooled, stage3, stage3Mean, images]);
  extractor.dispose();
});
