import { existsSync, readFileSync } from "node:fs";
import { asImageBatch, type FeatureExtractor } from "@divgen/core-tensors";
import { expectClose, leakCheck } from "@divgen/tensor-testing";
import { readWeightFile } from "@divgen/weight-files";
import { dispose, grad, mean, sum, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectFeatures } from "../test/feature-closeness.ts";
import { seededImages, seededValues, seededWeights } from "../test/seeded-values.ts";
import { useWasmBackend } from "../test/wasm-backend.ts";
import golden from "./golden/image-networks.json" with { type: "json" };
import {
  createAlexNet,
  createLpips,
  createSqueezeNet,
  createVgg,
  type LpipsTrunk,
  type NetworkWeights,
  WeightMismatchError,
} from "./index.ts";

useWasmBackend();
leakCheck();

type Shapes = Readonly<Record<string, number[]>>;
type Create = (weights: NetworkWeights) => FeatureExtractor;
const { vgg16, vgg16Average, vgg19, alexnet, squeezenet } = golden.trunks;
const vgg16Of =
  (pooling: "max" | "average"): Create =>
  (weights) =>
    createVgg({ weights, depth: 16, size: null, pooling });
const cases: [string, Create, Shapes, Readonly<Record<string, number[]>>][] = [
  ["VGG16", vgg16Of("max"), vgg16.shapes, vgg16.means],
  ["VGG16 with average pooling", vgg16Of("average"), vgg16.shapes, vgg16Average],
  ["VGG19", (weights) => createVgg({ weights, depth: 19, size: null }), vgg19.shapes, vgg19.means],
  ["AlexNet", (weights) => createAlexNet({ weights, size: null }), alexnet.shapes, alexnet.means],
  ["SqueezeNet 1.1", (weights) => createSqueezeNet({ weights, size: null }), squeezenet.shapes, squeezenet.means],
];

describe.each(cases)("%s", (_, create, shapes, means) => {
  const weights = () => seededWeights(shapes);
  test("equals torchvision's at every layer compared", () => {
    const extractor = create(weights());
    const images = seededImages("trunks", 1, 37, 42);
    const layers = Object.keys(means);
    const maps = extractor.extract(images, layers) as Tensor4D[];
    layers.forEach((layer, index) => {
      const average = mean(maps[index]!, [1, 2]);
      expectFeatures(average, means[layer]!);
      average.dispose();
    });
    dispose([images, maps]);
    extractor.dispose();
  });
});

test("weights that lack a tensor are refused, and nothing of them is kept", () => {
  const tensors = new Map(seededWeights(squeezenet.shapes).tensors);
  tensors.delete("features.3.squeeze.weight");
  expect(() => createSqueezeNet({ weights: { tensors, sha256: "" } })).toThrow(WeightMismatchError);
});

describe.each(["alex", "vgg", "squeeze"] as const)("LPIPS %s", (trunk: LpipsTrunk) => {
  const { shapes, heads, distances, gradientProjections } = golden.lpips[trunk];
  const create = () => {
    const seededHeads = Object.entries(heads).map(
      ([name, shape]) => [name, { shape, values: seededValues(name, shape).map(Math.abs) }] as const,
    );
    const headWeights = { tensors: new Map(seededHeads), sha256: "1".repeat(64) };
    return createLpips({ trunk, trunkWeights: seededWeights(shapes), heads: headWeights });
  };
  test("equals the package lpips, and is zero between equal images", () => {
    const metric = create();
    const [first, second] = [seededImages("lpips-1", 2, 40, 44), seededImages("lpips-2", 2, 40, 44)];
    const received = metric.distances(first, second);
    const same = metric.distances(first, first);
    expectClose(received, distances, { relative: 1e-4 });
    expectClose(same, [0, 0], {});
    dispose([first, second, received, same]);
    metric.dispose();
  });
  test("has the gradient of the package lpips", () => {
    const metric = create();
    const [first, second] = [seededImages("lpips-1", 2, 40, 44), seededImages("lpips-2", 2, 40, 44)];
    const total = (x: Tensor): Tensor => sum(metric.distances(asImageBatch(x as Tensor4D), second));
    const gradient = tidy(() => grad(total)(first));
    const values = Array.from(gradient.dataSync());
    const received = [0.01, 0.3, 1].map((frequency) =>
      values.reduce((result, value, index) => result + value * Math.cos(frequency * index), 0),
    );
    expectClose(received, gradientProjections, { absolute: 1e-3 * Math.max(...gradientProjections.map(Math.abs)) });
    dispose([first, second, gradient]);
    metric.dispose();
  });
});

const headsFolder = new URL("../../../../shared/weights/lpips-heads-v0.1/", import.meta.url);
describe.skipIf(!existsSync(headsFolder))("the published heads, where they are at hand", () => {
  test.each(["alex", "vgg", "squeeze"] as const)("%s fit their trunk", (trunk) => {
    const heads = readWeightFile(readFileSync(new URL(`${trunk}.pth`, headsFolder)));
    const metric = createLpips({ trunk, trunkWeights: seededWeights(golden.lpips[trunk].shapes), heads });
    expect(metric.weightHashes[1]).toBe(heads.sha256);
    metric.dispose();
    expect(() => createLpips({ trunk: trunk === "vgg" ? "alex" : "vgg", trunkWeights: heads, heads })).toThrow(
      "weights do not fit the heads of LPIPS",
    );
  });
});
