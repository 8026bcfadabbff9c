import { asImageBatch, type ImageBatch, ShapeError } from "@divgen/core-tensors";
import type { TrunkHeads } from "@divgen/layers";
import { softmaxCrossEntropyLoss } from "@divgen/losses";
import {
  argMax,
  cast,
  concat,
  equal,
  mean,
  reverse,
  type Scalar,
  tensor1d,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";
import type { SampleBatch } from "./cluster-conditional-objective.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { updateNetwork } from "./update-network.ts";

/** Quarter turns that are told apart. */
export const QUARTER_TURNS = 4;

/**
 * Square images turned counterclockwise by 0, 90, 180 and 270 degrees: all as they are, then all turned once, and so on.
 *
 * @param images - [batch, size, size, channels], borrowed.
 * @returns [4 batch, size, size, channels], owned by the caller.
 * @throws ShapeError if the images are not square.
 */
export function quarterTurns(images: ImageBatch): ImageBatch {
  const [, height, width] = images.shape;
  if (height !== width) throw new ShapeError(`images: expected square ones, got ${height} x ${width}`);
  return tidy(() => {
    const turned = transpose(images, [0, 2, 1, 3]);
    const turns = [images, reverse(turned, 1), reverse(images, [1, 2]), reverse(turned, 2)];
    return asImageBatch(concat(turns as ImageBatch[], 0));
  });
}

/** What is trained, and how. */
export interface RotationOptions {
  /** Head "rotation" of 4 outputs. */
  readonly classifier: TrunkHeads<ImageBatch, "rotation">;
  readonly optimizer: Optimizer;
}

/**
 * The step of RotNet, whose features are learned without labels: each image is seen in its four quarter turns, and the
 * classifier tells which one it sees.
 *
 *   L = mean over images and turns r of CE(C(turn_r(x)), r)
 *
 * Reports "rotation/classification" and "rotation/accuracy".
 *
 * @param options - the network is borrowed; the optimizer is taken over: disposing the objective disposes it.
 * @see Gidaris et al., "Unsupervised representation learning by predicting image rotations", ICLR 2018.
 */
export function createRotationObjective({
  classifier,
  optimizer,
}: RotationOptions): Objective<SampleBatch<ImageBatch>> {
  return {
    state: { networks: { classifier }, optimizers: { classifier: optimizer }, extras: {} },
    step: ({ samples }, { key }) =>
      tidy(() =>
        updateNetwork(classifier, optimizer, () => {
          const batch = samples.shape[0];
          const turns = Int32Array.from({ length: QUARTER_TURNS * batch }, (_, row) => Math.floor(row / batch));
          const labels = tensor1d(turns, "int32");
          const pass = { mode: "training", key: key.split("rotation") } as const;
          const { rotation } = classifier.read(quarterTurns(samples), pass).outputs;
          const total = softmaxCrossEntropyLoss(rotation, labels);
          const accuracy = mean(cast(equal(argMax(rotation, 1), labels), "float32")) as Scalar;
          return { total, report: { "rotation/classification": total, "rotation/accuracy": accuracy } };
        }),
      ),
    dispose: () => optimizer.dispose(),
  };
}
