import type { FeatureExtractor } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import {
  compressInFeatureSpace,
  type FeatureMap,
  type Points,
  squaredDistanceToTarget,
  standardNormal,
} from "@divgen/sampler-diverse";
import { grad, mul, sum, type Tensor, type Tensor2D, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { DigitGenerator } from "./digit-generator.ts";
import type { Sheet } from "./draw-sheets.ts";

/** A generator followed by a layer of an extractor, as the sampler wants it. */
export function featureMapOf(generator: DigitGenerator, extractor: FeatureExtractor, layer: string): FeatureMap {
  const featuresOf = (latents: Tensor2D): Tensor2D =>
    extractor.extract(generator.generate(latents), [layer])[0] as Tensor2D;
  const tensorOf = ({ values, rows, columns }: Points): Tensor2D =>
    tensor2d(Float32Array.from(values), [rows, columns]);
  const pointsOf = async (found: Tensor): Promise<Points> => {
    const [rows, columns] = found.shape as [number, number];
    const values = (await found.data()) as Float32Array;
    found.dispose();
    return { values, rows, columns };
  };
  return {
    features: (latents) => pointsOf(tidy(() => featuresOf(tensorOf(latents)))),
    vectorJacobianProduct: (latents, cotangents) =>
      pointsOf(
        tidy(() => {
          const weights = tensorOf(cotangents);
          return grad((x: Tensor) => sum(mul(featuresOf(x as Tensor2D), weights)))(tensorOf(latents));
        }),
      ),
  };
}

/** Sheets whose images are spread in feature space: latents moved by back-propagation through the generator. */
export async function drawFeatureSheets(
  key: RandomKey,
  map: FeatureMap,
  { latentSize, together, draws }: { readonly latentSize: number; readonly together: number; readonly draws: number },
  onDraw: (draw: number) => void,
): Promise<Sheet[]> {
  const target = standardNormal(latentSize);
  const sheets: Sheet[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const options = { key: key.fold(draw), bankSize: 300, iterations: 60, learningRate: 0.1 };
    const { latents } = await compressInFeatureSpace(map, target, together, options);
    sheets.push({ latents, squaredDistance: squaredDistanceToTarget({ points: latents }, target) });
    onDraw(draw + 1);
  }
  return sheets;
}
