import { hyperbolicTangent } from "@divgen/core-tensors";
import {
  directionalDerivative,
  directionalDifference,
  expectClose,
  leakCheck,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import {
  add,
  dispose,
  grads,
  matMul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import stored from "./golden/torch.json" with { type: "json" };
import * as losses from "./index.ts";

interface StoredTensor {
  readonly shape: number[];
  readonly values: number[];
}

interface GoldenCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, StoredTensor>>;
  readonly value: number;
  readonly gradients: Readonly<Record<string, StoredTensor>>;
}

// The type that TypeScript infers of so large a JSON file says less than this one.
const golden: { readonly cases: readonly GoldenCase[] } = stored as never;

useReferenceBackend();
leakCheck();

type Inputs = Readonly<Record<string, Tensor>>;

/** A discriminator on vectors: tanh(x hidden + bias) out. */
const judgeWith =
  ({ hidden, bias, out }: Inputs) =>
  (x: Tensor2D) => [matMul(hyperbolicTangent(add(matMul(x, hidden as Tensor2D), bias!)), out as Tensor2D)];

const pairOf = (x: Inputs) => ({
  imagesWithNoise: x["withNoise"] as Tensor4D,
  imagesWithoutNoise: x["withoutNoise"] as Tensor4D,
  labels: x["labels"] as Tensor4D,
  noise: x["noise"] as Tensor2D,
});
const inversionOf = (x: Inputs, reduction: "sum" | "mean") =>
  losses.inversionDistance(
    x["samples"]!,
    x["targets"]!,
    { features: x["features"]!, targetFeatures: x["targetFeatures"]! },
    { featureWeight: 0.3, reduction },
  );
const modeSeeking = (x: Inputs) => [x["images1"]!, x["images2"]!, x["latents1"]!, x["latents2"]!] as const;
const lists = (x: Inputs) => [[x["a0"]!, x["a1"]!] as const, [x["b0"]!, x["b1"]!] as const] as const;
const realLogits = (x: Inputs) => [x["real0"]!, x["real1"]!];
const fakeLogits = (x: Inputs) => [x["fake0"]!, x["fake1"]!];
const features = (x: Inputs) => x["features"] as Tensor2D;
const centers = (x: Inputs) => x["centers"] as Tensor2D;
const codes = (x: Inputs) => [x["means"]!, x["logVariances"]!] as const;
const INDICES = [5, 0, 3];
const labels = () => tensor1d([2, 0, 4, 1], "int32");

/** The expression that must equal the golden case of its name. */
const expressions: Record<string, (x: Inputs) => Scalar> = {
  "nonSaturatingLoss.generator": (x) => losses.nonSaturatingLoss.generator(fakeLogits(x)),
  "nonSaturatingLoss.discriminator": (x) => losses.nonSaturatingLoss.discriminator(realLogits(x), fakeLogits(x)),
  "leastSquaresLoss.generator": (x) => losses.leastSquaresLoss.generator(fakeLogits(x)),
  "leastSquaresLoss.discriminator": (x) => losses.leastSquaresLoss.discriminator(realLogits(x), fakeLogits(x)),
  "hingeLoss.generator": (x) => losses.hingeLoss.generator(fakeLogits(x)),
  "hingeLoss.discriminator": (x) => losses.hingeLoss.discriminator(realLogits(x), fakeLogits(x)),
  "wassersteinLoss.generator": (x) => losses.wassersteinLoss.generator(fakeLogits(x)),
  "wassersteinLoss.discriminator": (x) => losses.wassersteinLoss.discriminator(realLogits(x), fakeLogits(x)),
  binaryCrossEntropyLoss: (x) => losses.binaryCrossEntropyLoss(fakeLogits(x), 0.3),
  modeSeekingRatio: (x) => losses.modeSeekingRatio(...modeSeeking(x)),
  modeSeekingLoss: (x) => losses.modeSeekingLoss(...modeSeeking(x)),
  "modeSeekingLoss.perSample": (x) => losses.modeSeekingLoss(...modeSeeking(x), { averaging: "per-sample" }),
  featureModeSeekingLoss: (x) => losses.featureModeSeekingLoss(...lists(x), x["latents1"]!, x["latents2"]!),
  clusterCenterLoss: (x) => losses.clusterCenterLoss(features(x), centers(x)),
  "clusterCenterLoss.sum": (x) => losses.clusterCenterLoss(features(x), centers(x), { featureReduction: "sum" }),
  "clusterMahalanobisLoss.inverse": (x) =>
    losses.clusterMahalanobisLoss(features(x), centers(x), { inverseCovariances: x["inverses"] as Tensor3D }, INDICES),
  "clusterMahalanobisLoss.whitening": (x) =>
    losses.clusterMahalanobisLoss(features(x), centers(x), { whiteningFactors: x["factors"] as Tensor3D }, INDICES),
  "gaussianKlLoss.sum": (x) => losses.gaussianKlLoss(...codes(x), "sum"),
  "gaussianKlLoss.mean": (x) => losses.gaussianKlLoss(...codes(x), "mean"),
  "gaussianKlLoss.batch-mean": (x) => losses.gaussianKlLoss(...codes(x), "batch-mean"),
  monteCarloKlLoss: (x) => losses.monteCarloKlLoss(x["latents"]!, ...codes(x), "batch-mean"),
  bernoulliNllLoss: (x) => losses.bernoulliNllLoss(x["logits"]!, x["targets"]!, "batch-mean"),
  "gaussianNllLoss.batch-mean": (x) => losses.gaussianNllLoss(...codes(x), x["targets"]!, "batch-mean"),
  "gaussianNllLoss.mean": (x) => losses.gaussianNllLoss(...codes(x), x["targets"]!, "mean"),
  l1Loss: (x) => losses.l1Loss(x["a0"]!, x["b0"]!),
  l2Loss: (x) => losses.l2Loss(x["a0"]!, x["b0"]!),
  featureMatchingLoss: (x) => losses.featureMatchingLoss(...lists(x)),
  featureMeanMatchingLoss: (x) => losses.featureMeanMatchingLoss(...lists(x)),
  "contentLoss.l1": (x) => losses.contentLoss(...lists(x), [0.5, 2]),
  "contentLoss.l2": (x) => losses.contentLoss(...lists(x), [0.5, 2], { distance: "l2" }),
  segmentDiversityLoss: (x) => losses.segmentDiversityLoss(pairOf(x), [0.3, 0.2, 0.25, 0.3]),
  unboundedSegmentDiversityLoss: (x) => losses.unboundedSegmentDiversityLoss(pairOf(x)),
  unboundedGlobalDiversityLoss: (x) =>
    losses.unboundedGlobalDiversityLoss(
      x["withNoise"] as Tensor4D,
      x["withoutNoise"] as Tensor4D,
      x["noise"] as Tensor1D,
    ),
  bestOfKContentLoss: (x) =>
    losses.bestOfKContentLoss(
      [x["candidates0"], x["candidates1"], x["candidates2"]] as Tensor4D[],
      [x["targets0"], x["targets1"], x["targets2"]] as Tensor4D[],
      x["labels"] as Tensor4D,
      [1, 0.5, 2],
    ),
  r1Penalty: (x) => losses.r1Penalty(judgeWith(x), x["real"] as Tensor2D),
  wganGpPenalty: (x) =>
    losses.wganGpPenalty(judgeWith(x), x["real"] as Tensor2D, x["fake"] as Tensor2D, x["mixing"] as Tensor1D),
  softmaxCrossEntropyLoss: (x) => tidy(() => losses.softmaxCrossEntropyLoss(x["logits"] as Tensor2D, labels())),
  "inversionDistance.sum": (x) => tidy(() => sum(inversionOf(x, "sum")) as Scalar),
  "inversionDistance.mean": (x) => tidy(() => sum(inversionOf(x, "mean")) as Scalar),
  "softmaxCrossEntropyLoss.smoothed": (x) =>
    tidy(() => losses.softmaxCrossEntropyLoss(x["logits"] as Tensor2D, labels(), { smoothing: 0.1 })),
};

/** A fixed direction of entries about 1 in size. */
const directionFor = (size: number) => Float64Array.from({ length: size }, (_, index) => Math.sin(7 * index + 1));

test("every golden case has its expression, and the reverse", () => {
  expect(golden.cases.map(({ name }) => name).sort()).toEqual(Object.keys(expressions).sort());
});

describe.each(golden.cases)("$name", ({ name, inputs: storedInputs, value, gradients: storedGradients }) => {
  const expression = expressions[name]!;
  const wanted = Object.keys(storedGradients);
  const make = (): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(storedInputs).map(([key, { values, shape }]) => [key, tensor(values, shape, "float32")]),
    );
  const gradientsOf = (inputs: Inputs): Tensor[] =>
    grads((...moved: Tensor[]) =>
      expression({ ...inputs, ...Object.fromEntries(wanted.map((key, index) => [key, moved[index]!])) }),
    )(wanted.map((key) => inputs[key]!));

  test("equals PyTorch in value and gradients", () => {
    const inputs = make();
    const received = expression(inputs);
    const gradients = gradientsOf(inputs);
    expect(received.shape).toEqual([]);
    expectClose(received, [value], { relative: 1e-5 });
    gradients.forEach((gradient, index) => {
      expectClose(gradient, storedGradients[wanted[index]!]!.values, { relative: 2e-5, absolute: 2e-6 });
    });
    dispose([inputs, received, gradients]);
  });

  test("gradients equal finite differences", () => {
    const inputs = make();
    const gradients = gradientsOf(inputs);
    // Equal values sit on the kink of |x|, where no difference quotient equals a subgradient: move off it.
    const smooth = name.startsWith("modeSeeking") ? offKink(inputs) : inputs;
    const smoothGradients = name.startsWith("modeSeeking") ? gradientsOf(smooth) : gradients;
    wanted.forEach((key, index) => {
      const x = smooth[key]!;
      const direction = directionFor(x.size);
      const difference = directionalDifference((moved) => expression({ ...smooth, [key]: moved }), x, direction, {
        step: 1e-3,
      });
      const derivative = directionalDerivative(smoothGradients[index]!, direction);
      expect(Math.abs(difference - derivative), key).toBeLessThan(2e-3 + 1e-2 * Math.abs(derivative));
    });
    dispose([inputs, gradients]);
    if (smooth !== inputs) dispose([smooth["images2"]!, smoothGradients]);
  });
});

/** The same inputs, the second images moved away from where they equal the first. */
function offKink(inputs: Inputs): Inputs {
  return { ...inputs, images2: tidy(() => add(inputs["images2"]!, 0.05)) };
}
